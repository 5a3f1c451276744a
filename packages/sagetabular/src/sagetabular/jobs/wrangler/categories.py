"""The operators of a Data Wrangler flow that clean and encode categories."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.wrangler.nodes import ENCODING, names_with, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping


def format_string(table: pa.Table, node: Mapping[str, Any]) -> pa.Table:
    """Remove characters from the values of a column of text.

    Raises:
        JobError: The node does something else, or its column is not there.
    """
    if (operator := node["parameters"]["operator"]) != "Remove symbols":
        raise unknown(f"the operator {operator!r} of {node['operator']}", node)
    parameters = node["parameters"]["remove_symbols_parameters"]
    column: str = parameters["input_column"]
    position = names_with(table, column, node).index(column)
    pattern = "|".join(re.escape(symbol) for symbol in parameters["symbols"])
    values = pc.replace_substring_regex(table[column], pattern, "")
    return table.set_column(position, column, values)


def encode_categorical(table: pa.Table, node: Mapping[str, Any]) -> pa.Table:
    """Replace a column of text by one of 0.0 and 1.0 per category, behind the others.

    As in Data Wrangler: the most frequent category first, among equals by the alphabet; an empty
    text is no category.

    Raises:
        JobError: The node does something else, its column is not there, or a category's column is.
    """
    parameters = node["parameters"]
    if (operator := parameters["operator"]) != "One-hot encode":
        raise unknown(f"the operator {operator!r} of {node['operator']}", node)
    encoding = dict(parameters["one_hot_encode_parameters"])
    column = encoding.pop("input_column")
    if encoding != ENCODING:
        raise unknown(f"the encoding {encoding}", node)
    names = names_with(table, column, node)
    encoded = table.select([name for name in names if name != column])
    for category in _by_frequency(table[column]):
        name = f"{column}_{category}"
        if name in encoded.column_names:
            msg = f"The flow makes the column {name} of the category {category!r}, but has it."
            raise JobError(msg, "Rename the category or the column in the query (data.query).")
        has = pc.fill_null(pc.equal(table[column], category), False)
        encoded = encoded.append_column(name, pc.cast(has, pa.float64()))
    return encoded


def _by_frequency(values: pa.ChunkedArray) -> list[str]:
    counts = {str(pair["values"]): pair["counts"] for pair in _counted(values) if pair["values"]}
    return sorted(counts, key=lambda category: (-counts[category], category))


def _counted(values: pa.ChunkedArray) -> list[dict[str, Any]]:
    pairs: list[dict[str, Any]] = pc.value_counts(values).to_pylist()
    return pairs
