"""Steps of a Data Wrangler flow, applied to a table.

Data Wrangler's own container runs it on AWS, with Spark; here DuckDB and Arrow emulate that.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.wrangler.categories import encode_categorical, format_string
from sagetabular.jobs.wrangler.nodes import (
    CAST,
    ENCODE_CATEGORICAL,
    FORMAT_STRING,
    MANAGE_COLUMNS,
    SOURCE,
    listed,
    names_with,
    unknown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

# Data Wrangler's name of a type → SQL's.
_TYPES = {"float": "DOUBLE", "string": "VARCHAR", "datetime": "TIMESTAMP"}


def run_flow(
    flow: Mapping[str, Any], read: Callable[[Mapping[str, Any]], pa.Table]
) -> dict[str, pa.Table]:
    """Run a flow.

    Args:
        flow: The document.
        read: Returns the rows of a source, given its data set's definition.

    Returns:
        Name of each node's output, `<node>.default` → table.

    Raises:
        JobError: It has an operator that is not known here, or one that does not fit its table.
    """
    tables: dict[str, pa.Table] = {}
    for node in flow["nodes"]:
        if node["operator"] == SOURCE:
            table = read(node["parameters"]["dataset_definition"])
        else:
            (given,) = node["inputs"]
            table = _transform(node)(tables[f"{given['node_id']}.{given['output_name']}"], node)
        tables[f"{node['node_id']}.default"] = table
    return tables


def _transform(node: Mapping[str, Any]) -> Callable[[pa.Table, Mapping[str, Any]], pa.Table]:
    known = {
        CAST: _cast,
        MANAGE_COLUMNS: _manage_columns,
        FORMAT_STRING: format_string,
        ENCODE_CATEGORICAL: encode_categorical,
    }
    if node["operator"] not in known:
        raise unknown(f"the operator {node['operator']}", node)
    return known[node["operator"]]


def _cast(table: pa.Table, node: Mapping[str, Any]) -> pa.Table:
    """Give every column its type; as in Spark, what is not of it becomes null."""
    schema: dict[str, str] = node["trained_parameters"]["schema"]
    if sorted(schema) != sorted(table.column_names):
        msg = f"The flow casts {', '.join(schema)}, but the query gives {listed(table)}."
        raise JobError(msg, "Let data.columns in conf/pipeline.yaml be what the query returns.")
    for name, kind in schema.items():
        if kind not in _TYPES:
            raise unknown(f"the type {kind} of {name}", node)
    columns = [
        f"TRY_CAST({_quoted(name)} AS {_TYPES[kind]}) AS {_quoted(name)}"
        for name, kind in schema.items()
    ]
    with closing(duckdb.connect(":memory:", config={"threads": "1"})) as connection:
        connection.register("given", table)
        return connection.sql(f"SELECT {', '.join(columns)} FROM given").to_arrow_table()  # noqa: S608  (quoted above)


def _manage_columns(table: pa.Table, node: Mapping[str, Any]) -> pa.Table:
    parameters = node["parameters"]
    if parameters["operator"] == "Drop column":
        dropped: str = parameters["drop_column_parameters"]["column_to_drop"]
        return table.select([name for name in names_with(table, dropped, node) if name != dropped])
    if parameters["operator"] != "Move column":
        raise unknown(f"the operator {parameters['operator']!r} of {node['operator']}", node)
    move = parameters["move_column_parameters"]
    if move["move_type"] != "Move to start":
        raise unknown(f"the move {move['move_type']!r}", node)
    moved: str = move["move_to_start_parameters"]["column_to_move"]
    rest = [name for name in names_with(table, moved, node) if name != moved]
    return table.select([moved, *rest])


def _quoted(name: str) -> str:
    """Return an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
