"""A table of Parquet files as Glue's catalogue describes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
# What Athena demands of a table of Parquet files.
_FORMAT = {
    "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
    "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe"},
}


@dataclass(frozen=True)
class GlueTable:
    """A table as it is to be.

    Attributes:
        database: The database that has it.
        name: Its name.
        columns: Column → Athena's type, in order.
        location: S3 URI of the folder of its files.
        home: What the locations of all its contents begin with.
        description: What a reader of the catalogue is told.
        parameters: Further properties.
        partition_keys: Column that the files do not have → Athena's type; its value is a folder's.
        partitions: Values of these columns, one each → S3 URI of the folder that has them.
    """

    database: str
    name: str
    columns: Mapping[str, str]
    location: str
    home: str
    description: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    partition_keys: Mapping[str, str] = field(default_factory=dict)
    partitions: Mapping[tuple[str, ...], str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its name as a query would write it."""
        return f"{self.database}.{self.name}"

    def request(self) -> dict[str, Any]:
        """The table as Glue's `TableInput`."""
        return {
            "Name": self.name,
            "Description": self.description,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE", **self.parameters},
            "StorageDescriptor": self._storage(self.location),
            "PartitionKeys": _as_list(self.partition_keys),
        }

    def partition_requests(self) -> dict[tuple[str, ...], dict[str, Any]]:
        """Its partitions as Glue's `PartitionInput`, by their values."""
        return {
            values: {"Values": [*values], "StorageDescriptor": self._storage(location)}
            for values, location in self.partitions.items()
        }

    def _storage(self, location: str) -> dict[str, Any]:
        return {"Columns": _as_list(self.columns), "Location": location, **_FORMAT}


def _as_list(columns: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Type": kind} for name, kind in columns.items()]
