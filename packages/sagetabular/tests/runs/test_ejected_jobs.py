"""An ejected job runs: as it is with the same numbers, and changed with its change."""

from __future__ import annotations

import json

import pytest
from planting import Run
from repeating import MODEL

from sagelocal import LocalSageMaker
from sagetabular.testing import run_small

pytestmark = pytest.mark.slow

GRAPH = "pipelines/training/pipeline.py"
COPY = "pipelines/training/preprocess.py"


@pytest.fixture
def project(example):
    """A small project, of two models that take any table."""
    example.change("conf/pipeline.yaml", "split.folds", 2)
    for name, factor in (("ridge", "1"), ("boost", "0.9")):
        example.write(f"models/{name}/model.py", MODEL.replace("FACTOR", factor))
    return example


def summary_of(run) -> dict[str, object]:
    (record,) = LocalSageMaker(run.root / ".pipeline").executions()
    folder = Run(run.root, record, None).output("Preprocess", "summary")
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def log_of(run) -> str:
    (record,) = LocalSageMaker(run.root / ".pipeline").executions()
    return "".join(file.read_text(encoding="utf-8") for file in record.log_files("Preprocess"))


def test_a_copy_gives_the_same_numbers_and_a_changed_one_its_own(project, pipeline, tmp_path):
    plain = run_small(project.root, tmp_path / "plain", trials=1)
    assert (plain.status, plain.reason) == ("Succeeded", "")

    told = pipeline("eject", "preprocess").out
    line = next(each for each in told.splitlines() if each.startswith("    "))
    graph = (project.root / GRAPH).read_text(encoding="utf-8").splitlines()
    number = int(told.partition("as soon as line ")[2].split()[0])
    graph[number - 1] = line
    project.write(GRAPH, "\n".join(graph) + "\n")
    copied = run_small(project.root, tmp_path / "copied", trials=1)
    assert (copied.status, copied.reason) == ("Succeeded", "")
    assert (copied.r2, copied.winner) == (plain.r2, plain.winner)
    assert summary_of(copied) == summary_of(plain)

    text = (project.root / COPY).read_text(encoding="utf-8")
    kept = "    training, test = _split(rows,"
    assert kept in text
    own = '    rows = rows.iloc[::2]\n    print("every second row", len(rows))\n'
    project.write(COPY, text.replace(kept, own + kept))
    changed = run_small(project.root, tmp_path / "changed", trials=1)
    assert (changed.status, changed.reason) == ("Succeeded", "")
    assert changed.model_package
    assert changed.r2 != plain.r2
    assert "every second row 200" in log_of(changed)
    assert "every second row" not in log_of(copied)
