"""The table of the stack `data-lake`: its columns, and what its parameters are, from the settings.

The rule is that of `sagetabular.aws.glue.lake_files`, which keeps the table so once it is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.aws.glue.lake_files import TEXT, csv_delimiter, parquet_columns

if TYPE_CHECKING:
    from sagetabular.settings.data import Data

# Condition of data-lake.yaml: the format is chosen when the stack is deployed.
_IS_PARQUET = "IsParquet"


def glue_columns(data: Data) -> list[dict[str, Any]]:
    """Return the columns of the table, in the order of the settings.

    The type is a function of CloudFormation's: text, unless the files are Parquet.

    Args:
        data: The section `data` of `conf/pipeline.yaml`.
    """
    return [{**column, "Type": _type(column["Type"])} for column in parquet_columns(data)]


def _type(in_parquet: str) -> Any:
    if in_parquet == TEXT:
        return in_parquet
    return {"Fn::If": [_IS_PARQUET, in_parquet, TEXT]}


def lake_parameters(data: Data, pipeline: str) -> dict[str, str]:
    """Return the values of the parameters of data-lake.yaml that the settings decide.

    Args:
        data: The section `data` of `conf/pipeline.yaml`.
        pipeline: What the pipeline is called; a database is named after it where none is set.
    """
    database, table = data.database or pipeline.replace("-", "_"), data.table or "training"
    named = {"Database": database.lower(), "Table": table.lower()}
    delimiter = csv_delimiter(data)
    if delimiter is None:
        return {**named, "DataFormat": "parquet"}
    return {**named, "DataFormat": "csv", "Delimiter": delimiter}
