"""The table of the stack `data-lake`: its columns, and what its parameters are, from the settings.

Athena reads CSV files by OpenCSVSerDe, which alone knows quotes and has every column as text, by
its position; the pipeline reads numbers and times from text by its own rules. Parquet files it
reads by name, and their types must be the table's.
https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagetabular.settings.data import Data
    from sagetabular.settings.files import Files

_TYPES = {"number": "double", "category": "string", "time": "timestamp"}
# Condition of data-lake.yaml: the format is chosen when the stack is deployed.
_IS_PARQUET = "IsParquet"


def glue_columns(data: Data) -> list[dict[str, Any]]:
    """Return the columns of the table, in the order of the settings.

    The type is a function of CloudFormation's: text, unless the files are Parquet.

    Args:
        data: The section `data` of `conf/pipeline.yaml`.
    """
    return [
        {
            "Name": name,
            "Type": _type(_TYPES[column.type]),
            "Comment": f"{column.type}, optional" if column.optional else column.type,
        }
        for name, column in data.columns.items()
    ]


def _type(in_parquet: str) -> Any:
    if in_parquet == "string":
        return in_parquet
    return {"Fn::If": [_IS_PARQUET, in_parquet, "string"]}


def lake_parameters(data: Data, pipeline: str) -> dict[str, str]:
    """Return the values of the parameters of data-lake.yaml that the settings decide.

    Args:
        data: The section `data` of `conf/pipeline.yaml`.
        pipeline: What the pipeline is called; a database is named after it where none is set.
    """
    database, table = data.database or pipeline.replace("-", "_"), data.table or "training"
    named = {"Database": database.lower(), "Table": table.lower()}
    if not _is_csv_for_athena(data.files):
        return {**named, "DataFormat": "parquet"}
    delimiter = (data.files.delimiter or ",").replace("tab", "\t")
    return {**named, "DataFormat": "csv", "Delimiter": delimiter}


def _is_csv_for_athena(files: Files) -> bool:
    """Return whether Athena reads such CSV files as the pipeline does."""
    plain = type(files)(delimiter=files.delimiter)
    return files == plain and files.delimiter != "blanks"
