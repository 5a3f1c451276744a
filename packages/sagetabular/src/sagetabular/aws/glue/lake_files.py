"""How Athena reads the files of a lake: the columns and the format that the settings say.

CSV files it reads by OpenCSVSerDe, which alone knows quotes and has every column as text, by its
position; the pipeline reads numbers and times from text by its own rules. Parquet files it reads by
name, and their types must be the table's. `data-lake.yaml` says the same of a table that is new.
https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.aws.glue.table import PARQUET

if TYPE_CHECKING:
    from sagetabular.settings.data import Data

TEXT = "string"
_TYPES = {"number": "double", "category": TEXT, "time": "timestamp"}
HEADER = "skip.header.line.count"


def parquet_columns(data: Data) -> list[dict[str, str]]:
    """Return name, type in Parquet and comment of each column, in the order of the settings.

    Args:
        data: The section `data` of `conf/pipeline.yaml`.
    """
    return [
        {
            "Name": name,
            "Type": _TYPES[column.type],
            "Comment": f"{column.type}, optional" if column.optional else column.type,
        }
        for name, column in data.columns.items()
    ]


def csv_delimiter(data: Data) -> str | None:
    """Return what separates the cells of CSV files; None where the table is one of Parquet files.

    That is where Athena would not read such CSV files as the pipeline does.

    Args:
        data: The section `data` of `conf/pipeline.yaml`.
    """
    files = data.files
    if files != type(files)(delimiter=files.delimiter) or files.delimiter == "blanks":
        return None
    return (files.delimiter or ",").replace("tab", "\t")


def table_storage(data: Data) -> dict[str, Any]:
    """Return the settings' part of Glue's `StorageDescriptor`.

    Args:
        data: The section `data` of `conf/pipeline.yaml`.
    """
    columns, delimiter = parquet_columns(data), csv_delimiter(data)
    if delimiter is None:
        return {"Columns": columns, **PARQUET}
    return {
        "Columns": [{**column, "Type": TEXT} for column in columns],
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "SerdeInfo": {
            "SerializationLibrary": "org.apache.hadoop.hive.serde2.OpenCSVSerde",
            "Parameters": {"separatorChar": delimiter, "quoteChar": '"', "escapeChar": "\\"},
        },
    }


def table_parameters(data: Data) -> dict[str, str]:
    """Return the settings' part of a table's `Parameters`.

    Args:
        data: The section `data` of `conf/pipeline.yaml`.
    """
    if csv_delimiter(data) is None:
        return {"classification": "parquet"}
    return {"classification": "csv", HEADER: "1"}
