"""A project whose rows can be changed, started again and again."""

from __future__ import annotations

from pathlib import Path

from planting import Silence

from sagelocal import Reuse
from sagetabular.compiling.compilation import compile_pipeline
from sagetabular.lake.add import typed_frame
from sagetabular.lake.sample import make_sample
from sagetabular.lake.store import table_folder, write_table
from sagetabular.local import runs
from sagetabular.project import find_project
from sagetabular.reading.names import DeclaredColumn

MODEL = """
import json
import numpy as np

def numbers(features):
    return features.select_dtypes("number").fillna(0).to_numpy(float)

def fit(features, target, hyperparameters, seed):
    table, penalty = numbers(features), hyperparameters.get("strength", 1)
    squares = table.T @ table + penalty * np.eye(table.shape[1])
    return np.linalg.solve(squares, table.T @ target.to_numpy(float)) * FACTOR

def predict(model, features):
    return numbers(features) @ model

def save(model, folder):
    (folder / "model.json").write_text(json.dumps(model.tolist()), encoding="utf-8")

def load(folder):
    return np.array(json.loads((folder / "model.json").read_text(encoding="utf-8")))
"""


def fill(root: Path, rows: int) -> None:
    table = make_sample(rows)[["total_rooms", "households", "median_house_value"]]
    table.columns = ["rooms", "area", "price"]
    table = table.assign(district="north", sold="2026-01-01")
    data = find_project(root).settings.pipeline.data
    declared = [
        DeclaredColumn(name, column.type, required=not column.optional)
        for name, column in data.columns.items()
    ]
    folder = table_folder(root / ".pipeline/lake", "estate", "sales")
    write_table(folder, typed_frame(table, declared, "rows"), kind="files", title="sales")


def start(root: Path, **reuse: object):
    project = find_project(root)
    compiled = compile_pipeline(project.settings)
    return runs.start(project, compiled, {}, Silence(), Reuse(**reuse))


def ran(record) -> set[str]:
    """The jobs and registrations that were done anew."""
    return {
        name
        for name, step in record.steps.items()
        if step.status == "Succeeded" and not step.cached_from and step.kind != "Condition"
    }
