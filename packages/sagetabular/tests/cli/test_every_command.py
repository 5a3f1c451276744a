"""Every command in every state of a project: no traceback, two lines at most, exit code 0 or 2."""

from __future__ import annotations

import io
import sys

import pytest
import typer
from command_names import names

from sagetabular.cli import app

# What each is asked in these tests; a command that is not here fails `test_none_is_left_out`.
ASKED = {
    "init": ["nothing.csv", "--target", "price"],
    "compile": ["-o", "definition.json"],
    "graph": [],
    "import": ["nothing.yaml"],
    "run": [],
    "upsert": [],
    "stop": ["abc"],
    "resume": [],
    "doctor": [],
    "eject": ["preprocess"],
    "vendor": [],
    "executions": [],
    "show": [],
    "logs": [],
    "clean": ["--keep", "1"],
    "report": [],
    "compare": [],
    "mlflow": [],
    "serve": [],
    "predict": ["nothing.csv"],
    "invoke": ["nothing.csv"],
    "model list": [],
    "model add": ["other"],
    "model check": ["nothing"],
    "registry list": [],
    "registry show": ["9"],
    "registry approve": ["9"],
    "registry reject": ["9"],
    "data sample": ["--rows", "20"],
    "data add": ["nothing.csv"],
    "data fetch": [],
    "data show": [],
    "data upload": [],
    "data export": ["-o", "part-0.csv"],
    "data crawl": ["s3://bucket/folder"],
    "image build": [],
    "image push": [],
    "infra render": ["-o", "rendered"],
    **{key: [] for key in ["infra validate", "infra diff", "infra outputs"]},
    **{key: ["--yes"] for key in ["infra deploy", "infra destroy"]},
}
# What needs no network, no engine and no second of work in a project that is in order.
QUICK = {
    *(
        "init",
        "import",
        "run",
        "resume",
        "executions",
        "show",
        "logs",
        "clean",
        "report",
        "compare",
    ),
    *("mlflow", "serve", "predict", "model list", "model add", "model check", "registry list"),
    *("registry show", "registry approve", "registry reject", "data sample", "data add"),
    *("data show", "data export"),
    *("infra render", "infra validate", "infra diff", "infra deploy", "infra destroy"),
    "infra outputs",
}
DAMAGES = {
    "no YAML": ("conf/pipeline.yaml", "split: ]"),
    "no mapping": ("conf/pipeline.yaml", "- a\n"),
    "an unknown key": ("conf/pipeline.yaml", "nmae: x\n"),
    "not UTF-8": ("conf/aws.yaml", "\udcff"),
    "a model without a title": ("models/ridge/model.yaml", "image: project\n"),
}
IDENTIFIERS = ["nothing", "2026", "../../etc", "*", "-1x", "", "\u202e", "a" * 5000]


@pytest.fixture(autouse=True)
def _nobody(monkeypatch):
    """Nobody sits at a terminal, and no service of AWS is near."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "nowhere")
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)


def check(ended) -> None:
    """Two lines on a mistake, and nothing half-said before them."""
    assert ended.code in (0, 2), ended
    if ended.code == 2 and "to fix" not in ended.out:  # doctor lists what it finds
        rule, remedy = ended.mistake
        assert rule and remedy


def test_none_is_left_out():
    assert {*names(typer.main.get_command(app))} == ASKED.keys()


@pytest.mark.parametrize("command", ASKED)
def test_outside_of_a_project(pipeline, tmp_path, command):
    (tmp_path / "empty").mkdir()
    ended = pipeline(*command.split(), *ASKED[command], folder=tmp_path / "empty")
    check(ended)
    assert ended.code == 2
    assert [*(tmp_path / "empty").iterdir()] == []


@pytest.mark.parametrize("command", ASKED)
def test_an_option_that_there_is_not(pipeline, command):
    rule, remedy = pipeline(*command.split(), *ASKED[command], "--no-such-option").mistake
    assert rule.startswith(f"pipeline {command}: No such option: --no-such-option")
    assert remedy == f"See `pipeline {command} --help`."


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("command", sorted({*ASKED} - {"import", "vendor", "eject"}))
def test_a_damaged_file_of_the_project(pipeline, example, command, damage):
    file, text = DAMAGES[damage]
    (example.root / file).write_bytes(text.encode(errors="surrogateescape"))
    check(pipeline(*command.split(), *ASKED[command]))


@pytest.mark.parametrize("command", sorted(QUICK))
def test_before_anything_has_run(pipeline, example, command):
    check(pipeline(*command.split(), *ASKED[command]))


@pytest.mark.parametrize("identifier", IDENTIFIERS, ids=range(len(IDENTIFIERS)))
@pytest.mark.parametrize("command", ["show", "logs", "report", "resume", "compare"])
def test_an_execution_that_there_is_not(pipeline, command, identifier):
    ended = pipeline(command, "--", identifier)
    check(ended)
    assert ended.code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["shw"],
        ["data", "fatch"],
        ["data", "add"],
        ["clean"],
        ["clean", "--keep"],
        ["clean", "--keep", "x"],
        ["clean", "--keep", "-1"],
        ["show", "a", "b", "c"],
        ["run", "--on", "azure"],
        ["--versio"],
        ["registry", "show", "x"],
        ["data", "show", "--rows", "21"],
    ],
    ids=" ".join,
)
def test_words_that_no_command_takes(pipeline, words):
    rule, remedy = pipeline(*words).mistake
    assert rule.startswith("pipeline")
    assert remedy.startswith("See `pipeline") and remedy.endswith(" --help`.")


@pytest.mark.parametrize("group", ["data", "model", "registry", "image", "infra"])
def test_a_group_alone_explains_itself(pipeline, group):
    ended = pipeline(group)
    assert (ended.code, ended.err) == (2, "")
    assert f"Usage: pipeline {group}" in ended.out
