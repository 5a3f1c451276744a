"""A sound model in a few lines, and the same one with a fault planted into it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

# Mean of the target by category, and a line through the first number. It needs no library but
# numpy, and shows all that the common checks ask for.
SOUND = """
import json
import numpy as np

def fit(features, target, hyperparameters, seed, weights=None):
    settings = dict(hyperparameters)
    strength = settings.pop("strength")
    if settings:
        raise ValueError(f"unknown hyperparameters: {sorted(settings)}")
    numbers = sorted(features.select_dtypes("number"))
    words = sorted(set(features) - set(numbers))
    goal = target.to_numpy(dtype=float)
    centres, slopes = {}, {}
    for name in numbers:
        values = features[name].to_numpy(dtype=float)
        known = ~np.isnan(values)
        centre = float(values[known].mean()) if known.any() else 0.0
        offset = np.where(known, values - centre, 0.0)
        centres[name] = centre
        slopes[name] = float(offset @ (goal - goal.mean()) / (offset @ offset + strength))
    means = {}
    for name in words:
        rest = goal - goal.mean()
        keys = [str(word) for word in features[name]]
        means[name] = {
            key: float(rest[[key == other for other in keys]].mean() / (1 + strength))
            for key in sorted(set(keys))
        }
    mean = float(np.average(goal, weights=weights))
    learnt = {"mean": mean, "centres": centres, "slopes": slopes, "means": means}
    return {**learnt, "columns": list(features)}

def predict(model, features):
    found = np.full(len(features), model["mean"])
    for name, slope in model["slopes"].items():
        values = features[name].to_numpy(dtype=float)
        found = found + slope * np.nan_to_num(values - model["centres"][name])
    for name, means in model["means"].items():
        found = found + np.array([means.get(str(word), 0.0) for word in features[name]])
    return found

def save(model, folder):
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")

def load(folder):
    return json.loads((folder / "model.json").read_text(encoding="utf-8"))

def scorer(model, columns):
    if model["columns"] != columns:
        raise ValueError(f"fitted on {model['columns']}, got {columns}")
    from pandas import DataFrame
    return lambda matrix: predict(model, DataFrame(matrix, columns=columns))

def importance(model):
    columns = [*model["slopes"], *model["means"]]
    learnt = any(model["slopes"].values()) or any(any(m.values()) for m in model["means"].values())
    return {name: 1 / len(columns) if learnt else 0.0 for name in columns}
"""
SETTINGS = {
    "title": "Planted",
    "image": "project",
    "tuning": {"ranges": {"strength": {"type": "continuous", "min": 0.1, "max": 10.0}}},
}


@dataclass(frozen=True)
class Fault:
    """A fault, as changes of the sound model's text, and the checks that must tell."""

    changes: tuple[tuple[str, str], ...]
    caught_by: frozenset[str]


def fault(*changes: tuple[str, str], by: list[str]) -> Fault:
    return Fault(changes, frozenset(by))


def plant_model(
    root: Path, planted: Fault | None = None, name: str = "planted", sound: str = SOUND
) -> Path:
    """Write the sound model below `root`, with the fault if one is given; return its folder."""
    code = sound
    for before, after in planted.changes if planted else ():
        assert sound.count(before) == 1, before
        code = code.replace(before, after)
    folder = root / "models" / name
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(code, encoding="utf-8")
    (folder / "model.yaml").write_text(yaml.safe_dump(SETTINGS), encoding="utf-8")
    return folder
