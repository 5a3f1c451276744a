"""Whatever the files hold, an import ends with two lines and writes nothing, or with a project."""

from __future__ import annotations

import copy
import json
import os

import pytest
import yaml
from configurations import CHURN, COMPONENTS, HYPERPARAMETERS, MANIFEST, PARAMETERS, PRICES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagetabular.errors import UserError
from sagetabular.migration.documents import LARGEST_FILE
from sagetabular.migration.placeholders import Placeholders
from sagetabular.migration.reading import Options, read_plan
from sagetabular.migration.writing import write_plan
from sagetabular.settings import load_project

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + number)}: &{chr(98 + number)} [{', '.join([f'*{chr(97 + number)}'] * 10)}]\n"
    for number in range(9)
)
TEXTS = {
    "an empty file": ("", "must hold"),
    "no mapping": ("- conf\n", "must hold"),
    "no YAML": ("conf: [\n", "not readable as YAML"),
    "no text": (b"\xff\xfe\x00conf", "not readable as YAML"),
    "a key twice": ("conf: {}\nconf: {}\n", "stands twice"),
    "nothing known": ("name: x\n", "is no configuration that can be imported"),
    "many laughs": (f"{LAUGHS}conf: *j\n", "must hold at most"),
    "a list inside itself": ("conf: &a\n  models: *a\n", "an alias stands inside of what it names"),
    "depth": (f"conf: {'[' * 60}{']' * 60}\n", "must have at most"),
    "great depth": (f"conf: {'[' * 20000}\n", "nested too deeply"),
    "a huge number": (f"conf: 0x{'f' * 9000}\n", "is no int, but 9002 signs"),
    "an object of Python": ("conf: !!python/object/apply:os.system [ls]\n", "not readable"),
    "bytes": ("conf: {models: !!binary aGVsbG8=}\n", "must hold text, numbers"),
    "a number for a mapping": ("conf: 7\n", "conf must be a mapping"),
    "no pipeline": ("conf: {models: {}}\n", "none holds conf.sagemakerPipeline"),
    "no models": ("conf: {sagemakerPipeline: {models: {}}}\n", "models"),
    "a surrogate": ('conf: {s3Bucket: "\\ud800"}\n', "not readable|must hold"),
}
JSON_TEXTS = {
    "no JSON": ("{", "not readable as JSON"),
    "a list": ("[]", "must hold one object"),
    "a key twice": ('{"channels": 1, "channels": 2}', "stands twice"),
    "NaN": ('{"channels": NaN}', "no number of JSON"),
    "depth": ('{"channels": ' + "[" * 90000, "nested too deeply"),
    "a long number": ('{"channels": ' + "9" * 5000 + "}", "not readable as JSON|must hold"),
    "half a surrogate": ('{"channels": "\\ud800"}', "must hold text"),
}


def refused(pipeline, example, files_of, *arguments):
    """Import what must be refused; return the rule."""
    before = files_of(example.root)
    rule, _ = pipeline("import", *arguments, "--like", "ridge").mistake
    assert files_of(example.root) == before
    assert not [path for path in example.root.iterdir() if path.name.startswith(".import")]
    return rule


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_yaml_is_refused(pipeline, example, files_of, tmp_path, name):
    text, expected = TEXTS[name]
    file = tmp_path / "conf.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    rule = refused(pipeline, example, files_of, file)
    assert "conf.yaml" in rule
    assert any(part in rule for part in expected.split("|")), rule


@pytest.mark.parametrize("name", JSON_TEXTS)
def test_hostile_json_is_refused(pipeline, example, files_of, tmp_path, name):
    text, expected = JSON_TEXTS[name]
    file = tmp_path / "manifest.json"
    file.write_text(text)
    rule = refused(pipeline, example, files_of, file)
    assert "manifest.json" in rule
    assert any(part in rule for part in expected.split("|")), rule


def test_what_is_no_small_file_is_refused(pipeline, example, files_of, tmp_path):
    large = tmp_path / "large.yaml"
    large.write_text("conf: {}\n" + "#" * LARGEST_FILE)
    assert "must have at most 100,000 bytes" in refused(pipeline, example, files_of, large)
    assert "is not a file" in refused(pipeline, example, files_of, tmp_path)
    assert "cannot be read" in refused(pipeline, example, files_of, tmp_path / "missing.yaml")
    assert "cannot be read" in refused(pipeline, example, files_of, tmp_path / ("x" * 300))
    os.mkfifo(tmp_path / "pipe.yaml")
    assert "is not a file" in refused(pipeline, example, files_of, tmp_path / "pipe.yaml")
    small = tmp_path / "small.yaml"
    small.write_text("conf: {}\n")
    assert "is named twice" in refused(pipeline, example, files_of, small, small)


def changed(text, *changes):
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text


