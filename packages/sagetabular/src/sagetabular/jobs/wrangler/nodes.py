"""A Data Wrangler flow: the operators that this project uses, and what all of them check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.jobs.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

SOURCE = "sagemaker.athena_source_0.1"
CAST = "sagemaker.spark.infer_and_cast_type_0.1"
MANAGE_COLUMNS = "sagemaker.spark.manage_columns_0.1"
FORMAT_STRING = "sagemaker.spark.format_string_0.1"
ENCODE_CATEGORICAL = "sagemaker.spark.encode_categorical_0.1"
# The encoding by which a row without a category has 0 in all columns, and no category lacks one.
ENCODING = {"invalid_handling_strategy": "Keep", "drop_last": False, "output_style": "Columns"}


def names_with(table: pa.Table, column: str, node: Mapping[str, Any]) -> list[str]:
    """Return the columns of a table.

    Raises:
        JobError: The one that the node needs is none of them.
    """
    names: list[str] = table.column_names
    if column not in names:
        msg = f"The flow's node {node['node_id']} needs the column {column}; {listed(table)} came."
        raise JobError(msg, "Correct data.columns and data.drop in conf/pipeline.yaml.")
    return names


def unknown(what: str, node: Mapping[str, Any]) -> JobError:
    """Return the error about something in a node that has no local stand-in."""
    return JobError(
        f"The flow's node {node['node_id']} has {what}, which only Data Wrangler itself knows.",
        "Run this flow on AWS, or leave it to conf/pipeline.yaml, which a local run knows all of.",
    )


def listed(table: pa.Table) -> str:
    """Return the names of a table's columns, as an error shows them."""
    return ", ".join(table.column_names)
