"""A change gives new keys to what it changes, and to nothing else."""

from __future__ import annotations

import json
from importlib import metadata

import pytest

from sagetabular.assets import code
from sagetabular.assets.collecting import collect_assets
from sagetabular.assets.trees import make_asset

PIPELINE = "conf/pipeline.yaml"
RIDGE_CODE = "models/ridge/model.py"


def keys_of(compiled):
    """Key of every asset by the name of what it is."""
    assets = compiled.assets
    single = {"settings": assets.preprocess_settings.key, "query": assets.query.key}
    named = {
        "": assets.jobs,
        "own ": assets.own,
        "evaluation of ": assets.evaluations,
        "programs of ": assets.model_programs,
        "archive of ": assets.model_archives,
        "server of ": assets.serving,
    }
    found = {f"{kind}{name}": each.key for kind, of in named.items() for name, each in of.items()}
    return single | found


def changed_keys(before, after):
    old, new = keys_of(before), keys_of(after)
    assert [*old] == [*new]
    return {name for name in old if old[name] != new[name]}


def changed_steps(before, after):
    old, new = (json.loads(each.definition)["Steps"] for each in (before, after))
    return {one["Name"] for one, now in zip(old, new, strict=True) if one != now}


def test_a_changed_model_changes_its_own_code_and_nothing_else(example, compiled):
    example.append(RIDGE_CODE, "# one more line\n")
    after = example.compile()
    own = {f"{what} of ridge" for what in ("archive", "evaluation", "programs")}
    assert changed_keys(compiled, after) == own
    assert changed_steps(compiled, after) == {"TuneRidge", "FitRidge", "EvaluateRidge"}


OF_TRIALS = {"TuneBoost", "TuneRidge", "FitBoost", "FitRidge"}
EVALUATED = {"EvaluateBoost", "EvaluateRidge"}


@pytest.mark.parametrize(
    ("file", "steps"),
    [
        ("jobs/ingestion/athena.py", {"Ingest"}),
        ("jobs/ingest_files.py", set()),  # of `source: s3`
        ("jobs/preprocess.py", {"Preprocess"}),
        ("jobs/rows/splitting.py", {"Preprocess"}),
        ("jobs/trials/gathering.py", OF_TRIALS),
        ("jobs/scoring/scores.py", OF_TRIALS | EVALUATED),
        ("jobs/evaluate.py", EVALUATED),
        ("jobs/select.py", {"Select"}),
        ("jobs/track.py", {"Track"}),
        ("tracking/mlflow_tracker.py", {"Track"}),
        ("jobs/container/classic.py", set()),  # runs in the image alone
    ],
)
def test_a_changed_job_changes_its_own_steps_and_no_other(example, compiled, package, file, steps):
    package.append(file, "# more\n")
    assert changed_steps(compiled, example.compile()) == steps


def test_the_code_of_a_job_that_everybody_imports_changes_all(example, compiled, package):
    package.append("jobs/errors.py", "# more\n")
    jobs = {"Ingest", "Preprocess", "Select", "Track"}
    assert changed_steps(compiled, example.compile()) == jobs | OF_TRIALS | EVALUATED


def test_another_version_of_the_package_changes_no_key(example, compiled, package, monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda name: "99.0.0")
    package.append("report/page.py", "# more\n")
    package.append("settings/data.py", "# more\n")
    after = example.compile()
    assert after.definition == compiled.definition
    assert after.assets.objects() == compiled.assets.objects()


def test_another_query_leaves_the_definition_as_it_is(example, compiled):
    example.write("queries/ingest.sql", "SELECT * FROM ${table} LIMIT 10\n")
    after = example.compile()
    assert after.definition == compiled.definition
    assert changed_keys(compiled, after) == {"query"}
    query = after.assets.query
    assert query.files == {
        "ingest.sql": b"SELECT * FROM ${table} LIMIT 10\n",
        "name.txt": b"queries/ingest.sql",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [("data.drop", []), ("data.columns.rooms", "category"), ("split.kind", "stratified")],
)
def test_what_preprocess_reads_from_the_settings_changes_their_key(example, compiled, field, value):
    example.change(PIPELINE, field, value)
    assert changed_keys(compiled, example.compile()) == {"settings"}


def test_files_that_are_no_code_do_not_travel(example, compiled):
    example.write("models/ridge/README.md", "notes")
    example.write("models/ridge/__pycache__/model.cpython-311.pyc", "compiled")
    example.write("conf/notes.txt", "notes")
    after = example.compile()
    assert after.definition == compiled.definition
    assert after.assets.objects() == compiled.assets.objects()


def contents_of(assets):
    """Key and content of every asset by the name of what it is."""
    named = {
        "jobs": assets.jobs,
        "own": assets.own,
        "evaluations": assets.evaluations,
        "programs": assets.model_programs,
        "archives": assets.model_archives,
        "serving": assets.serving,
    }
    found = {(kind, name): each for kind, of in named.items() for name, each in of.items()}
    found |= {("settings", ""): assets.preprocess_settings, ("query", ""): assets.query}
    return {name: (asset.key, dict(asset.files)) for name, asset in found.items()}


@pytest.mark.slow
def test_a_key_changes_with_each_file_and_only_with_what_travels(example, package):
    example.write("pipelines/training/own_job.py", "print(1)\n")
    settings = example.load()
    before = contents_of(collect_assets(settings))
    sources = [file for name in ("jobs", "serving", "tracking")
               for file in (package.root / name).rglob("*.py")]  # fmt: skip
    sources += [
        *(example.root / "models").rglob("*.py"),
        *(example.root / "pipelines").rglob("*.py"),
    ]
    changed = set()
    for file in sources:
        whole = file.read_bytes()
        file.write_bytes(b"#" + whole if len(whole) % 2 else whole + b"# one more\n")
        code.package_files.cache_clear()
        for name, (key, files) in contents_of(collect_assets(settings)).items():
            assert (key != before[name][0]) == (files != before[name][1]), (file, name)
            changed |= {name} if key != before[name][0] else set()
        file.write_bytes(whole)
    assert {*before} - changed == {("settings", ""), ("query", "")}, "they are made of no program"


def test_a_key_depends_on_every_byte_and_name(compiled):
    for key, files in contents_of(compiled.assets).values():
        kind = key.partition("/")[0]
        keys = [make_asset(kind, files).key]
        for name in [*files][:: len(files) // 2 + 1]:  # of each asset two
            content, rest = files[name], {each: files[each] for each in files if each != name}
            middle = len(content) // 2
            flipped = bytes([content[middle] ^ 1])
            for other in (
                content + b"x",
                b"x" + content,
                content[:-1],
                content[:middle] + flipped + content[middle + 1 :],
            ):
                keys.append(make_asset(kind, {**files, name: other}).key)
            keys += [make_asset(kind, each).key for each in (rest, {**rest, f"{name}x": content})]
        assert len({*keys}) == len(keys) > 6, "no two of them are equal"


def test_content_cannot_move_from_one_file_to_the_next():
    pairs = [{"a": b"xy", "b": b""}, {"a": b"x", "b": b"y"}, {"a": b"", "b": b"xy"}, {"ab": b"xy"}]
    assert len({make_asset("code", files).key for files in pairs}) == len(pairs)
