"""What a configuration says already of the same table and target: it counts as asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.starting.options import Asked
    from sagetabular.starting.tables.sources import Source


def with_present(
    asked: Asked, document: Mapping[str, Any], source: Source, table: tuple[str, str]
) -> Asked:
    """Return what is asked for, with what `conf/pipeline.yaml` has been given by hand since.

    So that beginning again with a table changes nothing that somebody has decided.

    Args:
        asked: What somebody wants now, which counts more.
        document: The file's content.
        source: The table.
        table: Its database and name in the lake.
    """
    data = document["data"]
    if (data.get("database"), data.get("table"), data.get("target")) != (*table, asked.target):
        return asked
    names = {column.name for column in source.columns}
    declared = {
        name: each if isinstance(each, dict) else {"type": each}
        for name, each in data["columns"].items()
        if name in names
    }
    dropped = {*data.get("drop", ())} & names
    split = _split(asked, document.get("split") or {}, names)
    decided = {asked.target, split.by, *asked.keep, *asked.drop}
    own = {name: each["format"] for name, each in declared.items() if "format" in each}
    return replace(
        split,
        task=asked.task or document.get("task"),
        metric=asked.metric or _metric(asked, document),
        positive=asked.positive or _text(data.get("positive")),
        keep=[*asked.keep, *(name for name in declared if name not in {*decided, *dropped})],
        drop=[*asked.drop, *(name for name in declared if name in dropped - decided)],
        formats={**own, **asked.formats},
        types={name: each["type"] for name, each in declared.items() if name not in asked.formats},
        missing=tuple(data.get("missing", ())),
    )


def _split(asked: Asked, split: Mapping[str, Any], names: set[str]) -> Asked:
    if asked.split is not None or split.get("by", next(iter(names))) not in names:
        return asked
    return replace(asked, split=split.get("kind"), by=split.get("by"))


def _metric(asked: Asked, document: Mapping[str, Any]) -> str | None:
    """Return the metric, unless another task is asked for."""
    same = asked.task in (None, document.get("task"))
    return (document.get("selection") or {}).get("metric") if same else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
