"""A table of Parquet files as Glue's catalogue describes it, and as it may be there already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGE = "org.apache.hadoop.hive.ql.io.parquet"
# What Athena demands of a table of Parquet files.
PARQUET = {
    "InputFormat": f"{_PACKAGE}.MapredParquetInputFormat",
    "OutputFormat": f"{_PACKAGE}.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": f"{_PACKAGE}.serde.ParquetHiveSerDe"},
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
        description: Text for readers of the catalogue.
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
        """Return the table as Glue's `TableInput`."""
        return {
            "Name": self.name,
            "Description": self.description,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE", **self.parameters},
            "StorageDescriptor": self._storage(self.location),
            "PartitionKeys": _as_list(self.partition_keys),
        }

    def partition_requests(self) -> dict[tuple[str, ...], dict[str, Any]]:
        """Return the partitions as Glue's `PartitionInput`, by their values."""
        return {
            values: {"Values": [*values], "StorageDescriptor": self._storage(location)}
            for values, location in self.partitions.items()
        }

    def _storage(self, location: str) -> dict[str, Any]:
        return {"Columns": _as_list(self.columns), "Location": location, **PARQUET}


def _as_list(columns: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Type": kind} for name, kind in columns.items()]


def require_own(table: GlueTable, standing: Mapping[str, Any] | None) -> None:
    """Refuse to change a table that means something else.

    Args:
        table: The table as it is to be.
        standing: What there is.

    Raises:
        UserError: It has other columns or partitions, or its files lie elsewhere.
    """
    if standing is None:
        return
    _require_partitioning(table, partition_names(standing))
    storage = standing.get("StorageDescriptor", {})
    remedy = "Give --replace to redefine it (no file is removed), or another name with --table."
    listed = [*storage.get("Columns", []), *standing.get("PartitionKeys", [])]
    there = {column["Name"]: column.get("Type", "") for column in listed}
    wanted = {**table.columns, **table.partition_keys}
    if there != wanted:
        difference = _difference(there, wanted)
        msg = f"Glue has a table {table.label} with other columns: {difference}."
        raise UserError(msg, remedy)
    location = storage.get("Location", "")
    if not location.startswith(table.home):
        msg = f"Glue has a table {table.label} with files in {location}, not below {table.home}."
        raise UserError(msg, remedy)


def partition_names(standing: Mapping[str, Any]) -> list[str]:
    """Return the columns that a table in the catalogue is partitioned by, in order."""
    return [str(column["Name"]) for column in standing.get("PartitionKeys", [])]


def _require_partitioning(table: GlueTable, there: list[str]) -> None:
    """Refuse to lay out anew what queries, and whoever writes to the table, rely on."""
    wanted = [*table.partition_keys]
    if there == wanted:
        return
    says = [f"partitioned by {', '.join(names)}" if names else "whole" for names in (there, wanted)]
    same = " ".join(f"--partition-by {name}" for name in there) or "no --partition-by"
    msg = f"Glue has a table {table.label} that is {says[0]}, not {says[1]}."
    raise UserError(msg, f"Give {same} to keep it so, or --replace to lay it out anew.")


def _difference(there: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    """Name the first column in which they differ."""
    for name, kind in wanted.items():
        if there.get(name) != kind:
            return f"{name} is {there[name]} there, {kind} here" if name in there else f"no {name}"
    extra = [name for name in there if name not in wanted]
    return f"{extra[0]} is not here"


def is_as_wanted(there: Any, wanted: Any) -> bool:
    """Return whether all that is wanted is there.

    Args:
        there: A part of what Glue describes, which has members of its own.
        wanted: The same part of a request.
    """
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(
            is_as_wanted(there.get(key), value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        found = there or []  # Glue may leave out what is empty
        return len(found) == len(wanted) and all(map(is_as_wanted, found, wanted))
    return bool((there or "") == wanted)
