"""Select: rank the models and name the winner."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from sagetabular.jobs.models.manifest import FILE as MANIFEST
from sagetabular.jobs.runner import base_dir, run_job
from sagetabular.jobs.scoring.metrics import METRICS, SECTIONS, Metric, metrics_of

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
    parser.add_argument("--metric", choices=[*METRICS], default="r2")
    arguments = parser.parse_args(argv)
    folder = base_dir() / "processing"
    if arguments.models:
        candidates = read_candidates(folder / "input", arguments.models, arguments.metric)
    else:
        candidates = _read_collections(folder / "input", arguments.collections)
    (task,) = {candidate.pop("task") for candidate in candidates}
    ranking = rank(candidates, arguments.by, METRICS[arguments.metric])
    selection = {
        "by": arguments.by,
        "task": task,
        "metric": arguments.metric,
        "winner": ranking[0],
        "ranking": ranking,
    }
    output = folder / "output/selection"
    output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(selection, indent=1, allow_nan=False)
    (output / "selection.json").write_text(text, encoding="utf-8")


def rank(candidates: list[dict[str, Any]], by: str, metric: Metric) -> list[dict[str, Any]]:
    """Order by `cv_<metric>` or `test_<metric>`, best first; of equal ones the first given is."""
    key = f"{by}_{metric.name}"
    return sorted(candidates, key=lambda candidate: metric.rank_key(candidate[key]))


def read_candidates(folder: Path, models: Sequence[str], metric: str) -> list[dict[str, Any]]:
    """Read what the evaluations below `folder`, each under its model's name, say of the models.

    Args:
        folder: Where they are.
        models: Their names.
        metric: That of which the cross-validated mean and deviation are kept.
    """
    return [_candidate(folder / model, model, metric) for model in models]


def _read_collections(folder: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    files = [folder / name / CANDIDATES for name in names]
    return [entry for file in files for entry in _read(file)]


def _candidate(folder: Path, model: str, metric: str) -> dict[str, Any]:
    """Return one model's numbers; those of the cross-validation are None without a search."""
    searched = (folder / "cv.json").exists()
    trial = _read(folder / "cv.json") if searched else {metric: None, f"{metric}_std": None}
    evaluation = _read(folder / "evaluation.json")
    task = next(task for task, section in SECTIONS.items() if section in evaluation)
    quality = evaluation[SECTIONS[task]]
    return {
        "model": model,
        "task": task,
        f"cv_{metric}": trial[metric],
        f"cv_{metric}_std": trial[f"{metric}_std"],
        **{f"test_{each.name}": quality[each.name]["value"] for each in metrics_of(task)},
        "hyperparameters": (trial if searched else _read(folder / MANIFEST))["hyperparameters"],
    }


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


if __name__ == "__main__":
    run_job(select, sys.argv[1:])
