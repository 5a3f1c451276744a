"""Select: rank the models and name the winner."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from sagetabular.jobs.models.manifest import FILE as MANIFEST
from sagetabular.jobs.runner import base_dir, run_job

# What Collect writes, for Select to read.
CANDIDATES = "candidates.json"

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def select(argv: Sequence[str]) -> None:
    """Write `selection.json` for the models in the order given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--by", choices=["cv", "test"], required=True)
    sources = parser.add_mutually_exclusive_group(required=True)
    sources.add_argument("--models", nargs="+", help="of which an evaluation is mounted")
    sources.add_argument("--collections", nargs="+", help="of Collect, in the models' order")
    arguments = parser.parse_args(argv)
    folder = base_dir() / "processing"
    if arguments.models:
        candidates = read_candidates(folder / "input", arguments.models)
    else:
        candidates = _read_collections(folder / "input", arguments.collections)
    ranking = rank(candidates, arguments.by)
    selection = {"by": arguments.by, "winner": ranking[0], "ranking": ranking}
    output = folder / "output/selection"
    output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(selection, indent=1, allow_nan=False)
    (output / "selection.json").write_text(text, encoding="utf-8")


def rank(candidates: list[dict[str, Any]], by: str) -> list[dict[str, Any]]:
    """Order by `cv_r2` or `test_r2`, highest first; of equal ones the first given comes first."""
    return sorted(candidates, key=lambda candidate: -candidate[f"{by}_r2"])


def read_candidates(folder: Path, models: Sequence[str]) -> list[dict[str, Any]]:
    """Read what the evaluations below `folder`, each under its model's name, say of the models."""
    return [_candidate(folder / model, model) for model in models]


def _read_collections(folder: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    files = [folder / name / CANDIDATES for name in names]
    return [entry for file in files for entry in _read(file)]


def _candidate(folder: Path, model: str) -> dict[str, Any]:
    """Return one model's numbers; those of the cross-validation are None without a search."""
    searched = (folder / "cv.json").exists()
    trial = _read(folder / "cv.json") if searched else {"r2": None, "r2_std": None}
    quality = _read(folder / "evaluation.json")["regression_metrics"]
    return {
        "model": model,
        "cv_r2": trial["r2"],
        "cv_r2_std": trial["r2_std"],
        "test_r2": quality["r2"]["value"],
        "test_rmse": quality["rmse"]["value"],
        "test_mae": quality["mae"]["value"],
        "hyperparameters": (trial if searched else _read(folder / MANIFEST))["hyperparameters"],
    }


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


if __name__ == "__main__":
    run_job(select, sys.argv[1:])
