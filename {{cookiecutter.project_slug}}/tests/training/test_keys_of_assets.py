"""A change gives new keys to what it changes, and to nothing else."""

from __future__ import annotations

import json

import pytest

PIPELINE = "conf/pipeline.yaml"
RIDGE_CODE = "models/ridge/model.py"


def keys_of(compiled):
    """Key of every asset by the name of what it is."""
    assets = compiled.assets
    single = {
        "jobs": assets.jobs.key,
        "tracking": assets.tracking.key,
        "settings": assets.preprocess_settings.key,
        "query": assets.query.key,
    }
    trees = {f"tree of {name}": asset.key for name, asset in assets.model_trees.items()}
    archives = {f"archive of {name}": asset.key for name, asset in assets.model_archives.items()}
    return single | trees | archives


def changed_keys(before, after):
    old, new = keys_of(before), keys_of(after)
    assert [*old] == [*new]
    return {name for name in old if old[name] != new[name]}


def test_a_changed_model_changes_its_own_code_and_nothing_else(example, compiled):
    example.append(RIDGE_CODE, "# one more line\n")
    after = example.compile()
    assert changed_keys(compiled, after) == {"tree of ridge", "archive of ridge"}
    old, new = (json.loads(each.definition)["Steps"] for each in (compiled, after))
    changed = {before["Name"] for before, now in zip(old, new, strict=True) if before != now}
    assert changed == {"TuneRidge", "FitRidge", "EvaluateRidge"}


def test_a_changed_job_changes_the_code_of_all(example, compiled):
    example.append("pipelines/training/jobs/metrics.py", "# more\n")
    assert changed_keys(compiled, example.compile()) == {
        *(
            "jobs",
            "tracking",
            "tree of boost",
            "tree of ridge",
            "archive of boost",
            "archive of ridge",
        )
    }


def test_a_changed_job_that_no_trial_imports_leaves_the_archives_as_they_are(example, compiled):
    example.append("pipelines/training/jobs/select.py", "# more\n")
    changed = {"jobs", "tracking", "tree of boost", "tree of ridge"}
    assert changed_keys(compiled, example.compile()) == changed


def test_another_way_of_logging_changes_the_code_of_track_alone(example, compiled):
    example.append("pipelines/tracking/mlflow_tracker.py", "# more\n")
    assert changed_keys(compiled, example.compile()) == {"tracking"}


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