CYCLE = ("- Clean >> Fit >>", "- Score >> Clean\n      - Clean >> Fit >>")
MISTAKES = {
    "an unknown step": (
        ("- Clean >> Fit", "- Clean >> Fitt"),
        "dependencies.0 names no step: 'Fitt'",
    ),
    "an arrow to the left": (("Clean >> Fit >>", "Clean << Fit >>"), "dependencies.0 is no chain"),
    "no arrow": (
        ("- Clean >> Fit >> Create >> Predict >> Score >> Publish", "- Clean"),
        "needs >>",
    ),
    "itself": (
        ("- Clean >> Fit", "- Clean >> Clean >> Fit"),
        "must not make a step wait for itself",
    ),
    "a cycle": (CYCLE, "must not form a cycle, got"),
    "a bare string": (
        ("dependencies:\n      - Clean >>", "dependencies: Clean >>"),
        "dependencies must be a valid list",
    ),
    "an unknown source": (("[Clean, Predict]", "[Cleen, Predict]"), "names no step: 'Cleen'"),
    "a source without output": (("[Clean, Predict]", "[Create]"), "a step with an output"),
    "two sources to predict": (
        (
            "chain_input_source_step: [Clean]\n            chain_input_additional",
            "chain_input_source_step: [Clean, Fit]\n            chain_input_additional",
        ),
        "must predict one output",
    ),
    "an unknown class": (("step_class: Metrics", "step_class: Metric"), "step_class must be"),
    "no block": (("step_type: prepare}", "step_type: prepares}"), "has no settings 'prepares'"),
    "a name twice": (("step_name: Fit,", "step_name: Clean,"), "is that of another step: 'Clean'"),
    "a number for a path": (("entry_point: evaluate.py", "entry_point: []"), "entry_point must be"),
    "a missing program": (
        ("entry_point: evaluate.py", "entry_point: gone.py"),
        "'gone.py' is missing",
    ),
    "a program elsewhere": (("entry_point: evaluate.py", "entry_point: ../x.py"), "is missing"),
    "a missing folder": (("prices/scripts", "prices/script"), "names no folder"),
    "a folder elsewhere": (("prices/scripts", "../prices"), "must be a path below"),
    "a count of none": (
        ("{test: }", "{test: }\n        instance_count: 0"),
        "greater than or equal",
    ),
    "a create step first": (
        ("step_class: Training, chain", "step_class: CreateModel, chain"),
        "needs a fit or train step",
    ),
    "an unknown model": (
        ("      prices:\n        steps", "      price:\n        steps"),
        "names a model that no file describes",
    ),
    "a bucket without files": (
        ("s3://SMP_S3BUCKETNAME/late.data", "late.data"),
        "s3Bucket is missing",
    ),
    "an address that is none": (("s3://SMP_S3BUCKETNAME/late.data", "s3://"), "inputs.late"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_of_a_pipeline_is_refused(pipeline, example, repository, files_of, name):
    change, expected = MISTAKES[name]
    file = repository / "prices/conf/conf.yaml"
    file.write_text(changed(PRICES, change))
    rule = refused(pipeline, example, files_of, repository / "components/conf/conf.yaml", file)
    assert expected in rule, rule
    assert "conf.yaml" in rule


def test_files_that_contradict_each_other_are_refused(pipeline, example, repository, files_of):
    churn, prices = (repository / f"{name}/conf/conf.yaml" for name in ("churn", "prices"))
    assert "sagemakerPipeline stands in" in refused(pipeline, example, files_of, churn, prices)
    copy_of = repository / "again.yaml"
    copy_of.write_text(COMPONENTS)
    components = repository / "components/conf/conf.yaml"
    rule = refused(pipeline, example, files_of, components, copy_of, prices)
    assert "models.pca_model stands in" in rule
    manifest = repository / "tuner/manifest.json"
    assert "are of two frameworks" in refused(pipeline, example, files_of, churn, manifest)


DOCUMENTS = {
    "churn/conf/conf.yaml": yaml.safe_load(CHURN),
    "components/conf/conf.yaml": yaml.safe_load(COMPONENTS),
    "prices/conf/conf.yaml": yaml.safe_load(PRICES),
    "tuner/ml-parameters.json": PARAMETERS,
    "tuner/hyperparameters.json": HYPERPARAMETERS,
    "tuner/manifest.json": MANIFEST,
}
IMPORTS = [[*DOCUMENTS][:1], [*DOCUMENTS][1:3], [*DOCUMENTS][3:]]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["Clean", "train", "s3://x", "SMP_NONE", "../x.py", "1e999", "a >> b", "\0"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip


def places(document):
    """Every mapping and list in a document, with its keys."""
    keys = [*document] if isinstance(document, dict) else [*range(len(document))]
    for key in keys:
        yield document, key
        if isinstance(document[key], dict | list):
            yield from places(document[key])


def mutate(data, document):
    if not document:
        return
    place, key = data.draw(st.sampled_from([*places(document)]))
    what = data.draw(st.sampled_from(["replace", "rename", "remove", "repeat"]))
    if what == "remove":
        del place[key]
    elif what == "rename" and isinstance(place, dict):
        place[data.draw(st.text(max_size=8) | st.sampled_from(["conf", "channels"]))] = place.pop(
            key
        )
    elif what == "repeat" and isinstance(place, list):
        place.append(copy.deepcopy(place[key]))
    else:
        place[key] = data.draw(VALUES)


@pytest.mark.slow
@settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_mutated_configuration_is_imported_or_refused_in_two_lines(
    example, repository, files_of, data
):
    names = data.draw(st.sampled_from(IMPORTS))
    documents = {name: copy.deepcopy(DOCUMENTS[name]) for name in names}
    for _ in range(data.draw(st.integers(1, 2))):
        mutate(data, documents[data.draw(st.sampled_from(names))])
    for name, document in documents.items():
        text = json.dumps(document) if name.endswith(".json") else yaml.dump(document)
        (repository / name).write_text(text, encoding="utf-8", errors="surrogatepass")
    before = files_of(example.root)
    positive = data.draw(st.sampled_from([None, "1"])) if "tuner" in names[0] else None
    project = load_project(example.root).pipeline
    options = Options(Placeholders({}, os.environ), None, "ridge", project, positive)
    try:
        plan = read_plan([repository / name for name in names], options)
        written = write_plan(example.root, plan, "conf.yaml", dry_run=True)
    except UserError as error:
        assert len(str(error).splitlines()) == 2, str(error)
    else:
        assert any(entry.file.endswith("model.yaml") for entry in written)
        assert all(remark.isprintable() for remark in plan.remarks)
    assert files_of(example.root) == before
    load_project(example.root)
