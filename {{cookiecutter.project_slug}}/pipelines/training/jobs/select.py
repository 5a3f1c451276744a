"""Select: rank the models and name the winner."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from pipelines.training.jobs.runner import base_dir, run_job

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def select(argv: Sequence[str]) -> None:
    """Write `selection.json` for the models in the order given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--by", choices=["cv", "test"], required=True)
    parser.add_argument("--models", nargs="+", required=True)
    arguments = parser.parse_args(argv)
    folder = base_dir() / "processing"
    candidates = [_candidate(folder / "input" / model, model) for model in arguments.models]
    ranking = rank(candidates, arguments.by)
    selection = {"by": arguments.by, "winner": ranking[0], "ranking": ranking}
    output = folder / "output/selection"
    output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(selection, indent=1, allow_nan=False)
    (output / "selection.json").write_text(text, encoding="utf-8")


def rank(candidates: list[dict[str, Any]], by: str) -> list[dict[str, Any]]:
    """Highest R2 first, by `cv_r2` or `test_r2`; of equal ones the first given comes first."""
    return sorted(candidates, key=lambda candidate: -candidate[f"{by}_r2"])


def _candidate(folder: Path, model: str) -> dict[str, Any]:
    trial = json.loads((folder / "cv.json").read_text(encoding="utf-8"))
    evaluation = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    quality = evaluation["regression_metrics"]
    return {
        "model": model,
        "cv_r2": trial["r2"],
        "cv_r2_std": trial["r2_std"],
        "test_r2": quality["r2"]["value"],
        "test_rmse": quality["rmse"]["value"],
        "test_mae": quality["mae"]["value"],
        "hyperparameters": trial["hyperparameters"],
    }


if __name__ == "__main__":
    run_job(select, sys.argv[1:])
