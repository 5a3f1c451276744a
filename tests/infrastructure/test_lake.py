"""The lake on a local AWS server: deployed, deployed again, and queried.

The rows are planted here; that CSV means these rows is RFC 4180's rule for quotes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sagetabular.infrastructure.columns import glue_columns, lake_parameters
from sagetabular.settings import load_project
from tests.infrastructure.account import Account, deploy, eventually

_HEADER = (
    "longitude,latitude,housing_median_age,total_rooms,total_bedrooms,population,households,"
    "median_income,median_house_value,ocean_proximity"
)
_CSV = "\n".join(
    [
        _HEADER,
        "-122.23,37.88,41.0,880.0,129.0,322.0,126.0,8.3252,452600.0,NEAR BAY",
        '-122.24,37.86,21.0,7099.0,,2401.0,1138.0,8.3014,358500.0,"<1H OCEAN, ""far"""',
        "",
    ]
)
_RECORDED = {"Location", "Parameters", "PartitionKeys", "TableType", "StorageDescriptor"}


@pytest.fixture(scope="module")
def data(default_project: Path) -> Any:
    """What the generated project says of its data."""
    return load_project(default_project).pipeline.data


@pytest.fixture(scope="module")
def query(default_project: Path) -> str:
    """The generated project's query, as Ingest would fill it."""
    text = (default_project / "queries/ingest.sql").read_text(encoding="utf-8")
    return text.replace("${table}", '"housing"."california"')


def deploy_lake(account: Account, data: Any, **parameters: str) -> dict[str, str]:
    """Deploy the lake as `pipeline infra` does, with the columns and names of the settings."""
    return deploy(
        account,
        "data-lake",
        columns=glue_columns(data),
        **{**lake_parameters(data, "housing-prices"), **parameters},
    )


def rows_of(account: Account, outputs: dict[str, str], query: str) -> list[dict[str, str | None]]:
    """Ask Athena, in the stack's workgroup, which decides where the results are."""
    athena = account.client("athena")
    started = athena.start_query_execution(QueryString=query, WorkGroup=outputs["Workgroup"])
    identifier = {"QueryExecutionId": started["QueryExecutionId"]}

    def ended() -> Any:
        execution = athena.get_query_execution(**identifier)["QueryExecution"]
        return execution if execution["Status"]["State"] not in ("QUEUED", "RUNNING") else None

    execution = eventually(ended)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    place = execution["ResultConfiguration"]["OutputLocation"]
    assert place.startswith(f"s3://{outputs['ArtifactBucket']}/athena/")
    found = athena.get_query_results(**identifier)["ResultSet"]["Rows"]
    names, *rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in found]
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_default_query_reads_uploaded_csv(account: Account, data: Any, query: str) -> None:
    outputs = deploy_lake(account, data)
    s3 = account.client("s3")
    key = {"Bucket": outputs["DataBucket"], "Key": "input/data/training/a.csv"}
    s3.put_object(**key, Body=_CSV.encode())
    s3.put_object(Bucket=outputs["DataBucket"], Key="sample/b.csv", Body=_CSV.encode())

    first, second = sorted(
        rows_of(account, outputs, query), key=lambda row: float(str(row["longitude"]))
    )

    assert [*second] == _HEADER.split(",")
    assert ",".join(map(str, second.values())) == _CSV.splitlines()[1]
    assert first["total_bedrooms"] in ("", None), "a missing value"
    assert first["ocean_proximity"] == '<1H OCEAN, "far"'


def test_default_query_reads_uploaded_parquet(account: Account, data: Any, query: str) -> None:
    outputs = deploy_lake(account, data, DataFormat="parquet")
    names = _HEADER.split(",")
    # In another order than the table's: Parquet is read by name.
    columns = {name: pa.array([float(place), None]) for place, name in enumerate(names[:9])}
    columns["median_house_value"] = pa.array([452600.0, 358500.0])
    table = pa.table({"ocean_proximity": ["NEAR BAY", "ISLAND"], **columns})
    content = pa.BufferOutputStream()
    pq.write_table(table, content)
    account.client("s3").put_object(
        Bucket=outputs["DataBucket"],
        Key="input/data/training/a.parquet",
        Body=content.getvalue().to_pybytes(),
    )
    condition = f"{query.strip()} AND longitude < 1"  # a number, not text

    (row,) = rows_of(account, outputs, condition)

    values = [float(str(row[name])) for name in names[:9]]
    assert values == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 452600.0]
    assert row["ocean_proximity"] == "NEAR BAY"


def test_deploying_again_keeps_everything(account: Account, data: Any) -> None:
    before = deploy_lake(account, data)
    put = {"Bucket": before["DataBucket"], "Key": "input/data/training/a.csv", "Body": b"x"}
    version = account.client("s3").put_object(**put)["VersionId"]
    glue = {"DatabaseName": before["Database"], "Name": before["Table"]}
    table = account.client("glue").get_table(**glue)["Table"]

    assert deploy_lake(account, data) == before, "the same template changes nothing"
    after = deploy_lake(account, data, OldVersionDays="30")

    assert after == before, "a change is one in place"
    (kept,) = account.client("s3").list_object_versions(Bucket=put["Bucket"])["Versions"]
    assert kept["VersionId"] == version
    again = account.client("glue").get_table(**glue)["Table"]
    assert {name: again.get(name) for name in _RECORDED} == {
        name: table.get(name) for name in _RECORDED
    }


def test_buckets_are_as_hardened_as_declared(account: Account, data: Any) -> None:
    outputs = deploy_lake(account, data)
    s3 = account.client("s3")
    for bucket in (outputs["DataBucket"], outputs["ArtifactBucket"]):
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert all(block.values())
    notified = s3.get_bucket_notification_configuration(Bucket=outputs["DataBucket"])
    assert "EventBridgeConfiguration" in notified
    key = account.client("kms").get_key_rotation_status(KeyId=outputs["KeyArn"])
    assert key["KeyRotationEnabled"]
