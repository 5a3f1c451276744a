"""Checkpoints of a trial: each fold's result, for a job that is interrupted and starts again.

SageMaker keeps the folder `checkpoints` in S3 while the job runs, and brings it back when spot
capacity does. Results lie below a hash of all that they depend on, so that no other trial, and no
later run on other data, takes them for its own.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from sagetabular.jobs.trials.validation import FoldResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from sagetabular.jobs.models.hyperparameters import TrainingSettings

FOLDER = "checkpoints"


def resumed(
    base: Path,
    settings: TrainingSettings,
    folds: Sequence[int],
    compute: Callable[[list[int], Callable[[FoldResult], None]], Iterable[FoldResult]],
) -> Iterator[FoldResult]:
    """Yield the results of folds, in their order: those kept earlier, and the rest as computed.

    Args:
        base: The container's base folder; without checkpoints in it all folds are computed.
        settings: What the trial was asked for.
        folds: Their numbers.
        compute: Scores folds, in the order given, and tells of each as soon as it is scored.
    """
    if not (base / FOLDER).is_dir():
        yield from compute([*folds], lambda _result: None)
        return
    folder = base / FOLDER / _fingerprint(base, settings)
    folder.mkdir(exist_ok=True)
    kept = {fold: result for fold in folds if (result := _read(folder, fold))}
    missing = [fold for fold in folds if fold not in kept]
    computed = iter(compute(missing, functools.partial(_write, folder)))
    for fold in folds:
        yield kept[fold] if fold in kept else next(computed)


def _fingerprint(base: Path, settings: TrainingSettings) -> str:
    """Hash the settings and everything in the channels: data, code, further hyperparameters."""
    digest = hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode())
    channels = base / "input/data"
    for file in sorted(path for path in channels.rglob("*") if path.is_file()):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(channels).as_posix()}\0{content}\0".encode())
    return digest.hexdigest()[:32]


def _read(folder: Path, fold: int) -> FoldResult | None:
    """Return a kept result; None without one, and of one that came back damaged."""
    try:
        return FoldResult.from_fields(json.loads((folder / f"{fold}.json").read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(folder: Path, result: FoldResult) -> None:
    """Keep a result, whole or not at all."""
    staging = folder / f"{result.fold}.{os.getpid()}.tmp"
    staging.write_text(json.dumps(result.fields()), encoding="utf-8")
    staging.replace(folder / f"{result.fold}.json")
