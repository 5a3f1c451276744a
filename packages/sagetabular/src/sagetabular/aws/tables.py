"""Tables of Athena, made of the local lake or of files in S3; whoever asks hears what happens."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sagetabular.aws.deploying import report_identity, tags_of
from sagetabular.aws.deployment import account_value, output_key, prefix_of
from sagetabular.aws.glue.athena import athena_table
from sagetabular.aws.glue.catalog import Catalog
from sagetabular.aws.glue.crawling import Crawler, Crawlers
from sagetabular.aws.glue.partitions import Partitions
from sagetabular.aws.glue.table import partition_names, require_own
from sagetabular.aws.s3 import Bucket, Uploaded
from sagetabular.errors import UserError
from sagetabular.lake.store import PART, table_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sagetabular.aws.account import Account
    from sagetabular.aws.deploying import Report
    from sagetabular.aws.deployment import Deployment
    from sagetabular.aws.glue.athena import Laid
    from sagetabular.aws.glue.partitioning import Part
    from sagetabular.aws.glue.table import GlueTable
    from sagetabular.project import Project

_FOLDER = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S+")


@dataclass(frozen=True)
class Crawling:
    """A crawler that has been started.

    Attributes:
        crawler: What it is.
        crawlers: Those of its account.
    """

    crawler: Crawler
    crawlers: Crawlers

    def tables(self) -> list[str]:
        """Wait until it has ended, however long that takes, and return its tables.

        Raises:
            UserError: The crawler fails or makes no table, or AWS refuses.
        """
        self.crawlers.until_ended(self.crawler.name)
        names = self.crawlers.tables(self.crawler.database, self.crawler.uri)
        if not names:
            msg = "The crawler has ended, and no table of that folder is in the catalogue."
            raise UserError(msg, "Check the folder's name, and that the role may read its files.")
        return names


def upload_table(
    project: Project,
    deployment: Deployment,
    table: str | None,
    partition_by: Sequence[str],
    report: Report,
    *,
    replace: bool,
) -> str:
    """Make a table of the local lake one of Athena's, and return where its files are.

    Args:
        project: The project.
        deployment: Where it stands.
        table: Its name in the lake; that of `conf/pipeline.yaml` if None.
        partition_by: Columns whose values become partitions; one file without partitions if none.
        report: Hears what is about to be done, and what was.
        replace: Redefine a table of this name that is another one.

    Raises:
        UserError: The lake does not have it, Athena has another one, or AWS refuses.
    """
    database, own = table_of(project)
    name, bucket = table or own, account_value(project, deployment, "Bucket")
    home = f"s3://{bucket}/{prefix_of(project, deployment)}/lake/{database}/{name}/"
    laid = athena_table(project.lake, database, name, home, partition_by)
    file = table_folder(project.lake, database, name) / PART
    account = deployment.connect()
    _announce(account, laid.table, file, report)
    glue = account.client("glue")
    standing = Catalog(glue).find(laid.table.database, laid.table.name)
    if not replace:
        require_own(laid.table, standing)
    _send(Bucket(account.client("s3"), bucket, output_key(project, deployment)), laid, file, report)
    _register(glue, laid.table, standing, tags_of(project, deployment, account), report)
    return laid.table.location


def _announce(account: Account, table: GlueTable, file: Path, report: Report) -> None:
    keys, count = ", ".join(table.partition_keys), len(table.partitions)
    divided = f", {count:,} partitions by {keys}" if keys else ""
    report_identity(account, report)
    report("Table", [f"{table.label}, {file.stat().st_size:,} bytes{divided}"])
    report("Stored in", [table.location])
    report("Billed", ["storage in S3", "what queries of Athena scan"])


def _send(bucket: Bucket, laid: Laid, file: Path, report: Report) -> None:
    """Send the lake's own file, or one for each partition."""
    folder = laid.table.location.removeprefix(f"s3://{bucket.name}/")
    if laid.table.partition_keys:
        sent = _send_parts(bucket, folder, laid.parts)
    else:
        sent = bucket.put_missing_file(folder + file.name, file)
    report("", [f"Sent {sent.sent} of {sent.total} objects ({sent.size:,} bytes)"])


def _send_parts(bucket: Bucket, folder: str, parts: Iterable[Part]) -> Uploaded:
    import pyarrow.parquet as pq  # not for `crawl`

    sent = Uploaded(0, 0, 0)
    with TemporaryDirectory() as drafts:
        draft = Path(drafts) / PART
        for part in parts:
            pq.write_table(part.rows, draft)
            sent += bucket.put_missing_file(f"{folder}{part.folder}{PART}", draft)
    return sent


def _register(
    glue: Any,
    table: GlueTable,
    standing: Mapping[str, Any] | None,
    tags: Mapping[str, str],
    report: Report,
) -> None:
    """Make table and partitions what they are to be; the files are there already."""
    partitions, before = Partitions(glue, table), partition_names(standing or {})
    if before and before != [*table.partition_keys]:
        partitions.clear()  # their values would be taken for those of other columns
    report("", [f"Table {table.label} is {Catalog(glue).put(table, standing, tags)}"])
    if table.partition_keys:
        report("", [f"Partitions: {partitions.put()}"])


def start_crawler(
    project: Project, deployment: Deployment, uri: str, role: str | None, report: Report
) -> Crawling:
    """Make or change the Glue crawler for a folder of CSV files in S3, and start it.

    Args:
        project: The project.
        deployment: Where it stands.
        uri: S3 URI of the folder.
        role: ARN of a role for Glue; that of `conf/aws.yaml` if None.
        report: Hears what is about to be done, and what was.

    Raises:
        UserError: The URI is no folder's, the project reads no tables, or AWS refuses.
    """
    if not _FOLDER.fullmatch(uri):
        msg = f"The folder must be like s3://bucket/folder, got {uri!r}."
        raise UserError(msg, "Name the folder that holds the CSV files and nothing else.")
    database = table_of(project)[0].lower()
    role = role or account_value(project, deployment, "RoleArn")
    account = deployment.connect()
    report_identity(account, report)
    tags = tags_of(project, deployment, account)
    crawler = Crawler(f"{deployment.pipeline}-{database}", role, database, uri, tags)
    _announce_crawler(crawler, report)
    crawlers = Crawlers(lambda: account.client("glue"), lambda text: report("", [text]), time.sleep)
    report("", [f"Crawler {crawler.name} is {crawlers.put(crawler)}"])
    crawlers.start(crawler.name)
    return Crawling(crawler, crawlers)


def _announce_crawler(crawler: Crawler, report: Report) -> None:
    report("Crawler", [crawler.name])
    report("Role", [crawler.role])
    report("Reads", [crawler.uri])
    report("Database", [crawler.database])
    report("Billed", ["by Glue for the hours that the crawler runs"])


def table_of(project: Project) -> tuple[str, str]:
    """Return database and name of the table that the project reads.

    Raises:
        UserError: It reads none.
    """
    data = project.settings.pipeline.data
    if not data.reads_tables:
        msg = f"conf/pipeline.yaml: data.source {data.source!r} has no tables, and no database."
        raise UserError(msg, "Set it to athena, or to data_wrangler, and name both.")
    return data.table_name
