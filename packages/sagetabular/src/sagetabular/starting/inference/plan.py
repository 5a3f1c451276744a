"""What `pipeline init` makes of a table: its columns, the task, the split and the gate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

import pandas as pd
import pyarrow as pa

from sagetabular.errors import UserError
from sagetabular.printing import listed, printable
from sagetabular.reading.names import DeclaredColumn
from sagetabular.reading.times import parse_times, wrong_format
from sagetabular.reading.values import make_marks
from sagetabular.starting.inference import leaving
from sagetabular.starting.inference.gates import find_gate
from sagetabular.starting.inference.giveaways import give_away
from sagetabular.starting.inference.kinds import all_marks, find, suspicious
from sagetabular.starting.inference.leaving import Reason
from sagetabular.starting.inference.splits import find_split
from sagetabular.starting.inference.targets import find_goal
from sagetabular.starting.tables.sources import typed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagetabular.starting.inference.gates import Gate
    from sagetabular.starting.inference.kinds import Found, Type
    from sagetabular.starting.inference.splits import Split
    from sagetabular.starting.inference.targets import Goal
    from sagetabular.starting.options import Asked
    from sagetabular.starting.tables.sources import Source

Use = Literal["target", "used", "groups", "orders", "left out"]


@dataclass(frozen=True)
class PlannedColumn:
    """A column of the plan.

    Attributes:
        name: Its name in the lake.
        found: What it holds.
        use: What is made of it.
        why: The reason; empty where it is plain.
        declared: Whether `data.columns` names it; else a comment there does, if it has a type.
    """

    name: str
    found: Found
    use: Use
    why: str
    declared: bool = True

    @property
    def dropped(self) -> bool:
        """Return whether `data.drop` names it."""
        return self.declared and self.use == "left out"


@dataclass(frozen=True)
class Plan:
    """What is to be written.

    Attributes:
        source: The table.
        table: Its rows, as the lake is to have them.
        columns: All that have a name, in order.
        goal: The task.
        split: The split.
        gate: The gate.
        missing: Texts and numbers that mean a missing value.
        notes: Sentences about what a person should look at.
        folds: How many.
        test: Share of the rows to test with.
    """

    source: Source
    table: pa.Table
    columns: Sequence[PlannedColumn]
    goal: Goal
    split: Split
    gate: Gate
    missing: Sequence[str | float]
    notes: Sequence[str]
    folds: int = 5
    test: float = 0.2

    @property
    def target(self) -> str:
        """Return the name of the target."""
        return self._target.name

    @property
    def no_target(self) -> tuple[str, ...]:
        """Return the texts in the target that mean that there is no value, such as `None`."""
        return self._target.found.absent

    @property
    def _target(self) -> PlannedColumn:
        return next(column for column in self.columns if column.use == "target")

    @property
    def without_target(self) -> int:
        """Return the number of rows that the query leaves out."""
        return int(self.table[self.target].null_count)


def make_plan(source: Source, asked: Asked) -> Plan:
    """Return what is to be made of a table.

    Args:
        source: The table.
        asked: What somebody wants.

    Raises:
        UserError: Something has to be asked for, or there is nothing to learn from or to predict.
    """
    marks = make_marks(map(str, asked.missing))
    founds = {column.name: find(column, marks, source.dialect) for column in source.columns}
    founds = _with_types(_with_formats(source, founds, asked), asked)
    goal = find_goal(founds[asked.target], asked)
    missing = all_marks(asked.missing, founds.values())
    table = typed(source, _declared(founds, asked), [*map(str, missing)])
    split = find_split(founds, goal, asked, {name: table[name] for name in founds})
    reasons = dict(_reasons(founds, asked, split.by))
    kinds = {
        name: str(found.type)
        for name, found in founds.items()
        if name not in (asked.target, split.by) and name not in reasons
    }
    away = give_away(table, kinds, asked.target, goal.task)
    given = {name: Reason(text) for name, text in away.items() if name not in asked.keep}
    all_given = given.keys() >= kinds.keys()
    columns = _columns(founds, asked, split, reasons if all_given else reasons | given)
    _check_learnable(columns, source)
    notes = [*source.reasons, *_notes(founds, columns), *(_kept(away, asked, all_given=all_given))]
    return Plan(
        source, table, columns, goal, split, find_gate(goal, founds[asked.target]), missing, notes
    )


def _with_formats(source: Source, founds: Mapping[str, Found], asked: Asked) -> dict[str, Found]:
    """Return what columns hold, dates with the format that somebody has said."""
    unsaid = [
        name
        for name, found in founds.items()
        if found.formats and name not in asked.formats and name not in asked.drop
    ]
    if unsaid:
        raise _ask_for_formats(source, founds, unsaid)
    return {
        name: _read_as(source, name, found, asked.formats[name]) if name in asked.formats else found
        for name, found in founds.items()
    }


def _with_types(founds: Mapping[str, Found], asked: Asked) -> dict[str, Found]:
    """Return what columns hold, with the types that they are declared with."""
    return {
        name: found
        if asked.types.get(name, found.type) == found.type or name == asked.target
        else replace(found, type=cast("Type", asked.types[name]), why="as declared", numeric=())
        for name, found in founds.items()
    }


def _ask_for_formats(
    source: Source, founds: Mapping[str, Found], names: Sequence[str]
) -> UserError:
    said = []
    for name in names:
        written = source.column(name).written
        value = next(iter(founds[name].values))
        said.append(f"{printable(written)} ({printable(str(value))})")
    options = " ".join(
        f"--format '{source.column(name).written}={founds[name].formats[0]}'" for name in names
    )
    others = founds[names[0]].formats[1:4]
    fits = f" (or {', '.join(others)}: all fit)" if others and len(names) == 1 else ""
    return UserError(
        f"{source.title}: dates are never guessed, and {listed(said)} seem to be some.",
        f"Add {printable(options)}{fits}, or --drop {names[0]}.",
    )


def _read_as(source: Source, name: str, found: Found, form: str) -> Found:
    """Return a column as times in a format."""
    if (wrong := wrong_format(form)) is not None:
        raise UserError(f"--format {name}={form} {wrong}.", "Write it as in %d/%m/%Y.")
    column = source.column(name).cells
    if form in found.formats or pa.types.is_timestamp(column.type):
        return replace(found, formats=(form,))
    cells = [None if each is None else str(each) for each in column.to_pylist()]
    marks = make_marks(())
    texts = pd.Series([None if each is None or each in marks else each for each in cells])
    bad = parse_times(texts, form).isna() & texts.notna()
    if bad.any():
        row = int(bad.to_numpy().argmax())
        msg = f"--format {name}={form} must fit every row, got {str(cells[row])[:40]!r} at "
        remedy = f"These fit: {', '.join(found.formats[:4])}." if found.formats else "Correct it."
        raise UserError(f"{msg}{source.place(row)}.", remedy)
    return replace(found, type="time", formats=(form,), why="", numeric=(), marks=(), unit=None)


def _declared(founds: Mapping[str, Found], asked: Asked) -> list[DeclaredColumn]:
    """Return the columns that can be read with their types, whether a model sees them or not."""
    return [
        DeclaredColumn(name, found.type, True, _format(found), found.unit)
        for name, found in founds.items()
        if found.type is not None and (not found.formats or name in asked.formats)
    ]


def _format(found: Found) -> str | None:
    return found.formats[0] if found.formats else None


def _reasons(
    founds: Mapping[str, Found], asked: Asked, by: str | None
) -> Iterator[tuple[str, Reason]]:
    """Yield the columns that are left out by what they hold, or by what somebody wants."""
    for name, found in founds.items():
        if name in (asked.target, by):
            continue
        why = leaving.reason(name, found)
        if name in asked.keep:
            if found.type is None:
                msg = f"--keep must name numbers or categories: {name} {found.why}."
                raise UserError(msg, "Leave it out, or change the table.")
            if found.type == "time":
                msg = f"--keep must name numbers or categories: {name} is a time, no feature."
                remedy = (
                    f"Make numbers of it in the query, or --split time:{name} orders rows by it."
                )
                raise UserError(msg, remedy)
        elif name in asked.drop:
            typed_column = found.type is not None and not (
                found.formats and name not in asked.formats
            )
            yield name, Reason("as asked", typed_column and (why is None or why.declared))
        elif found.type == "time":
            yield name, Reason("a time is no feature")
        elif why is not None:
            yield name, why


def _columns(
    founds: Mapping[str, Found], asked: Asked, split: Split, reasons: Mapping[str, Reason]
) -> list[PlannedColumn]:
    uses: dict[str, Use] = {asked.target: "target"}
    if split.by is not None:
        uses.setdefault(split.by, "groups" if split.kind == "grouped" else "orders")
    columns = []
    for name, found in founds.items():
        if name in reasons:
            text, declared = reasons[name].text, reasons[name].declared
            columns.append(PlannedColumn(name, found, "left out", text, declared))
        else:
            columns.append(PlannedColumn(name, found, uses.get(name, "used"), found.why))
    return columns


def _check_learnable(columns: Sequence[PlannedColumn], source: Source) -> None:
    # What rows are ordered by is learned from too, if it is a number.
    used = [
        each
        for each in columns
        if each.use == "used" or (each.use == "orders" and each.found.type == "number")
    ]
    if not used:
        left = [f"{each.name} ({each.why})" for each in columns if each.use == "left out"]
        msg = f"{source.title} has no column to learn from"
        if not left:
            raise UserError(f"{msg} but the target.", "Add columns to it.")
        offered = [
            each.name
            for each in columns
            if each.use == "left out" and each.found.type in ("number", "category")
        ]
        remedy = f"Ask for one of them: --keep {offered[0]}" if offered else "Add columns to it"
        raise UserError(f"{msg}: {listed(left)}.", f"{remedy}.")


def _notes(founds: Mapping[str, Found], columns: Sequence[PlannedColumn]) -> Iterator[str]:
    for column in columns:
        odd = suspicious(founds[column.name]) if column.use != "left out" else None
        if odd is not None:
            yield (
                f"{column.name} has {odd:g} in some rows: if that means missing, write "
                f"`missing: [{odd:g}]` under data."
            )


def _kept(away: Mapping[str, str], asked: Asked, *, all_given: bool) -> Iterator[str]:
    for name, text in away.items():
        if name in asked.keep or all_given:
            yield f"{name} {text}: is it known before the target is?"
