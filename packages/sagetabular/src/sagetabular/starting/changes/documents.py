"""A plan → the text of `conf/pipeline.yaml`, and of the query."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from sagetabular.jobs.scoring.metrics import Task
from sagetabular.printing import printable
from sagetabular.starting.changes.editing import Entry, with_entries
from sagetabular.starting.changes.yaml_words import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagetabular.starting.inference.plan import Plan, PlannedColumn

CONF = "conf/pipeline.yaml"
_LOSSES = "on the test rows; a winner above it is not registered"
_SCORES = "on the test rows; a winner below it is not registered"
# All rows of the table, but for those without a target.
_PLAIN_QUERY = re.compile(
    r"""(?P<head>\A(?:\s|--[^\n]*\n)*SELECT\s+\*\s+FROM\s+\$\{table\})
    (?P<where>\s+WHERE\s+(?:"(?P<quoted>[^"]+)"|(?P<bare>\w+))\s+IS\s+NOT\s+NULL)?
    (?P<tail>\s*;?\s*\Z)""",
    re.VERBOSE | re.IGNORECASE,
)


def conf_text(text: str, document: Mapping[str, Any], plan: Plan, table: tuple[str, str]) -> str:
    """Return `conf/pipeline.yaml` as a plan wants it; other settings and comments stay.

    Args:
        text: The file.
        document: Its content.
        plan: The plan.
        table: Database and table.

    Raises:
        UserError: The file is laid out in a way that leaves no place for an entry.
    """
    entries = [
        _task(plan),
        *_data(document.get("data", {}), plan, table),
        *_split(plan),
        *_selection(document, plan, table),
    ]
    return with_entries(text, entries, CONF)


def _task(plan: Plan) -> Entry:
    comment = f"{' | '.join(get_args(Task))}: {plan.goal.why}"
    return Entry(("task",), plan.goal.task, comment=comment, anew=True, after=("name",))


def query_text(text: str, target: str) -> str | None:
    """Return the query with rows without a target left out; None if it is somebody's own."""
    found = _PLAIN_QUERY.match(text)
    if found is None:
        return None
    if target in (found["quoted"], found["bare"]):
        return text
    return f'{found["head"]}\nWHERE "{target}" IS NOT NULL{found["tail"]}'


def _data(present: Mapping[str, Any], plan: Plan, table: tuple[str, str]) -> Iterator[Entry]:
    yield Entry(("data", "database"), table[0])
    yield Entry(("data", "table"), table[1], after=("database",))
    yield Entry(("data", "target"), plan.target, after=("query", "table"))
    positive = plan.goal.why_positive
    yield Entry(
        ("data", "positive"), plan.goal.positive, comment=positive, anew=True, after=("target",)
    )
    yield Entry(("data", "files"), plan.source.files_settings or None, after=("positive", "target"))
    own = present.get("columns", {}) if _is_of_table(present, plan, table) else {}
    settings = {each.name: _settings(each, own.get(each.name)) for each in plan.columns}
    declared = {each.name: settings[each.name] for each in plan.columns if each.declared}
    lines = tuple(_column_line(each, settings[each.name]) for each in plan.columns)
    yield Entry(("data", "columns"), declared, lines, after=("target",))
    dropped = [each for each in plan.columns if each.dropped]
    names = [each.name for each in dropped]
    same = sorted(names) == sorted(map(str, present.get("drop", ())))
    yield Entry(
        ("data", "drop"),
        (present["drop"] if same and names else names) or None,
        tuple(_aligned(f"- {written(each.name)}", printable(each.why)) for each in dropped),
        comment="delete a line to learn from that column too",
        anew=True,
        after=("columns",),
    )
    yield Entry(("data", "missing"), [*plan.missing] or None, after=("drop", "columns"))
    for name in ("weights", "class_weights"):
        if name in present and present.get("target") != plan.target:
            yield Entry(("data", name), None)


def _settings(column: PlannedColumn, present: Any) -> Any:
    """Return what `data.columns` has for a column; with what somebody has added by hand."""
    found = column.found
    if isinstance(present, dict) and present.get("type") == found.type and not found.formats:
        return present
    more = {"format": found.formats[0]} if found.type == "time" and found.formats else {}
    more |= {"unit": found.unit} if found.unit else {}
    return {"type": found.type, **more} if more else found.type


def _column_line(column: PlannedColumn, settings: Any) -> str:
    line = f"{written(column.name)}: {written(settings)}"
    why = printable(column.why)
    if column.declared:
        return line if column.dropped else _aligned(line, why)
    if column.found.type is None:
        return f"# {written(column.name)} is left out: {why}"
    return _aligned(f"# {line}", f"left out: {why}")


def _aligned(line: str, comment: str) -> str:
    return f"{line:<26} # {comment}" if comment else line


def _split(plan: Plan) -> Iterator[Entry]:
    split = plan.split
    yield Entry(("split", "kind"), split.kind)
    yield Entry(("split", "by"), split.by, comment=split.why, anew=True, after=("kind",))
    yield Entry(("split", "test"), plan.test, after=("by", "kind"))
    yield Entry(("split", "folds"), plan.folds, after=("test",))


def _selection(document: Mapping[str, Any], plan: Plan, table: tuple[str, str]) -> Iterator[Entry]:
    yield Entry(
        ("selection", "metric"), plan.goal.metric, comment=plan.goal.why_metric, after=("by",)
    )
    gate, present = plan.gate, document.get("selection") or {}
    if _is_of(document, plan, table) and gate.key in present:
        return  # somebody may have chosen it
    other = "maximum" if gate.key == "minimum" else "minimum"
    yield Entry(("selection", other), None)
    comment = f"guessing scores {gate.trivial:.4g}; {_SCORES if gate.key == 'minimum' else _LOSSES}"
    yield Entry(
        ("selection", gate.key),
        gate.value,
        comment=comment,
        anew=True,
        instead_of="minimum_r2",
        after=("metric",),
    )


def _is_of(document: Mapping[str, Any], plan: Plan, table: tuple[str, str]) -> bool:
    """Return whether a configuration is of the same table, target and metric."""
    metric = (document.get("selection") or {}).get("metric")
    return _is_of_table(document["data"], plan, table) and metric == plan.goal.metric


def _is_of_table(data: Mapping[str, Any], plan: Plan, table: tuple[str, str]) -> bool:
    return (data.get("database"), data.get("table"), data.get("target")) == (*table, plan.target)
