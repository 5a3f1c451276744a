from __future__ import annotations

import pytest

from pipelines.training.settings.inputs import Link, parse_link

PIPELINE, RIDGE, BOOST = "conf/pipeline.yaml", "models/ridge/model.yaml", "models/boost/model.yaml"
CLASSES = "process, train, tune, fit, create, transform, evaluate, register"
SOURCES = "Write <model>.<step>.<output>, data.preprocess.train, or s3://<bucket>/<prefix>."
FORMS = "Write [tune, fit, evaluate], or `name: {class: …}` with settings."
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:algorithm/forest"


def in_tune(settings):
    return {"tune": settings, "fit": {}, "evaluate": {}}


def chained(**inputs):
    return in_tune({"inputs": inputs})


# What is wrong: file, field, value, rule, remedy (None: that the field is to be corrected).
FAULTS = {
    "steps that are text": (RIDGE, "steps", "fit", "steps must be a list or a mapping, got 'fit'.",
                            FORMS),
    "no steps": (RIDGE, "steps", [],
                 "steps must have at least 1 item after validation, not 0, got {}.", None),
    "a class that does not exist": (
        RIDGE, "steps", ["tune", "fti"], "steps must be of known classes, got 'fti'.",
        f"Did you mean 'fit'? There are {CLASSES}.",
    ),
    "a class that is a list": (
        RIDGE, "steps", ["tune", ["fit"]], "steps must be of known classes, got ['fit'].",
        f"There are {CLASSES}.",
    ),
    "a class twice in a list": (
        RIDGE, "steps", ["fit", "fit"], "steps lists 'fit' twice.",
        "Give the second one a name: `name: {class: …}`.",
    ),
    "a name without class": (
        RIDGE, "steps", {"learn": {}}, "steps must be of known classes, got 'learn'.",
        f"There are {CLASSES}.",
    ),
    "settings that are a number": (
        RIDGE, "steps", {"fit": 5}, "steps must give 'fit' a mapping of settings, got 5.", FORMS,
    ),
    "a name that cannot name a step": (
        RIDGE, "steps", {"re-fit": "fit"},
        "steps.re-fit must match pattern '^[A-Za-z][A-Za-z0-9_]*$', got 're-fit'.", None,
    ),
    "a name of the project's own steps": (
        RIDGE, "steps", {"select": "fit"},
        "steps must not name a step 'select', as one of the project's own.",
        "Give it another name.",
    ),
    "another step under the name of the registration": (
        RIDGE, "steps", {"tune": {}, "register": "fit", "evaluate": {}},
        "steps must not name a step 'register' that is of class 'fit'.", "Give it another name.",
    ),
    "an input of the whole model that no step takes": (
        RIDGE, "inputs", {"trian": "data.preprocess.train"},
        "inputs.trian must be 'train' or 'test', got 'trian'.", None,
    ),
    "an unknown setting": (
        RIDGE, "steps", in_tune({"instance": "ml.m5.large"}),
        "steps.tune.instance is not a known setting.", "Did you mean 'instance_type'?",
    ),
    "a setting of another class": (
        RIDGE, "steps", in_tune({"strategy": "MultiRecord"}),
        "steps.tune.strategy is not a known setting.",
        "Remove it here: it is a setting of something else.",
    ),
    "a volume that is text": (
        RIDGE, "steps", in_tune({"volume_gb": "30"}),
        "steps.tune.volume_gb must be a valid integer, got '30'.", None,
    ),
    "a volume below the least": (
        RIDGE, "steps", in_tune({"volume_gb": 0}),
        "steps.tune.volume_gb must be greater than or equal to 1, got 0.", None,
    ),
    "an environment variable that is a number": (
        RIDGE, "steps", in_tune({"environment": {"A": 1}}),
        "steps.tune.environment.A must be a valid string, got 1.", None,
    ),
    "a wrong default": (
        PIPELINE, "defaults", {"transform": {"strategy": "Multi"}},
        "defaults.transform.strategy must be 'SingleRecord' or 'MultiRecord', got 'Multi'.", None,
    ),
    "defaults of a class that does not exist": (
        RIDGE, "defaults", {"transfrom": {}},
        "defaults.transfrom is not a known setting.", "Did you mean 'transform'?",
    ),
    "a tune step without a search space": (
        RIDGE, "tuning", None, "steps.tune needs tuning in this file.",
        "Add it, or list steps without tune.",
    ),
    "an evaluation of nothing": (
        RIDGE, "steps", ["evaluate"], "steps.evaluate needs a fit or train step before it.",
        "Add one, or name a model with `inputs: {model: …}`.",
    ),
    "a model that is created before it is fitted": (
        RIDGE, "steps", ["create", "fit"], "steps.create needs a fit or train step before it.",
        "Add one, or name a model with `inputs: {model: …}`.",
    ),
    "a transformation by nothing": (
        RIDGE, "steps", {"fit": {}, "transform": {"inputs": {"data": "data.preprocess.test"}}},
        "steps.transform needs a create step before it.", "Add one: `create`.",
    ),
    "a transformation of nothing": (
        RIDGE, "steps", ["fit", "create", "transform"],
        "steps.transform needs to know what to predict: inputs.data is missing.",
        "Add `inputs: {data: <model>.<step>.<output>}`.",
    ),
    "a second input of a transformation": (
        RIDGE, "steps", {"fit": {}, "create": {}, "transform": {"inputs": {"test": "s3://abc/d"}}},
        "steps.transform takes the one input 'data', got 'test'.", "Call it 'data', or remove it.",
    ),
    "two evaluations": (
        RIDGE, "steps", {"tune": {}, "fit": {}, "evaluate": {}, "again": "evaluate"},
        "steps may have one evaluate step, got ['evaluate', 'again'].",
        "Keep one; a second model folder can have another.",
    ),
    "a step's own reserved hyperparameter": (
        RIDGE, "steps", in_tune({"hyperparameters": {"job_seed": 1}}),
        "steps.tune must not name a hyperparameter 'job_seed': the prefix is reserved.",
        "Rename it in model.yaml and model.py.",
    ),
    "a step's hyperparameter that is tuned": (
        RIDGE, "steps", {"tune": {}, "fit": {"hyperparameters": {"strength": 1}}, "evaluate": {}},
        "steps.fit has 'strength' both under hyperparameters and under tuning.ranges.",
        "Keep one of them.",
    ),
    "an input that the pipeline adds": (
        RIDGE, "steps", chained(code="s3://abc/d"),
        "steps.tune must not have an input 'code': the pipeline adds it.", "Give it another name.",
    ),
    "an input that is no source": (
        RIDGE, "steps", chained(train="preprocess"),
        "steps.tune.inputs.train.source must name a step's output or an address in S3, "
        "got 'preprocess'.", SOURCES,
    ),
    "a prefix that leads out": (
        RIDGE, "steps", chained(train="data.preprocess.train/../test"),
        "steps.tune.inputs.train.source must name a step's output or an address in S3, "
        "got 'data.preprocess.train/../test'.", SOURCES,
    ),
    "an input from nowhere": (
        RIDGE, "steps", chained(train={"mode": "File"}),
        "steps.tune.inputs.train needs either source or files.", SOURCES,
    ),
    "a file that is a prefix": (
        RIDGE, "steps", chained(train=["s3://abc/d/"]),
        "steps.tune.inputs.train.files.0 must be the address of one object in S3, "
        "got 's3://abc/d/'.", "Write s3://<bucket>/<key>; a prefix needs no list of files.",
    ),
    "files of two buckets": (
        RIDGE, "steps", chained(train=["s3://abc/d", "s3://abd/d"]),
        "steps.tune.inputs.train must list files of one bucket: a manifest has one prefix.",
        "Give each bucket an input of its own.",
    ),
    "an input of an unknown model": (
        RIDGE, "steps", chained(train="bost.fit.model"),
        "steps.tune.inputs.train names no model: 'bost' in 'bost.fit.model'.",
        "Did you mean 'boost'? There are data, boost, ridge.",
    ),
    "an input of an unknown step": (
        RIDGE, "steps", chained(train="data.preproces.train"),
        "steps.tune.inputs.train names no step of data: 'preproces' in 'data.preproces.train'.",
        "Did you mean 'preprocess'? There are ingest, preprocess.",
    ),
    "an input of an unknown output": (
        RIDGE, "steps", chained(train="data.preprocess.tests"),
        "steps.tune.inputs.train names no output of data.preprocess: 'tests' in "
        "'data.preprocess.tests'.", "Did you mean 'test'? There are train, test, summary.",
    ),
    "an input that is one of several outputs": (
        RIDGE, "steps", chained(train="data.preprocess"),
        "steps.tune.inputs.train must say which output of data.preprocess, got 'data.preprocess'.",
        "There are train, test, summary.",
    ),
    "an input of a step without output": (
        RIDGE, "steps", chained(train="boost.register"),
        "steps.tune.inputs.train must name a step with an output: boost.register has none.",
        "Use `dependencies` in conf/pipeline.yaml to wait for it.",
    ),
    "a part of an archive": (
        RIDGE, "steps", chained(other="boost.fit.model/part"),
        "steps.tune.inputs.other must not go below boost.fit.model, an archive, "
        "got 'boost.fit.model/part'.", "Take the whole: boost.fit.model.",
    ),
    "a step's own output": (
        RIDGE, "steps", chained(other="ridge.tune.trial"),
        "steps.tune.inputs.other must not be the step's own output, got 'ridge.tune.trial'.",
        "Name another step, or an address in S3.",
    ),
    "a trial in place of a model": (
        RIDGE, "steps", {"tune": {}, "fit": {}, "evaluate": {"inputs": {"model": "boost.tune"}}},
        "steps.evaluate.inputs.model must be the model of a fit or train step, got 'boost.tune'.",
        "Name one, or an address in S3.",
    ),
    "a cycle of inputs": (
        RIDGE, "steps", chained(other="ridge.evaluate"),
        "inputs must not form a cycle, got "
        "ridge.tune → ridge.fit → ridge.evaluate → ridge.tune.",
        "Take out an input that makes one of these arrows.",
    ),
    "an algorithm that is evaluated": (
        RIDGE, "steps", {"train": {"image": {"algorithm": ARN}}, "evaluate": {
            "image": {"algorithm": ARN}}},
        "steps.evaluate must not run in an algorithm resource.",
        "Give it an image; only train can use image.algorithm.",
    ),
    "an algorithm with a program": (
        RIDGE, "steps", {"train": {"image": {"algorithm": ARN}, "entry_point": "model.py"}},
        "steps.train must not have an entry_point beside image.algorithm, got 'model.py'.",
        "Remove one of them.",
    ),
    "a malformed algorithm": (
        RIDGE, "image", {"algorithm": "forest"}, "image.algorithm must match pattern "
        r"'^arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:\d{12}:algorithm/\S+$', got 'forest'.", None,
    ),
    "a fit on two instances": (
        RIDGE, "steps", {"train": {"instance_count": 2}},
        "steps.train fits on one instance, got instance_count 2.",
        "Set it to 1, or write an entry_point that uses more.",
    ),
    "a search on two instances that see half of the rows each": (
        RIDGE, "steps", in_tune({
            "instance_count": 2,
            "inputs": {"train": {
                "source": "data.preprocess.train", "distribution": "ShardedByS3Key",
            }},
        }),
        "steps.tune must give every instance all of inputs.train, got ShardedByS3Key.",
        "Remove distribution: instances share the folds, not the rows.",
    ),
    "a program outside of the folder": (
        RIDGE, "steps", {"process": {"entry_point": "../x.py"}},
        "steps.process.entry_point must be a Python file in the model's folder, got '../x.py'.",
        "Write it like clean.py or steps/clean.py.",
    ),
    "an output twice": (
        RIDGE, "steps", {"process": {"outputs": ["a", "a"]}},
        "steps.process lists the output 'a' twice.", "Keep one of them.",
    ),
    "two earlier models": (
        RIDGE, "steps", {"train": {"model_data": "s3://abc/d", "inputs": {"model": "s3://abc/d"}}},
        "steps.train has the earlier model twice: in model_data and in inputs.model.",
        "Keep one of them.",
    ),
    "dependencies that are text": (
        PIPELINE, "dependencies", "a >> b", "dependencies must be a valid list, got 'a >> b'.",
        None,
    ),
    "a dependency that is no chain": (
        PIPELINE, "dependencies", ["ridge >> boost", "ridge << boost"],
        "dependencies.1 is no chain of steps: '<< boost' in 'ridge << boost' cannot be read.",
        "Write it as `a.fit >> b.fit`, with `[a.fit, b.fit]` for several.",
    ),
    "a dependency of an unknown model": (
        PIPELINE, "dependencies", ["rige >> boost"], "dependencies.0 names no model: 'rige'.",
        "Did you mean 'ridge'? There are data, boost, ridge.",
    ),
    "a dependency of an unknown step": (
        PIPELINE, "dependencies", ["ridge.fot >> boost"],
        "dependencies.0 names no step of ridge: 'ridge.fot'.",
        "Did you mean 'fit'? There are tune, fit, evaluate, register.",
    ),
    "a registration that others wait for": (
        PIPELINE, "dependencies", ["ridge.register >> boost.tune"],
        "dependencies.0 must not name ridge.register: it runs behind the QualityGate.",
        "Take it out: a winner is registered after everything else.",
    ),
    "data that wait": (
        PIPELINE, "dependencies", ["ridge >> data.preprocess"],
        "dependencies.0 must not make data.preprocess wait: the data come first, "
        "got 'ridge >> data.preprocess'.", "Take it out.",
    ),
    "a cycle of dependencies": (
        PIPELINE, "dependencies", ["ridge.fit >> boost.tune", "boost.fit >> ridge.tune"],
        "dependencies must not form a cycle, got ",
        "Take out a line, or an input, that makes one of these arrows.",
    ),
    "a cycle of whole models": (
        PIPELINE, "dependencies", ["ridge >> boost >> ridge"],
        "dependencies must not form a cycle, got ",
        "Take out a line, or an input, that makes one of these arrows.",
    ),
    "a model that is not there": (
        PIPELINE, "models", ["rigde"], "models.0 must name a folder of models/, got 'rigde'.",
        "Did you mean 'ridge'? There are boost, ridge.",
    ),
    "a model twice": (
        PIPELINE, "models", ["ridge", "models/r*"], "models.1 names 'ridge' a second time.",
        "Remove it.",
    ),
    "a pattern that finds nothing": (
        PIPELINE, "models", ["ridge", "../*/nothing"],
        "models.1 finds no model: no folder '../*/nothing' holds a model.yaml.",
        "Correct the path, or check out the repository of the model there.",
    ),
    "an absolute path": (
        PIPELINE, "models", ["/srv/ridge"],
        "models.0 must be a path relative to the project, got '/srv/ridge'.",
        "Write it like ../ridge/model or ../*/model.",
    ),
    "another name than that of the folder": (
        RIDGE, "name", "ridge_2", "name must be that of the folder, got 'ridge_2'.",
        "Remove it; only a model outside of models/ can choose its name.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_wrong_field_is_named_with_its_value_and_a_remedy(example, mistake_of, fault):
    file, field, value, rule, remedy = fault
    example.load()
    example.change(file, field, value, remove=value is None)
    found_rule, found_remedy = mistake_of(example)
    assert found_rule.startswith(f"{file}: {rule}")
    if not rule.endswith("got "):
        assert found_rule == f"{file}: {rule}"
    assert found_remedy == (remedy or f"Correct {rule.split()[0]} in {file}.")


def test_the_path_of_a_cycle_is_shown(example, mistake_of):
    example.change(PIPELINE, "dependencies", ["ridge >> boost >> ridge"])
    rule, _ = mistake_of(example)
    path = rule.partition(", got ")[2].removesuffix(".").split(" → ")
    assert path[0] == path[-1]
    assert {"ridge.tune", "ridge.evaluate", "boost.tune", "boost.evaluate"} <= {*path}


@pytest.mark.parametrize("program", ["learn.py", "parts/learn.py"])
def test_a_missing_program_is_named(example, mistake_of, program):
    example.change(RIDGE, "steps", {"train": {"entry_point": program}})
    rule, remedy = mistake_of(example)
    assert rule == f"models/ridge/{program}: the file is missing."
    assert remedy == "Write it, or correct entry_point in model.yaml."


def test_a_project_without_evaluation_is_refused(example, mistake_of):
    for file in (RIDGE, BOOST):
        example.change(file, "steps", ["fit"])
    rule, remedy = mistake_of(example)
    assert rule == "models/: at least one model needs an evaluate step to be selected."
    assert remedy == "Add `evaluate` to the steps of a model.yaml."


def test_ranking_by_cross_validation_needs_a_search_in_every_ranked_model(example, mistake_of):
    example.change(RIDGE, "steps", ["fit", "evaluate"])
    rule, remedy = mistake_of(example)
    assert rule == f"{PIPELINE}: selection.by: cv needs a tune step in {RIDGE}."
    assert remedy == "Add one before evaluate, or rank by the test rows: `by: test`."
    example.change(PIPELINE, "selection", {"by": "test"})
    example.load()
    example.change(PIPELINE, "selection", {"by": "cv"})
    example.change(RIDGE, "steps", ["fit"])
    example.load()


def test_steps_of_two_models_cannot_have_one_name(example, mistake_of):
    example.change(RIDGE, "title", "XBoost")
    example.change(BOOST, "steps", {"tune": {}, "fit": {}, "evaluate": {}, "fit_x": "fit"})
    rule, remedy = mistake_of(example)
    assert rule == f"{RIDGE}: steps.fit is called FitXBoost, as one of boost."
    assert remedy == "Give it another name, or title."


def test_models_of_two_folders_cannot_have_one_name(example, mistake_of):
    for team in ("a", "b"):
        for file in ("model.yaml", "model.py"):
            text = (example.root / "models/ridge" / file).read_text(encoding="utf-8")
            example.write(f"../{team}/ridge/{file}", text)
    example.change(PIPELINE, "models", ["boost", "../*/ridge"])
    rule, remedy = mistake_of(example)
    assert rule == (
        f"{PIPELINE}: models.1: ../b/ridge/model.yaml and ../a/ridge/model.yaml "
        "must not share the name 'ridge'."
    )
    assert remedy == "Give one of them a `name:` of its own in its model.yaml."


def test_at_most_81_models_are_ranked(example, mistake_of):
    example.change(PIPELINE, "selection", {"by": "test"})
    for number in range(80):
        content = {"title": f"Copy{number}", "image": "project", "steps": ["fit", "evaluate"]}
        example.write(f"models/copy_{number}/model.yaml", content)
        example.write(f"models/copy_{number}/model.py", "")
    rule, _ = mistake_of(example)
    assert rule == "models/: may hold 81 models with an evaluate step, got 82."


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("pca.process", Link("pca", "process")),
        ("pca.process.rows", Link("pca", "process", "rows")),
        ("pca.process.rows/a/b=1", Link("pca", "process", "rows", "/a/b=1")),
        ("pca.process/a.csv/", Link("pca", "process", None, "/a.csv")),
        ("pca", None),
        ("pca.process.rows.more", None),
        ("pca.process//a", None),
        ("pca.process/./a", None),
        ("pca .process", None),
        ("s3://abc/d", None),
    ],
)
def test_a_link_is_model_step_output_and_prefix(text, link):
    assert parse_link(text) == link
    if link:
        assert parse_link(str(link)) == link
