"""The Data Wrangler flow of `source: data_wrangler`, rendered from `conf/pipeline.yaml`.

The query's columns → their declared types → `data.drop` left out → one-hot encoded where a column
says so → the target first. Encoding is an option, since whoever calls a model then has to encode
as the flow does; without it, each model does so by itself. Data Wrangler fits its encoding to all
rows, those of the test too, but finds out no more than which categories there are, and Preprocess
keeps those alone that the configuration lists.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.jobs.ingestion.query import without_end
from sagetabular.jobs.wrangler.nodes import (
    CAST,
    ENCODE_CATEGORICAL,
    ENCODING,
    FORMAT_STRING,
    MANAGE_COLUMNS,
    SOURCE,
)
from sagetabular.settings.data_checks import SYMBOLS, indicator_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings import PipelineConf
    from sagetabular.settings.data import Data

DATASET = "ingest"
FLOW_FILE = "ingest.flow"
TABLE = "${table}"
# Of the request's AthenaDatasetDefinition.
LONGEST_QUERY = 4096
_TYPES = {"number": "float", "category": "string", "time": "datetime"}
# How an operator calls the rows that it is given: Spark's data frame, save for this one.
_GIVEN = {CAST: "default"}
# A namespace of our own, so that a node's identifier is that of its content.
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "sagemaker.spark/flow")


@dataclass(frozen=True)
class Flow:
    """A flow.

    Attributes:
        content: The document, JSON.
        output: Name of what its last node gives.
    """

    content: bytes
    output: str


def dropped_columns(pipeline: PipelineConf) -> list[str]:
    """Return the columns that the flow leaves out: dropped ones that no split needs."""
    if pipeline.data.source != "data_wrangler":
        return []
    return [name for name in pipeline.data.drop if name != pipeline.split.by]


def select_declared(data: Data, query: str) -> str:
    """Return the query with its declared columns alone: the cast must name all that come.

    Args:
        data: The columns.
        query: The query, with `${table}`.

    Raises:
        UserError: The query has another placeholder or not this one, or is too long.
    """
    query = without_end(query)
    unknown = sorted(set(re.findall(r"\$\{[^}]*\}", query)) - {TABLE})
    if unknown:
        msg = f"{data.query}: the only placeholder is {TABLE}, got {unknown[0]}."
        raise UserError(msg, f"Write the value into the query, or use {TABLE}.")
    if TABLE not in query:
        msg = f"{data.query}: a flow's query must name its table as {TABLE}, and does not."
        raise UserError(msg, f"Write FROM {TABLE}, which is data.table of conf/pipeline.yaml.")
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in data.columns)
    # On the query's own first line, so that an error counts its lines as its author does.
    text = f"SELECT {names} FROM ({query}) AS ingest"  # noqa: S608  (quoted above)
    _check_length(data, text)
    return text


def _check_length(data: Data, text: str) -> None:
    length = len(text.replace(TABLE, f'"{data.table}"'))
    if length > LONGEST_QUERY:
        msg = f"{data.query}: a flow's query may have {LONGEST_QUERY:,} characters, got {length:,}"
        remedy = "Make a part of it a view in Athena, or use `source: athena`."
        raise UserError(f"{msg} with the columns' names.", remedy)


def render_flow(pipeline: PipelineConf, query: str) -> Flow:
    """Render the flow; the same configuration gives the same bytes.

    Args:
        pipeline: The configuration.
        query: The query, with `${table}`.

    Raises:
        UserError: The query cannot be a flow's.
    """
    data = pipeline.data
    nodes = [_source(data, query)]
    schema = {name: _TYPES[column.type] for name, column in data.columns.items()}
    nodes.append(_node(CAST, nodes[-1], {}, trained_parameters={"schema": schema}))
    for name in dropped_columns(pipeline):
        drop = {"operator": "Drop column", "drop_column_parameters": {"column_to_drop": name}}
        nodes.append(_node(MANAGE_COLUMNS, nodes[-1], drop))
    for name in indicator_columns(data):
        nodes.append(_node(FORMAT_STRING, nodes[-1], _without_symbols(name)))
        nodes.append(_node(ENCODE_CATEGORICAL, nodes[-1], _one_hot(name)))
    nodes.append(_node(MANAGE_COLUMNS, nodes[-1], _move_to_start(data.target)))
    document = {"metadata": {"version": 1, "disable_limits": False}, "nodes": nodes}
    content = json.dumps(document, indent=1, ensure_ascii=False)
    return Flow(f"{content}\n".encode(), f"{nodes[-1]['node_id']}.default")


def _source(data: Data, query: str) -> dict[str, Any]:
    """Name the data set; a job takes its rows from the request's input of this name."""
    database, table = data.table_name
    definition = {
        "datasetSourceType": "Athena",
        "name": DATASET,
        "catalogName": "AwsDataCatalog",
        "databaseName": database,
        "queryString": select_declared(data, query).replace(TABLE, f'"{table}"'),
        # The document holds no account's values. Studio asks for a place when it is opened there.
        "s3OutputLocation": "s3://the-requests-own-bucket/",
        "outputFormat": "parquet",
    }
    return _node(SOURCE, None, {"dataset_definition": definition})


def _without_symbols(column: str) -> dict[str, Any]:
    """Clean the categories, which become names of columns."""
    removal = {"symbols": SYMBOLS, "input_column": column}
    return {"operator": "Remove symbols", "remove_symbols_parameters": removal}


def _one_hot(column: str) -> dict[str, Any]:
    encoding = {**ENCODING, "input_column": column}
    return {"operator": "One-hot encode", "one_hot_encode_parameters": encoding}


def _move_to_start(column: str) -> dict[str, Any]:
    move = {
        "move_type": "Move to start",
        "move_to_start_parameters": {"column_to_move": column},
    }
    return {"operator": "Move column", "move_column_parameters": move}


def _node(
    operator: str, before: Mapping[str, Any] | None, parameters: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """Make a node, named by its content and by what comes before it."""
    link = {"name": _GIVEN.get(operator, "df"), "output_name": "default"}
    node = {
        "type": "TRANSFORM" if before else "SOURCE",
        "operator": operator,
        "parameters": parameters,
        **more,
        "inputs": [{**link, "node_id": before["node_id"]}] if before else [],
        "outputs": [{"name": "default"}],
    }
    identifier = uuid.uuid5(_NAMESPACE, json.dumps(node, sort_keys=True))
    return {"node_id": str(identifier), **node}
