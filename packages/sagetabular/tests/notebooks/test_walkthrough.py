"""The notebook, cell by cell, as plain Python: no kernel is needed to see that it runs."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from unittest.mock import create_autospec

import pytest
import yaml
from projects import TEMPLATE

from sagetabular.lake.add import typed_frame
from sagetabular.lake.sample import make_sample
from sagetabular.lake.store import table_folder, write_table
from sagetabular.project import Project

NOTEBOOK = "notebooks/walkthrough.ipynb"


def with_a_column_of_the_query(conf, root):
    """Let the query make a column, which no file has."""
    query = "SELECT *, total_rooms * 1e0 / households AS rooms_each FROM ${table}"
    (root / "queries/ingest.sql").write_text(query, encoding="utf-8")
    conf["data"]["columns"]["rooms_each"] = "number"
    place = table_folder(Project(root).lake, conf["data"]["database"], conf["data"]["table"])
    write_table(place, typed_frame(make_sample(300), [], "rows"), kind="sample", title="rows")


def with_files_in_s3(conf, root):
    """Read files in place of a table."""
    shutil.rmtree(root / "queries")
    kept = {name: conf["data"][name] for name in ("columns", "target", "drop")}
    conf["data"] = {"source": "s3", "uri": "s3://own-bucket/houses/", **kept}
    place = root / ".pipeline/s3/own-bucket/houses"
    place.mkdir(parents=True)
    make_sample(300).to_csv(place / "rows.csv", index=False)


@pytest.fixture(
    params=[with_a_column_of_the_query, with_files_in_s3], ids=lambda make: make.__name__
)
def walked(request, project_root):
    """A copy of this project with little to do and other data; returns its folder."""
    shutil.copytree(TEMPLATE / "notebooks", project_root / "notebooks")
    file = project_root / "conf/pipeline.yaml"
    conf = yaml.safe_load(file.read_text(encoding="utf-8"))
    conf |= {"tuning": {"trials": 2}, "tracking": "none", "selection": {"minimum_r2": -1.0}}
    conf |= {"models": ["decision_tree"]}
    conf["split"]["folds"] = 2
    request.param(conf, project_root)
    file.write_text(yaml.safe_dump(conf, sort_keys=False), encoding="utf-8")
    return project_root


def cells_of(root):
    notebook = json.loads((root / NOTEBOOK).read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def code_of(root):
    return "\n".join("".join(cell["source"]) for cell in cells_of(root))


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_no_output_is_kept(walked):
    for cell in cells_of(walked):
        assert (cell["outputs"], cell["execution_count"]) == ([], None)


@pytest.mark.slow
def test_it_runs_top_to_bottom_on_this_machine(walked):
    (walked / "walk.py").write_text(code_of(walked).replace("8089", str(free_port())))
    paths = [str(walked), *filter(None, sys.path)]
    ended = subprocess.run(
        [sys.executable, walked / "walk.py"],
        cwd=walked / "notebooks",
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    said = ended.stdout.splitlines()
    assert any(line.startswith("Registered ") for line in said)
    serving = next(number for number, line in enumerate(said) if line.startswith("Serving "))
    predictions = [float(line) for line in said[serving + 1 :] if line]
    assert len(predictions) == 5
    assert all(0 < value < 600_000 for value in predictions)


def test_with_one_cell_changed_its_commands_are_for_aws(walked, monkeypatch, pipeline):
    where, *others = ("".join(cell["source"]) for cell in cells_of(walked))
    assert where.startswith('ON = "local"')
    asked = []

    def run(words, **_):
        asked.append(words[3:])
        return subprocess.CompletedProcess(words, 0, stdout='{"execution": "e1"}')

    monkeypatch.setattr(subprocess, "run", create_autospec(subprocess.run, side_effect=run))
    monkeypatch.chdir(walked / "notebooks")
    exec("\n".join(['ON = "aws"', *others]), {})
    assert asked == [
        ["data", "sample", "--if-empty"],
        ["data", "upload"],
        ["run", "--json", "--wait", "--on", "aws"],
        ["show", "e1", "--on", "aws"],
    ]
    for words in asked:  # with --help a command reads its options, and does nothing
        assert pipeline(*words, "--help").code == 0, words
