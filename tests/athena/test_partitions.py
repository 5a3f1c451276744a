"""`pipeline data upload --partition-by`, and ingestion from what it makes, in a local Athena."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from sagetabular.lake.store import table_folder, write_table
from sagetabular.project import Project
from tests.athena.ingest import Ingest
from tests.athena.table import BUCKET, TABLE, Account
from tests.servers import REGION

# What a folder can say; of the texts, those whose letters mean something in a path or in SQL.
ROWS = TABLE.drop_columns(["town", "sold"]).append_column(
    "town", [["O'Hara", 'a/"b"=50%', "two\nlines", "Zürich 東京 🏠", " NULL ", "O'Hara", "2026"]]
)
ROWS = ROWS.append_column("sold", TABLE["sold"].fill_null(TABLE["sold"][0]))
ROWS = ROWS.append_column("rank", pa.chunked_array([[3, -1, 3, 0, 2**40, -1, 3]]))

Upload = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def put(project: Path) -> Callable[[pa.Table, str], None]:
    """Put rows into the project's lake as a table of `estate`."""

    def put(rows: pa.Table, name: str) -> None:
        folder = table_folder(Project(project).lake, "estate", name)
        write_table(folder, rows, kind="files", title="rows.csv")

    return put


@pytest.fixture
def upload(project: Path, account: Account) -> Upload:
    """Run `pipeline data upload` in the project."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(project), "ARTIFACT_BUCKET": BUCKET}
        return subprocess.run(
            [sys.executable, "-m", "sagetabular.cli", "data", "upload", *arguments],
            cwd=project,
            env={**own, **account.environment, "AWS_REGION": REGION},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run


def rows_of(ingest: Ingest, account: Account, table: str) -> pa.Table:
    """What the job reads, its columns in the order of their names: a partition's come last."""
    ingest.configure("SELECT * FROM ${table}", table=table)
    ended = ingest.run(account.environment)
    assert (ended.code, ended.failure) == (0, "")
    assert ended.rows is not None
    return ended.rows.sort_by("id").select(sorted(ended.rows.column_names)).combine_chunks()


@pytest.mark.parametrize("by", [("town",), ("rank",), ("sold",), ("rank", "town", "sold")])
def test_a_partitioned_table_has_the_rows_and_types_of_the_table_in_one_file(
    ingest: Ingest,
    account: Account,
    put: Callable[[pa.Table, str], None],
    upload: Upload,
    by: tuple[str, ...],
) -> None:
    ingest.configure("SELECT * FROM ${table}")
    parted = f"by_{'_'.join(by)}"
    for name in ("entire", parted):
        put(ROWS, name)
    options = [word for name in by for word in ("--partition-by", name)]
    for arguments in (("--table", "entire"), ("--table", parted, *options)):
        ended = upload(*arguments)
        assert ended.returncode == 0, ended.stderr
    entire = rows_of(ingest, account, "entire")
    assert entire.num_rows == ROWS.num_rows
    assert rows_of(ingest, account, parted).equals(entire)


def test_uploading_again_changes_nothing_and_other_rows_leave_none_of_the_earlier(
    ingest: Ingest, account: Account, put: Callable[[pa.Table, str], None], upload: Upload
) -> None:
    ingest.configure("SELECT * FROM ${table}")
    options = ("--table", "moving", "--partition-by", "town")
    put(ROWS, "moving")
    assert upload(*options).stderr.endswith("Partitions: 6 created\n")
    before = account.client("glue").get_partitions(DatabaseName="estate", TableName="moving")
    again = upload(*options)
    assert again.stderr.splitlines()[-3:] == [
        "Sent 0 of 6 objects (0 bytes)",
        "Table estate.moving is unchanged",
        "Partitions: 6 unchanged",
    ]
    after = account.client("glue").get_partitions(DatabaseName="estate", TableName="moving")
    assert after["Partitions"] == before["Partitions"]
    put(ROWS.slice(4), "moving")
    ended = upload(*options)
    assert ended.stderr.endswith("Partitions: 3 updated, 3 removed\n"), ended.stderr
    assert rows_of(ingest, account, "moving")["id"].to_pylist() == [5, 6, 7]
    refused = upload("--table", "moving")
    assert refused.returncode == 2
    assert "is partitioned by town, not whole." in refused.stderr
    ended = upload("--table", "moving", "--partition-by", "rank", "--replace")
    assert ended.stderr.endswith("Partitions: 3 created\n"), ended.stderr
    assert rows_of(ingest, account, "moving")["id"].to_pylist() == [5, 6, 7]
