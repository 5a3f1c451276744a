"""`pipeline eject JOB`: a copy that runs as it is, and the line to change."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest
from definitions import steps_of
from projects import TEMPLATE

from sagetabular.project import ejection, versions

GRAPH = "pipelines/training/pipeline.py"
ORIGINALS = TEMPLATE.parent / "packages/sagetabular/src/sagetabular/jobs"
# Job → the line that the template's graph needs for it.
LINES = {
    "ingest": 'data = ingest(build, program="ingest")',
    "preprocess": 'rows = preprocess(build, data, program="preprocess")',
    "evaluate": 'trained = models(build, data, rows, evaluate="evaluate")',
    "select": 'winner = select(build, evaluated, collected, program="select")',
    "track": 'tracked = track(build, rows, trained.searches(), winner, program="track")',
}
# Steps of the small project that a job is the program of.
STEPS = {
    "ingest": {"Ingest"},
    "preprocess": {"Preprocess"},
    "evaluate": {"EvaluateBoost", "EvaluateRidge"},
    "select": {"Select"},
    "track": {"Track"},
}
every_job = pytest.mark.parametrize("job", LINES)


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """Let the installed package be of version 1.7.0."""
    monkeypatch.setattr(versions.metadata, "version", lambda _name: "1.7.0")


def programs(definition) -> dict[str, str]:
    """Step → the module that its container runs."""
    specifications = {
        name: step["Arguments"].get("AppSpecification")
        for name, step in steps_of(definition).items()
    }
    return {name: one["ContainerEntrypoint"][-1] for name, one in specifications.items() if one}


def indented(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


@every_job
def test_it_copies_the_job_with_its_version_and_hash(pipeline, example, job):
    ended = pipeline("eject", job)
    assert (ended.code, ended.err) == (0, "")
    original = (ORIGINALS / f"{job}.py").read_bytes()
    lines = (example.root / f"pipelines/training/{job}.py").read_text().splitlines()
    assert lines[:2] == [
        f"# Ejected: the job {job} of sagetabular 1.7.0. This copy is yours to change.",
        f"# SHA-256 of the original: {hashlib.sha256(original).hexdigest()}",
    ]
    code = [line for line in original.decode().splitlines() if line]
    assert [line for line in lines[2:] if line] == code


@every_job
def test_it_names_the_line_of_the_graph_and_that_line_replaces_the_job(pipeline, example, job):
    before = programs(example.definition())
    graph = (example.root / GRAPH).read_text(encoding="utf-8").splitlines()
    ended = pipeline("eject", job)
    (new,) = indented(ended.out)
    assert new == LINES[job]
    number = next(at for at, line in enumerate(graph, 1) if line.strip().startswith(new[:12]))
    assert f"line {number} of {GRAPH} is:" in ended.out
    graph[number - 1] = f"    {new}"
    assert programs(example.definition()) == before, "the copy alone changes nothing"
    example.write(GRAPH, "\n".join(graph) + "\n")
    after = programs(example.definition())
    changed = {name for name in after if after[name] != before[name]}
    assert changed == STEPS[job]
    assert {after[name] for name in changed} == {f"pipelines.training.{job}"}


def test_files_in_s3_have_a_job_of_their_own(pipeline, example):
    example.change("conf/pipeline.yaml", "data.source", "s3")
    for field in ("database", "table"):
        example.change("conf/pipeline.yaml", f"data.{field}", remove=True)
    example.change("conf/pipeline.yaml", "data.uri", "s3://bucket/rows")
    ended = pipeline("eject", "ingest_files")
    assert indented(ended.out) == ['data = ingest(build, program="ingest_files")']
    rule, remedy = pipeline("eject", "ingest").mistake
    assert rule == "JOB must be the one that reads source: s3, got 'ingest'."
    assert remedy == "Write `pipeline eject ingest_files`."


# How a team may have written its line → what it is told.
OWN_LINES = {
    "under another name": (
        ("    preprocess,\n", "    preprocess as clean,\n"),
        ("preprocess(build, data)", "clean(build, data)"),
        ['rows = clean(build, data, program="preprocess")'],
    ),
    "over several lines": (
        ("preprocess(build, data)", "preprocess(\n        build,\n        data,  # all\n    )"),
        ["rows = preprocess(", "build,", 'data, program="preprocess",  # all', ")"],
    ),
    "with another program": (
        ("preprocess(build, data)", "preprocess(build, data, program='other')"),
        ['rows = preprocess(build, data, program="preprocess")'],
    ),
    "with letters beyond ASCII": (
        ("rows = preprocess(build, data)", "ä = rows = preprocess(build, *['ö'][:0], data)"),
        ["ä = rows = preprocess(build, *['ö'][:0], data, program=\"preprocess\")"],
    ),
}


@pytest.mark.parametrize("name", OWN_LINES)
def test_it_shows_the_users_own_line(pipeline, example, name):
    *replacements, expected = OWN_LINES[name]
    text = (example.root / GRAPH).read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    example.write(GRAPH, text)
    assert indented(pipeline("eject", "preprocess").out) == expected


# A graph in which the line cannot be found.
OTHERS = {
    "a graph that is no Python": "def get_pipeline(:\n",
    "a graph without the step": "def get_pipeline(root):\n    return None\n",
    "two such steps": "from sagetabular.pipeline import preprocess\npreprocess(1)\npreprocess(2)\n",
    "no argument to follow": "from sagetabular.pipeline import preprocess\npreprocess()\n",
    "a bracket of its own": "from sagetabular.pipeline import preprocess\npreprocess(a, (b))\n",
    "another function of that name": "from own import preprocess\npreprocess(1)\n",
    "no graph": None,
}


@pytest.mark.parametrize("name", OTHERS)
def test_else_it_shows_the_form(pipeline, example, name):
    if OTHERS[name] is None:
        (example.root / GRAPH).unlink()
    else:
        example.write(GRAPH, OTHERS[name])
    ended = pipeline("eject", "preprocess")
    assert ended.code == 0
    assert f"as soon as {GRAPH} names it, in a line like this:" in ended.out
    assert indented(ended.out) == [LINES["preprocess"]]


def test_a_graph_that_names_the_program_already_needs_no_change(pipeline, example):
    text = (example.root / GRAPH).read_text(encoding="utf-8")
    text = text.replace("preprocess(build, data)", 'preprocess(build, data, program="preprocess")')
    example.write(GRAPH, text)
    assert f"{GRAPH}, line 31, names it already:" in pipeline("eject", "preprocess").out


OF_MODELS = (
    "JOB must be a job of a step in pipelines/training/pipeline.py, got {!r}, which models bring."
)
MISTAKES = {
    "preproces": "Did you mean 'preprocess'? There are ingest, ingest_files, preprocess, evaluate,"
    " select, track.",
    "../errors": "There are ingest, ingest_files, preprocess, evaluate, select, track.",
    "collect": "Did you mean 'select'? There are ingest, ingest_files, preprocess, evaluate,"
    " select, track.",
}


@pytest.mark.parametrize("job", MISTAKES)
def test_another_word_is_no_job(pipeline, example, job):
    before = sorted(example.root.rglob("*.py"))
    assert pipeline("eject", job).mistake == [
        f"JOB must be a job that pipelines/training/pipeline.py can replace, got {job!r}.",
        MISTAKES[job],
    ]
    assert sorted(example.root.rglob("*.py")) == before


@pytest.mark.parametrize("job", ["tune", "fit", "train"])
def test_what_trains_belongs_to_a_model(pipeline, job):
    rule, remedy = pipeline("eject", job).mistake
    assert rule == OF_MODELS.format(job)
    expected = "Give the model a step of kind `train` with an `entry_point` of its own instead."
    assert remedy == expected


def test_with_data_wrangler_nothing_of_ours_reads_rows(pipeline, example):
    example.change("conf/pipeline.yaml", "data.source", "data_wrangler")
    example.change("conf/pipeline.yaml", "data.columns.garden", "number")
    assert pipeline("eject", "ingest").mistake == [
        "JOB must be a job of ours, got 'ingest': with source: data_wrangler AWS's container runs.",
        "Change the flow, or choose another source in conf/pipeline.yaml.",
    ]


@pytest.mark.parametrize("taken", ["select.py", "select"])
def test_what_is_there_stays(pipeline, example, taken):
    path = example.root / "pipelines/training" / taken
    if path.suffix:
        path.write_text("mine")
    else:
        path.mkdir()
    assert pipeline("eject", "select").mistake == [
        f"pipelines/training/{taken} must be new, but it exists.",
        "Rename or remove it, then eject the job again.",
    ]
    assert not path.suffix or path.read_text() == "mine"


def test_it_needs_the_folder_of_the_graph(pipeline, example):
    (example.root / "pipelines").rename(example.root / "elsewhere")
    assert pipeline("eject", "select").mistake == [
        "pipelines/training/ must be the folder of the project's own programs, got no such folder.",
        "Restore it from git, or from a newly generated project.",
    ]


@pytest.mark.parametrize(("words", "got"), [([], "neither"), (["select", "--all"], "both")])
def test_either_a_job_or_all_is_ejected(pipeline, words, got):
    rule, _remedy = pipeline("eject", *words).mistake
    assert rule == f"Either JOB or --all must be given, got {got}."


@every_job
def test_the_copy_keeps_the_projects_rules_of_style_and_types(pipeline, example, job):
    pipeline("eject", job)
    example.write("pyproject.toml", (TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))
    file = f"pipelines/training/{job}.py"
    for words in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        ended = subprocess.run(
            [sys.executable, "-m", "ruff", *words, file],
            cwd=example.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout


@pytest.fixture
def findings(pipeline):
    """What the doctor says of ejected jobs, and whether it is well."""

    def ask():
        found = json.loads(pipeline("doctor", "--json").out)["findings"]
        return [(one["state"], one["text"]) for one in found if one["subject"] == "ejected"]

    return ask


def test_the_doctor_says_when_the_original_has_changed_since(
    pipeline, example, findings, monkeypatch, tmp_path
):
    assert findings() == []
    pipeline("eject", "select")
    example.append("pipelines/training/select.py", "\n# ours\n")
    well = "pipelines/training/select.py is a copy of select, which is as it was in 1.7.0"
    assert findings() == [("ok", well)]
    (tmp_path / "jobs").mkdir()
    changed = (ORIGINALS / "select.py").read_text(encoding="utf-8") + "# newer\n"
    (tmp_path / "jobs/select.py").write_text(changed, encoding="utf-8")
    monkeypatch.setattr(ejection, "PACKAGE", tmp_path)
    text = "pipelines/training/select.py is a copy of select, which has changed since 1.7.0."
    assert findings() == [("to fix", text)]
