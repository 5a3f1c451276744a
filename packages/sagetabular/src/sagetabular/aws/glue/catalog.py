"""Tables of Parquet files in the Glue catalogue, which is what Athena reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.aws.errors import code_of, explained
from sagetabular.aws.glue.table import is_as_wanted
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.aws.glue.table import GlueTable

# https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html, "Errors".
_ABSENT, _CHANGED = "EntityNotFoundException", "ConcurrentModificationException"


class Catalog:
    """The Glue catalogue of an account.

    Args:
        client: A boto3 client of the service `glue`.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def put(
        self, table: GlueTable, standing: Mapping[str, Any] | None, tags: Mapping[str, str]
    ) -> str:
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
        wanted = table.request()
        if standing is None:
            self._make_database(table.database, tags)
            with explained("Glue", "CreateTable"):
                self._client.create_table(DatabaseName=table.database, TableInput=wanted)
            return "created"
        if is_as_wanted(standing, wanted):
            return "unchanged"
        self.update(table.database, wanted, standing)
        return "updated"

    def update(self, database: str, table: Mapping[str, Any], standing: Mapping[str, Any]) -> None:
        """Change a table, unless somebody has changed it since it was looked at.

        Args:
            database: Its database.
            table: Glue's `TableInput`.
            standing: What `find` said of it, whose version is to be replaced.

        Raises:
            UserError: It has another version by now, or Glue refuses.
        """
        version = {"VersionId": standing["VersionId"]} if "VersionId" in standing else {}
        try:
            with explained("Glue", "UpdateTable"):
                self._client.update_table(DatabaseName=database, TableInput=table, **version)
        except UserError as err:
            if code_of(err.__cause__) != _CHANGED:
                raise
            raise UserError(
                f"{database}.{table['Name']} must be as it was looked at, and somebody has changed "
                "it since.",
                "Run the same command again: it looks anew. Glue keeps the table as they made it.",
            ) from err.__cause__

    def find(self, database: str, name: str) -> dict[str, Any] | None:
        """Return what Glue knows of the table of this name, None if it has none.

        Args:
            database: Its database.
            name: Its name.

        Raises:
            UserError: Glue refuses.
        """
        from botocore.exceptions import ClientError

        with explained("Glue", "GetTable"):
            try:
                found: dict[str, Any] = self._client.get_table(DatabaseName=database, Name=name)
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
