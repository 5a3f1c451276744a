"""Preprocess: what Ingest has read → training rows with a fold number, test rows, a baseline.

Only stateless work: whatever is *fitted* to data (encoders, imputers) belongs to a model, so that
no fold sees another.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.rows.account import account
from sagetabular.jobs.rows.baseline import write_baseline
from sagetabular.jobs.rows.cleaning import clean
from sagetabular.jobs.rows.giveaway import about_giveaways
from sagetabular.jobs.rows.indicators import with_indicators
from sagetabular.jobs.rows.splitting import Splitter, content_keys
from sagetabular.jobs.rows.weighting import (
    check_rows,
    check_sides,
    task_of,
    with_weights,
    without_unseen,
)
from sagetabular.jobs.runner import base_dir, run_job
from sagetabular.jobs.tables import FOLD, WEIGHT, read_table, split_columns, write_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd


def preprocess(argv: Sequence[str]) -> None:
    """Read, clean, split and write.

    Raises:
        JobError: The data does not fit `conf/pipeline.yaml`.
    """
    arguments = _parse(argv)
    folder = base_dir() / "processing"
    settings = json.loads((folder / "input/settings/preprocess.json").read_text(encoding="utf-8"))
    table = read_table(folder / "input/data", whole_numbers=True)
    table = with_indicators(table, settings["one_hot"], settings["columns"])
    marks = settings.get("missing", ())
    cleaned = clean(table, settings["columns"], settings["target"], marks, task_of(settings))
    check_rows(cleaned, settings)
    rows = _in_canonical_order(_without_copies(cleaned, settings["duplicates"]))
    training, test = _split(rows, settings, arguments.folds, arguments.seed)
    check_sides(training, test, settings)
    summary = account(table, cleaned, rows, training, test, settings)
    training, test = (without_unseen(part, settings) for part in (training, test))
    training = with_weights(training, settings)
    test = test.drop(columns=settings.get("weights", []))
    seen = training.drop(columns=WEIGHT, errors="ignore")
    summary["notes"] += about_giveaways(seen, settings["target"], task_of(settings))
    for note in summary["notes"]:
        print(note, flush=True)
    _write(training, test, summary, settings["target"])


def _write(
    training: pd.DataFrame, test: pd.DataFrame, summary: Mapping[str, Any], target: str
) -> None:
    output = base_dir() / "processing/output"
    write_table(training, output / "train", "train")
    write_baseline(split_columns(training, target)[0], output / "baseline")
    write_table(test, output / "test", "test")
    (output / "summary").mkdir(parents=True, exist_ok=True)
    text = json.dumps(summary, indent=1)
    (output / "summary/summary.json").write_text(text, encoding="utf-8")


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args(argv)
    if arguments.folds < 0 or arguments.folds == 1:
        msg = f"Folds must be 2 or more, or 0 for one validation split, got {arguments.folds}."
        raise JobError(msg, "Set the pipeline parameter Folds, or split.folds, to 5.")
    return arguments


def _without_copies(rows: pd.DataFrame, duplicates: str) -> pd.DataFrame:
    return rows.drop_duplicates(ignore_index=True) if duplicates == "remove" else rows


def _in_canonical_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Order by content, so that no later result depends on the order in which rows came."""
    return rows.iloc[np.argsort(content_keys(rows), kind="stable")].reset_index(drop=True)


def _split(
    rows: pd.DataFrame, settings: dict[str, Any], folds: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return training rows with the column `FOLD`, and test rows."""
    split = settings["split"]
    splitter = Splitter(split["kind"], split["by"] or settings["target"], seed)
    is_test = splitter.holdout(rows, split["test"], "test")
    test, training = rows[is_test], rows[~is_test]
    different = len(test.drop_duplicates()), len(training.drop_duplicates())
    if min(different) < 2:
        msg = "conf/pipeline.yaml: split.test must leave two different rows on both sides"
        few = f", of which {sum(different)} differ" if sum(different) < len(rows) else ""
        detail = f"got {len(test)} test rows of {len(rows)}{few}"
        raise JobError(f"{msg}, {detail}.", "Change the share, or query more rows.")
    if folds:
        return training.assign(**{FOLD: splitter.folds(training, folds)}), test
    is_validation = splitter.holdout(training, split["validation"], "validation")
    return training.assign(**{FOLD: np.where(is_validation, 0, -1)}), test


if __name__ == "__main__":
    run_job(preprocess, sys.argv[1:])
