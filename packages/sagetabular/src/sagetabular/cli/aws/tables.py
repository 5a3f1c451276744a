"""`pipeline data upload` and `crawl`: what the local lake has, or S3, as tables of Athena."""

from __future__ import annotations

import re
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import typer

from sagetabular.aws.account import Account
from sagetabular.aws.deploying import report_identity, tags_of
from sagetabular.aws.deployment import account_value, deployment_of, output_key, prefix_of
from sagetabular.aws.glue.catalog import Catalog
from sagetabular.aws.glue.comparison import partition_names, require_own
from sagetabular.aws.glue.crawling import Crawler, Crawlers
from sagetabular.aws.glue.partitions import Partitions
from sagetabular.aws.glue.tables import athena_table
from sagetabular.aws.uploading import Bucket, Uploaded
from sagetabular.cli.aws.reporting import report, say
from sagetabular.errors import UserError
from sagetabular.lake.store import PART, table_folder
from sagetabular.project import find_project

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sagetabular.aws.glue.partitioning import Part
    from sagetabular.aws.glue.table import GlueTable
    from sagetabular.aws.glue.tables import Laid
    from sagetabular.project import Project

_FOLDER = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S+")


def upload(table: str | None, partition_by: Sequence[str], *, replace: bool) -> None:
    """Make a table of the local lake one of Athena's, and print where its files are.

    Args:
        table: Its name in the lake; that of `conf/pipeline.yaml` if None.
        partition_by: Columns whose values become partitions; one file without partitions if none.
        replace: Redefine a table of this name that is another one.

    Raises:
        UserError: The lake does not have it, Athena has another one, or AWS refuses.
    """
    project = find_project()
    deployment, (database, own) = deployment_of(project), _table_of(project)
    name, bucket = table or own, account_value(project, deployment, "Bucket")
    home = f"s3://{bucket}/{prefix_of(project, deployment)}/lake/{database}/{name}/"
    laid = athena_table(project.lake, database, name, home, partition_by)
    file = table_folder(project.lake, database, name) / PART
    account = Account(deployment.region)
    _announce(account, laid.table, file)
    glue = account.client("glue")
    standing = Catalog(glue).find(laid.table)
    if not replace:
        require_own(laid.table, standing)
    _send(Bucket(account.client("s3"), bucket, output_key(project, deployment)), laid, file)
    _register(glue, laid.table, standing, tags_of(project, deployment, account))
    typer.echo(laid.table.location)


def _announce(account: Account, table: GlueTable, file: Path) -> None:
    keys, count = ", ".join(table.partition_keys), len(table.partitions)
    divided = f", {count:,} partitions by {keys}" if keys else ""
    report_identity(account, report)
    report("Table", [f"{table.label}, {file.stat().st_size:,} bytes{divided}"])
    report("Stored in", [table.location])
    report("Billed", ["storage in S3", "what queries of Athena scan"])


def _send(bucket: Bucket, laid: Laid, file: Path) -> None:
    """Send the lake's own file, or one for each partition."""
    folder = laid.table.location.removeprefix(f"s3://{bucket.name}/")
    if laid.table.partition_keys:
        sent = _send_parts(bucket, folder, laid.parts)
    else:
        sent = bucket.put_missing_file(folder + file.name, file)
    say(f"Sent {sent.sent} of {sent.total} objects ({sent.size:,} bytes)")


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
    glue: Any, table: GlueTable, standing: Mapping[str, Any] | None, tags: Mapping[str, str]
) -> None:
    """Make table and partitions what they are to be; the files are there already."""
    partitions, before = Partitions(glue, table), partition_names(standing or {})
    if before and before != [*table.partition_keys]:
        partitions.clear()  # their values would be taken for those of other columns
    say(f"Table {table.label} is {Catalog(glue).put(table, standing, tags)}")
    if table.partition_keys:
        say(f"Partitions: {partitions.put()}")


def crawl(uri: str, role: str | None, *, wait: bool) -> None:
    """Let a Glue crawler make tables of CSV files that are in S3, and print their names.

    Args:
        uri: S3 URI of their folder.
        role: ARN of a role for Glue; that of `conf/aws.yaml` if None.
        wait: Stay until the crawler has ended.

    Raises:
        UserError: The crawler fails, or AWS refuses.
    """
    if not _FOLDER.fullmatch(uri):
        msg = f"The folder must be like s3://bucket/folder, got {uri!r}."
        raise UserError(msg, "Name the folder that holds the CSV files and nothing else.")
    project = find_project()
    deployment, database = deployment_of(project), _table_of(project)[0].lower()
    role = role or account_value(project, deployment, "RoleArn")
    account = Account(deployment.region)
    report_identity(account, report)
    tags = tags_of(project, deployment, account)
    crawler = Crawler(f"{deployment.pipeline}-{database}", role, database, uri, tags)
    _announce_crawler(crawler)
    crawlers = Crawlers(lambda: account.client("glue"), say, time.sleep)
    say(f"Crawler {crawler.name} is {crawlers.put(crawler)}")
    crawlers.start(crawler.name)
    if not wait:
        say(f"It has started. To wait for its tables: pipeline data crawl {uri}")
        say(f"To look at it: aws glue get-crawler --region {account.region} --name {crawler.name}")
        return
    crawlers.until_ended(crawler.name)
    _print_tables(crawlers.tables(database, uri), project)


def _announce_crawler(crawler: Crawler) -> None:
    report("Crawler", [crawler.name])
    report("Role", [crawler.role])
    report("Reads", [crawler.uri])
    report("Database", [crawler.database])
    report("Billed", ["by Glue for the hours that the crawler runs"])


def _print_tables(names: list[str], project: Project) -> None:
    """Print what the crawler has made; say what to do if the project reads another table."""
    for name in names:
        typer.echo(name)
    _, wanted = _table_of(project)
    if not names:
        msg = "The crawler has ended, and no table of that folder is in the catalogue."
        raise UserError(msg, "Check the folder's name, and that the role may read its files.")
    if wanted.lower() not in names:
        say(f"conf/pipeline.yaml: data.table is {wanted}; set it to {names[0]} to read this one.")


def _table_of(project: Project) -> tuple[str, str]:
    data = project.settings.pipeline.data
    if not data.reads_tables:
        msg = f"conf/pipeline.yaml: data.source {data.source!r} has no tables, and no database."
        raise UserError(msg, "Set it to athena, or to data_wrangler, and name both.")
    return data.table_name
