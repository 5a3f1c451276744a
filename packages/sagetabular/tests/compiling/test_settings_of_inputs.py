"""Inputs of steps: links, files, and errors in them."""

from __future__ import annotations

import pytest

from sagetabular.settings.models.inputs import Link, parse_link

RIDGE = "models/ridge/model.yaml"
SOURCES = "Write <model>.<step>.<output>, data.preprocess.train, or s3://<bucket>/<prefix>."


def chained(**inputs):
    return {"tune": {"inputs": inputs}, "fit": {}, "evaluate": {}}


# What is wrong: file, field, value, rule, remedy (None: that the field is to be corrected).
FAULTS = {
    "an input of the whole model that no step takes": (
        RIDGE, "inputs", {"trian": "data.preprocess.train"},
        "inputs.trian must be 'train' or 'test', got 'trian'.", None,
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
    "two earlier models": (
        RIDGE, "steps", {"train": {"model_data": "s3://abc/d", "inputs": {"model": "s3://abc/d"}}},
        "steps.train has the earlier model twice: in model_data and in inputs.model.",
        "Keep one of them.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_wrong_input_is_named_with_its_value_and_a_remedy(example, refuse, fault):
    refuse(example, *fault)


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
