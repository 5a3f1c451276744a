"""Errors in `steps` of a model.yaml."""

from __future__ import annotations

import pytest

PIPELINE, RIDGE, BOOST = "conf/pipeline.yaml", "models/ridge/model.yaml", "models/boost/model.yaml"
CLASSES = "process, train, tune, fit, create, transform, evaluate, register"
FORMS = "Write [tune, fit, evaluate], or `name: {class: …}` with settings."
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:algorithm/forest"


def in_tune(settings):
    return {"tune": settings, "fit": {}, "evaluate": {}}


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
    "a program outside of the folder": (
        RIDGE, "steps", {"process": {"entry_point": "../x.py"}},
        "steps.process.entry_point must be a Python file in the model's folder, got '../x.py'.",
        "Write it like clean.py or steps/clean.py.",
    ),
    "an output twice": (
        RIDGE, "steps", {"process": {"outputs": ["a", "a"]}},
        "steps.process lists the output 'a' twice.", "Keep one of them.",
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
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_wrong_step_is_named_with_its_value_and_a_remedy(example, refuse, fault):
    refuse(example, *fault)


@pytest.mark.parametrize("program", ["learn.py", "parts/learn.py"])
def test_a_missing_program_is_named(example, mistake_of, program):
    example.change(RIDGE, "steps", {"train": {"entry_point": program}})
    rule, remedy = mistake_of(example)
    assert rule == f"models/ridge/{program}: the file is missing."
    assert remedy == "Write it, or correct entry_point in model.yaml."


def test_steps_of_two_models_cannot_have_one_name(example, mistake_of):
    example.change(RIDGE, "title", "XBoost")
    example.change(BOOST, "steps", {"tune": {}, "fit": {}, "evaluate": {}, "fit_x": "fit"})
    rule, remedy = mistake_of(example)
    assert rule == f"{RIDGE}: steps.fit is called FitXBoost, as one of boost."
    assert remedy == "Give it another name, or title."
