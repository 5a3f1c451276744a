"""Models for tests, written into a project as folders of `models/`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

# scikit-learn regressors: title, import, constructor, search space.
REGRESSORS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "ridge": (
        "Ridge", "from sklearn.linear_model import Ridge as Regressor",
        "Regressor(**hyperparameters)",
        {"alpha": {"type": "continuous", "min": 0.001, "max": 1.0, "scaling": "Logarithmic"}},
    ),
    "forest": (
        "Forest", "from sklearn.ensemble import RandomForestRegressor as Regressor",
        "Regressor(n_estimators=20, random_state=seed, **hyperparameters)",
        {"min_samples_leaf": {"type": "integer", "min": 1, "max": 5}},
    ),
    "neighbours": (
        "Neighbours", "from sklearn.neighbors import KNeighborsRegressor as Regressor",
        "Regressor(algorithm='brute', **hyperparameters)",
        {"n_neighbors": {"type": "integer", "min": 2, "max": 20}},
    ),
    "mean": (
        "Mean", "from sklearn.dummy import DummyRegressor as Regressor",
        "Regressor(**hyperparameters)",
        {"strategy": {"type": "categorical", "values": ["mean", "median"]}},
    ),
}  # fmt: skip
# It needs an OpenMP library of the system, so no project requires it: the template's own tests do.
if find_spec("lightgbm"):
    REGRESSORS["lightgbm"] = (
        "LightGBM", "from lightgbm import Booster, Dataset, train",
        "train(FIXED | hyperparameters | {'seed': seed}, Dataset(_numbers(features), target), 20)",
        {"num_leaves": {"type": "integer", "min": 4, "max": 31}},
    )  # fmt: skip
else:
    REGRESSORS["extra_trees"] = (
        "ExtraTrees", "from sklearn.ensemble import ExtraTreesRegressor as Regressor",
        "Regressor(n_estimators=20, random_state=seed, **hyperparameters)",
        {"min_samples_leaf": {"type": "integer", "min": 1, "max": 5}},
    )  # fmt: skip

MODEL_CODE = '''"""A scikit-learn regressor on numbers."""

import numpy as np
import skops.io
{import_}

TRUSTED = ["sklearn.tree._tree.Tree"]


def fit(features, target, hyperparameters, seed):
    return {constructor}.fit(_numbers(features), target.to_numpy())


def predict(model, features):
    return np.asarray(model.predict(_numbers(features)), dtype=np.float64)


def save(model, folder):
    skops.io.dump(model, folder / "model.skops")


def load(folder):
    return skops.io.load(folder / "model.skops", trusted=TRUSTED)


def _numbers(features):
    return features.select_dtypes("number").fillna(0.0).to_numpy(dtype=np.float64)
'''

# What LightGBM does in another way.
LIGHTGBM_CODE = {
    "{constructor}.fit(_numbers(features), target.to_numpy())": "{constructor}",
    "import skops.io\n": "",
    'TRUSTED = ["sklearn.tree._tree.Tree"]': "FIXED = dict(deterministic=True, num_threads=1, "
    "force_row_wise=True, verbosity=-1)",
    'skops.io.dump(model, folder / "model.skops")': 'model.save_model(folder / "model.txt")',
    'skops.io.load(folder / "model.skops", trusted=TRUSTED)': "Booster("
    'model_file=folder / "model.txt")',
}

# A unit without a model of its own: it turns the rows into principal components.
PCA_PROGRAM = '''"""Principal components of the training rows, for other models."""

import sys

import numpy as np
import pandas as pd

from sagetabular.jobs.runner import base_dir, run_job
from sagetabular.jobs.tables import FOLD, read_table, write_table


def process(argv):
    (count,) = map(int, argv)
    folder = base_dir() / "processing"
    tables = {name: read_table(folder / "input" / name) for name in ("train", "test")}
    rows = tables["train"].drop(columns=[FOLD, "y"]).to_numpy()
    centre = rows.mean(axis=0)
    axes = np.linalg.svd(rows - centre, full_matrices=False)[2][:count]
    for name, table in tables.items():
        values = (table.drop(columns=[FOLD, "y"], errors="ignore").to_numpy() - centre) @ axes.T
        parts = pd.DataFrame(values, columns=[f"component_{at}" for at in range(count)])
        kept = table[[column for column in (FOLD, "y") if column in table]].reset_index(drop=True)
        write_table(pd.concat([parts, kept], axis=1), folder / "output" / name, name)


if __name__ == "__main__":
    run_job(process, sys.argv[1:])
'''
PCA_UNIT = {
    "title": "Pca",
    "image": "project",
    "steps": {
        "process": {
            "inputs": {"train": "data.preprocess.train", "test": "data.preprocess.test"},
            "outputs": ["train", "test"],
            "arguments": ["3"],
        }
    },
}


def add_regressor(root: Path, kind: str, folder: Path | None = None, **settings: object) -> Path:
    """Write the folder of one of `REGRESSORS`, below `models/` if nothing else is said."""
    title, import_, constructor, ranges = REGRESSORS[kind]
    folder = folder or root / "models" / kind
    template = MODEL_CODE
    for text, other in LIGHTGBM_CODE.items() if kind == "lightgbm" else ():
        template = template.replace(text, other)
    code = template.format(import_=import_, constructor=constructor)
    tuning = {"strategy": "Random", "ranges": ranges}
    content = {"title": title, "image": "project", "tuning": tuning, **settings}
    return write_model(folder, content, {"model.py": code})


def add_pca(root: Path) -> Path:
    """Write the folder of the unit that makes principal components."""
    return write_model(root / "models/pca", PCA_UNIT, {"process.py": PCA_PROGRAM})


def write_model(folder: Path, content: dict[str, Any], files: dict[str, str]) -> Path:
    """Write `model.yaml` and the programs of a model."""
    folder.mkdir(parents=True)
    given = {key: value for key, value in content.items() if value is not None}
    text = yaml.safe_dump(given, sort_keys=False)
    (folder / "model.yaml").write_text(text, encoding="utf-8")
    for name, code in files.items():
        (folder / name).write_text(code, encoding="utf-8")
    return folder
