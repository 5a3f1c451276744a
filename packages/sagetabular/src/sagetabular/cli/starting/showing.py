"""What `pipeline init` shows: the columns, what was decided and why, and the changes of files."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import typer

from sagetabular.cli.terminal.output import print_table
from sagetabular.printing import listed, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.starting.changes.drafting import Draft
    from sagetabular.starting.inference.plan import Plan, PlannedColumn


_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def print_plan(draft: Draft) -> None:
    """Print a table's columns, and what was decided for it."""
    plan = draft.plan
    count = f"{plan.source.rows:,} rows, {len(plan.columns)} columns"
    typer.echo(f"{printable(plan.source.title)}: {count}\n")
    print_table("", ["column", "type", "use", "why"], [_row(each) for each in plan.columns])
    typer.echo()
    for title, text in _decisions(plan):
        typer.echo(f"{title:<11} {printable(text)}")
    for note in draft.notes:
        typer.echo(f"{'Look at':<11} {printable(note)}")


def _row(column: PlannedColumn) -> list[str]:
    use = "-" if column.use == "left out" else column.use
    why = f"left out: {column.why}" if column.use == "left out" else column.why
    return [column.name, column.found.type or "-", use, why]


def _decisions(plan: Plan) -> Iterator[tuple[str, str]]:
    goal, split, gate = plan.goal, plan.split, plan.gate
    yield "Task", f"{goal.task} of {plan.target}: {goal.why}"
    if goal.classes:
        shown = [f"{name} {rows:,}" for name, rows in [*goal.classes.items()][:8]]
        more = ["…"] if len(goal.classes) > 8 else []
        yield "Classes", f"{', '.join([*shown, *more])} rows"
    if goal.positive is not None:
        yield "Positive", f"{goal.positive}: {goal.why_positive}"
    yield "Metric", f"{goal.metric}{f': {goal.why_metric}' if goal.why_metric else ''}"
    by = f" by {split.by}" if split.by else ""
    yield (
        "Split",
        f"{split.kind}{by}, {plan.test:.0%} to test with, {plan.folds} folds: {split.why}",
    )
    yield "Gate", f"{gate.key} {gate.value:g}: guessing scores {gate.trivial:.4g}"
    if plan.missing:
        yield "Missing", f"{', '.join(map(repr, plan.missing))} in any column"
    if plan.without_target:
        mean = f" ({listed(plan.no_target)} means no value)" if plan.no_target else ""
        rows = f"{plan.without_target:,} without {plan.target}{mean}"
        yield "Rows", f"{rows} are left out by the query"
    if plan.source.nameless:
        yield "Nameless", f"{plan.source.nameless} column(s) without a name are left out"


def print_changes(draft: Draft) -> None:
    """Print how files would change, as a unified diff."""
    for file, (before, after) in draft.changed.items():
        typer.echo()
        lines = difflib.unified_diff(
            before.splitlines(), after.splitlines(), file, file, n=1, lineterm=""
        )
        for line in lines:
            typer.secho(printable(line), fg=_COLOURS.get(line[:1]))


def what_is_written(draft: Draft) -> str:
    """Return what would be written, as one phrase."""
    table = f"{'.'.join(draft.table)} in the local lake"
    return " and ".join([", ".join(draft.changed)] * bool(draft.changed) + [table] * draft.fills)
