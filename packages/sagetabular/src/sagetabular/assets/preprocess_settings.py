"""What Preprocess needs of `conf/pipeline.yaml` and no pipeline parameter carries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagetabular.assets.flow import dropped_columns
from sagetabular.settings.one_hot import indicator_columns

if TYPE_CHECKING:
    from sagetabular.settings import PipelineConf


def preprocess_settings(pipeline: PipelineConf) -> bytes:
    """Return the document, JSON; its columns are those that Ingest leaves."""
    data = pipeline.data
    content: dict[str, Any] = {
        "target": data.target,
        "columns": _columns(pipeline),
        "one_hot": indicator_columns(data),
        "drop": [*data.drop, *_columns_for_splitting(pipeline)],
        "split": pipeline.split.model_dump(include={"kind", "by", "test", "validation"}),
    }
    return json.dumps(content, indent=1).encode()


def _columns(pipeline: PipelineConf) -> dict[str, dict[str, Any]]:
    """The declared columns without dropped ones, and numbers in place of encoded ones."""
    gone, encoded = dropped_columns(pipeline), indicator_columns(pipeline.data)
    columns: dict[str, dict[str, Any]] = {}
    for name, column in pipeline.data.columns.items():
        if name in encoded:
            columns |= {each: {"type": "number", "optional": False} for each in encoded[name]}
        elif name not in gone:
            columns[name] = column.model_dump(include={"type", "optional"})
    return columns


def _columns_for_splitting(pipeline: PipelineConf) -> list[str]:
    """The group, and every time: they order and separate rows, but are no features."""
    data, split = pipeline.data, pipeline.split
    times = [name for name, column in data.columns.items() if column.type == "time"]
    group = [split.by] if split.kind == "grouped" and split.by else []
    return [name for name in [*times, *group] if name not in data.drop]
