"""`pipeline data upload`, twice and with other rows, against a local AWS server."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import awswrangler
import boto3
import pandas as pd
import pytest

from tests.aws.server import BUCKET, Server
from tests.baking import generate
from tests.servers import REGION


class DataScientist:
    """Somebody with a new project, who is signed in to the account."""

    def __init__(self, project: Path, server: Server) -> None:
        self.project = project
        self._environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(project),
            "ARTIFACT_BUCKET": BUCKET,
            **server.environment,
        }

    def data(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `pipeline data …`."""
        return subprocess.run(
            [sys.executable, "-m", "sagetabular.cli", "data", *arguments],
            cwd=self.project,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture
def scientist(template: Path, server: Server, tmp_path: Path) -> DataScientist:
    """Generate a project and fill its lake."""
    someone = DataScientist(generate(template, tmp_path / "output", {}), server)
    assert someone.data("sample", "--rows", "50").returncode == 0
    return someone


def rows_of(server: Server, location: str) -> pd.DataFrame:
    """Read the table's one file, in the folder that the catalogue names."""
    prefix = location.removeprefix(f"s3://{BUCKET}/")
    s3 = server.client("s3")
    (entry,) = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]
    content = s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
    return pd.read_parquet(io.BytesIO(content))


def test_a_second_upload_sends_nothing_and_changes_nothing_and_other_rows_do(
    scientist: DataScientist, server: Server
) -> None:
    glue = server.client("glue")
    first = scientist.data("upload")
    assert first.returncode == 0, first.stderr
    assert "Table housing.california is created" in first.stderr
    table = glue.get_table(DatabaseName="housing", Name="california")["Table"]
    location = table["StorageDescriptor"]["Location"]
    assert first.stdout == f"{location}\n"
    lake = scientist.project / ".pipeline/lake/housing/california/part-0.parquet"
    pd.testing.assert_frame_equal(rows_of(server, location), pd.read_parquet(lake))

    versions = server.versions()
    second = scientist.data("upload")
    assert "Sent 0 of 1 objects (0 bytes)" in second.stderr
    assert "Table housing.california is unchanged" in second.stderr
    assert glue.get_table(DatabaseName="housing", Name="california")["Table"] == table
    assert server.versions() == versions

    assert scientist.data("sample", "--rows", "60").returncode == 0
    third = scientist.data("upload")
    assert "Table housing.california is updated" in third.stderr
    assert third.stdout != first.stdout
    assert len(rows_of(server, third.stdout.strip())) == 60
    assert len(rows_of(server, location)) == 50


def test_another_table_of_the_name_is_refused_until_it_is_to_be_replaced(
    scientist: DataScientist, server: Server
) -> None:
    glue = server.client("glue")
    glue.create_database(DatabaseInput={"Name": "housing"})
    storage = {"Columns": [{"Name": "id", "Type": "int"}], "Location": f"s3://{BUCKET}/others/"}
    table = {"Name": "california", "StorageDescriptor": storage}
    glue.create_table(DatabaseName="housing", TableInput=table)
    refused = scientist.data("upload")
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-2].startswith(
        "Glue has a table housing.california with other columns: no longitude."
    )
    assert not server.versions()
    assert scientist.data("upload", "--replace").returncode == 0
    found = glue.get_table(DatabaseName="housing", Name="california")["Table"]
    assert len(found["StorageDescriptor"]["Columns"]) == 9


def test_awswrangler_finds_in_the_catalogue_what_it_would_have_written(
    scientist: DataScientist, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = scientist.data("upload").stdout.strip()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    session = boto3.Session(region_name=REGION)
    types, partitions = awswrangler.s3.read_parquet_metadata(location, boto3_session=session)
    registered = awswrangler.catalog.get_table_types("housing", "california", boto3_session=session)
    assert registered == types
    assert not partitions
