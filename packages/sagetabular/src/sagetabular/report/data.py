"""What an execution read: its rows, their classes, and what was missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.printing import printable
from sagetabular.report.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.report.artefacts import Artefacts
    from sagetabular.report.settings import Group

# What Preprocess notes → what a reader calls it; executions of earlier versions have less.
_COUNTS = {
    "rows_read": "rows read",
    "repeated_rows": "rows that repeat another one",
    "duplicates_removed": "duplicates removed",
    "training_rows": "training rows",
    "test_rows": "test rows",
}
_CLASS_WEIGHTS = "data.class_weights"
_COLUMNS = {
    "columns_left_out": "columns that no model sees",
    "columns_absent": "optional columns that are not there",
}


def data_tables(artefacts: Artefacts, groups: Sequence[Group]) -> list[Table]:
    """Return what Preprocess noted about the rows, and what it was told of their weights."""
    summary = artefacts.summary
    if summary is None:
        return []
    counts = [
        *([name, f"{summary[key]:,}"] for key, name in _COUNTS.items() if key in summary),
        ["rows of the folds", ", ".join(f"{size:,}" for size in summary["fold_rows"])],
        ["fingerprint of the rows", summary["fingerprint"]],
    ]
    gone = [[name, ", ".join(summary[key])] for key, name in _COLUMNS.items() if summary.get(key)]
    notes = [["note", note] for note in summary.get("notes", [])]
    missing = [[name, f"{count:,}"] for name, count in summary["missing_values"].items()]
    tables = [Table("Rows", ["what", "value"], [*counts, *_weights(groups), *gone, *notes])]
    tables += _classes(summary)
    return tables + ([Table("Missing values", ["column", "rows "], missing)] if missing else [])


def _weights(groups: Sequence[Group]) -> list[list[str]]:
    """Return what weighs rows while models are fitted; scores count every row once."""
    told = {name: value for group in groups for name, value in group.values.items()}
    column = told.get("data.weights")
    by_class = [
        f"{name.removeprefix(_CLASS_WEIGHTS).removeprefix('.')} {value}".strip()
        for name, value in told.items()
        if name.startswith(_CLASS_WEIGHTS)
    ]
    rows = [["weights of the rows", f"column {column}"]] if column else []
    return rows + ([["weights of the classes", ", ".join(by_class)]] if by_class else [])


def _classes(summary: Mapping[str, Any]) -> list[Table]:
    """Return how many rows each class has; nothing where the target is a number."""
    rows = summary.get("class_rows", {})
    total = sum(rows.values())
    cells = [
        [printable(name), f"{rows[name]:,}", f"{rows[name] / total:.1%}"]
        for name in summary.get("classes", [])
        if name in rows
    ]
    return [Table("Classes", ["class", "rows ", "share "], cells)] if cells else []
