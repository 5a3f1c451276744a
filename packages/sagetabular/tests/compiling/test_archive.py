from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from projects import MODEL_CODE

import sagetabular


def archive_of(compiled, model):
    return compiled.assets.model_archives[model].files["sourcedir.tar.gz"]


def test_the_archive_is_what_script_mode_unpacks(compiled):
    content = archive_of(compiled, "ridge")
    assert content[4:8] == bytes(4), "gzip's own time stamp"
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = archive.getmembers()
        for member in members:
            ast.parse(archive.extractfile(member).read(), member.name)
    names = [member.name for member in members]
    assert {"setup.py", "tune.py", "fit.py", "models/ridge/model.py"} <= {*names}
    assert "models/boost/model.py" not in names
    assert names == sorted(names)
    assert not [name for name in names if name.startswith("/") or ".." in name.split("/")]
    assert {(each.mtime, each.uid, each.gid, each.uname, each.mode) for each in members} == {
        (0, 0, 0, "", 0o644)
    }


def unpacked(compiled, model):
    with tarfile.open(fileobj=io.BytesIO(archive_of(compiled, model))) as archive:
        return {name: archive.extractfile(name).read() for name in archive.getnames()}


def test_the_archive_holds_of_the_model_and_the_jobs_what_its_programs_import(compiled):
    packed = unpacked(compiled, "ridge")
    for program in ("setup.py", "tune.py", "fit.py"):
        del packed[program]
    code = Path(sagetabular.__file__).parents[1]
    assert packed.pop("models/ridge/model.py") == MODEL_CODE.encode()
    assert packed == {name: (code / name).read_bytes() for name in packed}
    jobs = "sagetabular/jobs"
    needed = ("tune", "fit", "tables", "scoring/scores")
    assert {f"{jobs}/{name}.py" for name in needed} < {*packed}
    assert not {f"{jobs}/{name}.py" for name in ("ingest", "select", "preprocess")} & {*packed}


@pytest.fixture
def container(tmp_path, compiled):
    """Return the folder of a training job of the ridge model: code, configuration, data."""
    base = tmp_path / "opt-ml"
    (base / "input/config").mkdir(parents=True)
    (base / "input/data/train").mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(archive_of(compiled, "ridge"))) as archive:
        archive.extractall(base / "code", filter="data")
    random = np.random.default_rng(5)
    table = pd.DataFrame(random.normal(size=(60, 3)), columns=["rooms", "garden", "noise"])
    table["price"] = 3 * table["rooms"] - table["garden"] + random.normal(size=60)
    table["_fold"] = np.arange(60) % 3
    table.to_parquet(base / "input/data/train/rows.parquet")
    return base


def run_program(container, definition, name):
    """Run a program of the archive as a container would: with its own code and no other of ours."""
    (tune,) = [step for step in definition["Steps"] if step["Name"] == "TuneRidge"]
    told = tune["Arguments"]["TrainingJobDefinition"]["StaticHyperParameters"]
    told = {key: "23" if key == "job_seed" else value for key, value in told.items()}
    file = container / "input/config/hyperparameters.json"
    file.write_text(json.dumps(told | {"strength": "0.5"}), encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "SAGEMAKER_BASE_DIR": str(container)}
    return subprocess.run(
        [sys.executable, name],
        cwd=container / "code",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def ridge_weights(table):
    """Closed form of ridge regression, by least squares on rows that stand for the penalty."""
    columns = ["rooms", "garden", "noise"]
    rows = np.vstack([table[columns].to_numpy(), np.sqrt(0.5) * np.eye(3)])
    goal = np.concatenate([table["price"].to_numpy(), np.zeros(3)])
    return np.linalg.lstsq(rows, goal, rcond=None)[0]


@pytest.mark.slow
def test_tune_of_the_archive_scores_every_fold(container, definition):
    result = run_program(container, definition, "tune.py")
    assert result.returncode == 0, result.stderr
    report = json.loads((container / "model/cv.json").read_text(encoding="utf-8"))
    table = pd.read_parquet(container / "input/data/train")
    expected = []
    for fold in range(3):
        weights = ridge_weights(table[table["_fold"] != fold])
        held_out = table[table["_fold"] == fold]
        errors = held_out["price"] - held_out[["rooms", "garden", "noise"]].to_numpy() @ weights
        expected.append(1 - errors.pow(2).sum() / (held_out["price"].var(ddof=0) * len(held_out)))
    assert [fold["r2"] for fold in report["folds"]] == pytest.approx(expected)
    assert report["r2"] == pytest.approx(np.mean(expected))
    assert report["hyperparameters"] == {"centred": True, "strength": 0.5}
    assert f"cv:r2={report['r2']!r};" in result.stdout


def test_fit_of_the_archive_saves_the_model_of_all_rows(container, definition):
    result = run_program(container, definition, "fit.py")
    assert result.returncode == 0, result.stderr
    weights = json.loads((container / "model/model.json").read_text(encoding="utf-8"))
    table = pd.read_parquet(container / "input/data/train")
    assert weights == pytest.approx(ridge_weights(table))
