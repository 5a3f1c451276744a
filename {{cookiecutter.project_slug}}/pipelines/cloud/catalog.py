"""Tables of Parquet files in the Glue catalogue, which is what Athena reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.cloud.refusals import code_of, explained
from pipelines.errors import UserError

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
    """

    database: str
    name: str
    columns: Mapping[str, str]
    location: str
    home: str
    description: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its name as a query would write it."""
        return f"{self.database}.{self.name}"

    def request(self) -> dict[str, Any]:
        """The table as Glue's `TableInput`."""
        columns = [{"Name": name, "Type": kind} for name, kind in self.columns.items()]
        return {
            "Name": self.name,
            "Description": self.description,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE", **self.parameters},
            "StorageDescriptor": {"Columns": columns, "Location": self.location, **_FORMAT},
        }


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
        if _is_as_wanted(standing, request["TableInput"]):
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


def require_own(table: Table, standing: Mapping[str, Any] | None) -> None:
    """Refuse to change a table that means something else.

    Args:
        table: The table as it is to be.
        standing: What there is.

    Raises:
        UserError: It has other columns, or its files lie elsewhere.
    """
    if standing is None:
        return
    storage = standing.get("StorageDescriptor", {})
    remedy = "Give --replace to redefine it (no file is removed), or another name with --table."
    there = {column["Name"]: column.get("Type", "") for column in storage.get("Columns", [])}
    if there != dict(table.columns):
        difference = _difference(there, table.columns)
        msg = f"Glue has a table {table.label} with other columns: {difference}."
        raise UserError(msg, remedy)
    location = storage.get("Location", "")
    if not location.startswith(table.home):
        msg = f"Glue has a table {table.label} with files in {location}, not below {table.home}."
        raise UserError(msg, remedy)


def _difference(there: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    """Name the first column in which they differ."""
    for name, kind in wanted.items():
        if there.get(name) != kind:
            return f"{name} is {there[name]} there, {kind} here" if name in there else f"no {name}"
    extra = [name for name in there if name not in wanted]
    return f"{extra[0]} is not here"


def _is_as_wanted(there: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there; Glue adds members of its own."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(
            _is_as_wanted(there.get(key), value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(there, list)
            and len(there) == len(wanted)
            and all(map(_is_as_wanted, there, wanted))
        )
    return bool((there or "") == wanted)
