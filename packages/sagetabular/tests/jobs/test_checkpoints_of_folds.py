"""A trial that starts again takes the folds that are done, if they are those of the same trial."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sagetabular.jobs.models.hyperparameters import TrainingSettings
from sagetabular.jobs.trials.checkpoints import resumed
from sagetabular.jobs.trials.validation import FoldResult


def settings(**hyperparameters: object) -> TrainingSettings:
    return TrainingSettings("ridge", "y", 3, forward=False, hyperparameters=hyperparameters)


def result(fold: int) -> FoldResult:
    generator = np.random.default_rng(fold)
    return FoldResult(
        fold,
        {"r2": generator.random(), "mae": generator.random()},
        np.arange(fold),
        generator.random(fold),
        0.1,
    )


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The base folder of a job with checkpoints and a channel."""
    for folder in ("checkpoints", "input/data/train"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "input/data/train/part").write_bytes(b"rows")
    return tmp_path


class Computed:
    """Scores folds, notes which, and ends as an interruption does."""

    def __init__(self, lasts: int = 99) -> None:
        self.folds: list[int] = []
        self.lasts = lasts

    def __call__(self, folds: list[int], keep):
        for fold in folds:
            if len(self.folds) == self.lasts:
                raise KeyboardInterrupt
            self.folds.append(fold)
            keep(result(fold))
            yield result(fold)


def same(found: FoldResult, expected: FoldResult) -> bool:
    arrays = [(found.rows, expected.rows), (found.predictions, expected.predictions)]
    bits = all(one.dtype == two.dtype and one.tobytes() == two.tobytes() for one, two in arrays)
    return bits and (found.fold, found.scores) == (expected.fold, expected.scores)


def interrupted(base: Path, lasts: int = 2, **hyperparameters: object) -> None:
    with pytest.raises(KeyboardInterrupt):
        list(resumed(base, settings(**hyperparameters), [1, 2, 3, 4], Computed(lasts)))


def test_only_the_missing_folds_are_computed_and_all_come_in_order(base) -> None:
    interrupted(base, a=1)
    again = Computed()
    found = list(resumed(base, settings(a=1), [1, 2, 3, 4], again))
    assert again.folds == [3, 4]
    assert all(same(one, result(fold)) for one, fold in zip(found, [1, 2, 3, 4], strict=True))
    assert not list(base.rglob("*.tmp"))


def test_other_hyperparameters_or_other_data_take_nothing(base) -> None:
    interrupted(base, a=1)
    other = Computed()
    list(resumed(base, settings(a=1.5), [1, 2, 3, 4], other))
    assert other.folds == [1, 2, 3, 4]
    (base / "input/data/train/part").write_bytes(b"other rows")
    other = Computed()
    list(resumed(base, settings(a=1), [1, 2, 3, 4], other))
    assert other.folds == [1, 2, 3, 4]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"fold": 1}', b"\xff"])
def test_a_damaged_result_is_computed_again(base, content) -> None:
    interrupted(base, a=1)
    (file,) = base.glob("checkpoints/*/1.json")
    file.write_bytes(content)
    again = Computed()
    found = list(resumed(base, settings(a=1), [1, 2], again))
    assert again.folds == [1]
    assert [one.fold for one in found] == [1, 2]


def test_without_the_folder_nothing_is_kept(base) -> None:
    (base / "checkpoints").rmdir()
    list(resumed(base, settings(a=1), [1, 2], Computed()))
    assert not (base / "checkpoints").exists()
