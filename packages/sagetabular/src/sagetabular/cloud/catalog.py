"""Tables of Parquet files in the Glue catalogue, which is what Athena reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagetabular.cloud.refusals import code_of, explained
from sagetabular.cloud.standing import is_as_wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
_ABSENT = "EntityNotFoundException"
# What Athena demands of a table of Parquet files.
_FORMAT = {
    "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
    "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe"},
}


@dataclass(frozen=True)
class Table:
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


class Catalog:
    """The Glue catalogue of an account.

    Args:
        client: A boto3 client of the service `glue`.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def put(self, table: Table, standing: Mapping[str, Any] | None, tags: Mapping[str, str]) -> str:
        """Make a table what it is to be, and its database if there is none.

        Args:
            table: The table.
            standing: What there is now, as `find` says.
            tags: For a database that is made; tables have none.

        Returns:
            `created`, `updated` or `unchanged`.

        Raises:
            UserError: Glue refuses.
        """
        request = {"DatabaseName": table.database, "TableInput": table.request()}
        if standing is None:
            self._make_database(table.database, tags)
            with explained("Glue", "CreateTable"):
                self._client.create_table(**request)
            return "created"
        if is_as_wanted(standing, request["TableInput"]):
            return "unchanged"
        with explained("Glue", "UpdateTable"):
            self._client.update_table(**request)
        return "updated"

    def find(self, table: Table) -> dict[str, Any] | None:
        """Return what Glue knows of the table of this name, None if it has none.

        Raises:
            UserError: Glue refuses.
        """
        from botocore.exceptions import ClientError

        with explained("Glue", "GetTable"):
            try:
                found: dict[str, Any] = self._client.get_table(
                    DatabaseName=table.database, Name=table.name
                )
            except ClientError as err:
                if code_of(err) == _ABSENT:
                    return None
                raise
        standing: dict[str, Any] = found["Table"]
        return standing

    def _make_database(self, name: str, tags: Mapping[str, str]) -> None:
        from botocore.exceptions import ClientError

        with explained("Glue", "CreateDatabase"):
            try:
                self._client.create_database(DatabaseInput={"Name": name}, Tags=dict(tags))
            except ClientError as err:
                if code_of(err) != "AlreadyExistsException":
                    raise


def _as_list(columns: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Type": kind} for name, kind in columns.items()]
