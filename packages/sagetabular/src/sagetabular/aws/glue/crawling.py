"""A Glue crawler: it looks at files in S3, and makes tables of them in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagetabular.aws.errors import code_of, explained
from sagetabular.aws.waiting import LONGEST, SHORTEST, passes
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_GROWTH = 1.5
_READY = "READY"


@dataclass(frozen=True)
class Crawler:
    """A crawler as it is to be.

    Attributes:
        name: Its name.
        role: ARN of a role that Glue may assume, and that may read the files.
        database: Where it makes the tables.
        uri: S3 URI of the folder that it looks into.
        tags: Its tags.
    """

    name: str
    role: str
    database: str
    uri: str
    tags: Mapping[str, str] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """Return Glue's request, without the tags, which only a new crawler is given."""
        return {
            "Name": self.name,
            "Role": self.role,
            "DatabaseName": self.database,
            "Targets": {"S3Targets": [{"Path": self.uri}]},
            # What is gone from S3 stays in the catalogue, with a note in the crawler's log.
            "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"},
        }


class Crawlers:
    """The crawlers of an account.

    Args:
        connect: Makes a boto3 client of the service `glue`; called again when credentials have
            expired, so that signing in anew elsewhere is enough.
        tell: Hears how it goes.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        tell: Callable[[str], None],
        sleep: Callable[[float], None],
    ) -> None:
        self._connect, self._client = connect, connect()
        self._tell, self._sleep = tell, sleep

    def put(self, crawler: Crawler) -> str:
        """Make a crawler what it is to be: `created`, `updated`, or `running` and left alone.

        Raises:
            UserError: Glue refuses.
        """
        standing = self._find(crawler.name)
        if standing is None:
            with explained("Glue", "CreateCrawler"):
                self._client.create_crawler(**crawler.request(), Tags=dict(crawler.tags))
            return "created"
        if standing["State"] != _READY:
            return "running"
        with explained("Glue", "UpdateCrawler"):
            self._client.update_crawler(**crawler.request())
        return "updated"

    def start(self, name: str) -> None:
        """Start a crawler, unless it runs.

        Raises:
            UserError: Glue refuses.
        """
        from botocore.exceptions import ClientError

        with explained("Glue", "StartCrawler"):
            try:
                self._client.start_crawler(Name=name)
            except ClientError as err:
                if code_of(err) != "CrawlerRunningException":
                    raise

    def until_ended(self, name: str) -> None:
        """Wait until a crawler has ended, however long it takes.

        Raises:
            UserError: It has failed or was stopped, or Glue refuses in a way that will not pass.
        """
        pause = SHORTEST
        while (standing := self._look(name)) is None or standing["State"] != _READY:
            self._sleep(pause)
            pause = min(pause * _GROWTH, LONGEST)
        last = standing.get("LastCrawl", {})
        if last.get("Status") != "SUCCEEDED":
            reason = " ".join(str(last.get("ErrorMessage", "no reason given")).split())
            msg = (
                f"Glue crawler {name} must succeed, got {last.get('Status', 'no status')}: {reason}"
            )
            group, stream = last.get("LogGroup", "/aws-glue/crawlers"), last.get("LogStream", name)
            raise UserError(msg, f"Its log is the stream {stream} of {group} in CloudWatch.")

    def tables(self, database: str, uri: str) -> list[str]:
        """Return the tables whose files lie in a folder, sorted.

        Raises:
            UserError: Glue refuses.
        """
        with explained("Glue", "GetTables"):
            pages = self._client.get_paginator("get_tables").paginate(DatabaseName=database)
            found = [table for page in pages for table in page["TableList"]]
        folder = f"{uri.rstrip('/')}/"
        return sorted(table["Name"] for table in found if _location(table).startswith(folder))

    def _find(self, name: str) -> dict[str, Any] | None:
        from botocore.exceptions import ClientError

        with explained("Glue", "GetCrawler"):
            try:
                answer: dict[str, Any] = self._client.get_crawler(Name=name)
            except ClientError as err:
                if code_of(err) == "EntityNotFoundException":
                    return None
                raise
        found: dict[str, Any] = answer["Crawler"]
        return found

    def _look(self, name: str) -> dict[str, Any] | None:
        """Return how a crawler stands, None if that cannot be seen now."""
        try:
            standing = self._find(name)
        except UserError as refusal:
            if not passes(refusal.__cause__):
                raise
            self._tell(f"{refusal.message} Looking again; the crawler is not affected.")
            self._client = self._connect()
            return None
        if standing is None:
            msg = f"Glue crawler {name} was removed while it was waited for."
            raise UserError(msg, "Run `pipeline data crawl` again.")
        return standing


def _location(table: Mapping[str, Any]) -> str:
    """Return the S3 URI of a table's folder, with a slash at its end."""
    location: str = table.get("StorageDescriptor", {}).get("Location", "")
    return f"{location.rstrip('/')}/"
