"""What somebody asks of `pipeline init` beside the files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast, get_args

from sagetabular.errors import UserError
from sagetabular.jobs.scoring.metrics import METRICS, Task
from sagetabular.reading.names import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.starting.tables.sources import Source

TASKS: tuple[str, ...] = get_args(Task)
SPLITS = ("random", "stratified", "grouped", "time")


@dataclass(frozen=True)
class Asked:
    """What is asked for; columns by their names in the lake.

    Attributes:
        target: The column to predict.
        task: None to find out; so are the others.
        metric: What models are selected by.
        positive: The class whose probability is ranked.
        split: Kind of the split.
        by: Its column.
        keep: Columns that are not to be left out.
        drop: Columns that are.
        formats: Column → how its dates are written.
        types: Column → the type that it is declared with.
        missing: Texts and numbers that are known to mean a missing value.
    """

    target: str
    task: Task | None = None
    metric: str | None = None
    positive: str | None = None
    split: str | None = None
    by: str | None = None
    keep: Sequence[str] = ()
    drop: Sequence[str] = ()
    formats: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    missing: Sequence[str | float] = ()


@dataclass(frozen=True)
class Wishes:
    """What somebody wrote, as it was written.

    Attributes:
        task: One of the tasks.
        metric: One of the metrics.
        positive: A class.
        split: A kind, or a kind and its column: `grouped:patient`.
        keep: Columns, in any spelling.
        drop: Likewise.
        formats: Texts `COLUMN=FORMAT`.
        files: Texts `KEY: VALUE`, of `data.files`.
    """

    task: str | None = None
    metric: str | None = None
    positive: str | None = None
    split: str | None = None
    keep: Sequence[str] = ()
    drop: Sequence[str] = ()
    formats: Sequence[str] = ()
    files: Sequence[str] = ()


def parse_asked(source: Source, target: str, wishes: Wishes = Wishes()) -> Asked:
    """Check what is asked for against the table.

    Args:
        source: The table.
        target: A column, in any spelling.
        wishes: The rest.

    Raises:
        UserError: There is no such column, task, metric or split, or two wishes exclude each other.
    """
    wanted = source.named(target, "--target")
    kept = [source.named(name, "--keep") for name in wishes.keep]
    dropped = [source.named(name, "--drop") for name in wishes.drop]
    kind, by = _split(source, wishes.split)
    taken = {wanted: "--target", **dict.fromkeys(kept, "--keep")} | ({by: "--split"} if by else {})
    for name in dropped:
        if name in taken:
            msg = f"--drop must not name what {taken[name]} names, got {name!r}."
            raise UserError(msg, "Leave one of them out.")
    if by == wanted:
        raise UserError(f"--split must not name the target, got {by!r}.", "Name another column.")
    task = _one_of(wishes.task, "--task", TASKS)
    return Asked(
        target=wanted,
        task=cast("Task | None", task),
        metric=_one_of(wishes.metric, "--metric", [*METRICS]),
        positive=wishes.positive,
        split=kind,
        by=by,
        keep=kept,
        drop=dropped,
        formats=dict(_format(source, text) for text in wishes.formats),
    )


def _one_of(value: str | None, option: str, known: Sequence[str]) -> str | None:
    if value is None:
        return None
    name = re.sub(r"\W+", "_", value.strip()).lower()  # `ROC AUC`, as reports have it
    if name not in known:
        msg = f"{option} must be one of {', '.join(known)}, got {value!r}."
        raise UserError(msg, f"Correct it{did_you_mean(name, known)}, or leave it out.")
    return name


def _split(source: Source, split: str | None) -> tuple[str | None, str | None]:
    if split is None:
        return None, None
    kind, colon, column = split.partition(":")
    needs = kind in ("grouped", "time")
    if kind not in SPLITS or needs != bool(colon and column):
        msg = f"--split must be random, stratified, grouped:COLUMN or time:COLUMN, got {split!r}."
        raise UserError(msg, "Correct it, or leave it out.")
    return kind, source.named(column, "--split") if needs else None


def _format(source: Source, text: str) -> tuple[str, str]:
    column, equals, form = text.partition("=")
    if not (column and equals and "%" in form):
        msg = f"--format must be COLUMN=FORMAT, got {text!r}."
        raise UserError(msg, f"Write, for example, --format '{column or 'date'}=%d/%m/%Y'.")
    return source.named(column, "--format"), form
