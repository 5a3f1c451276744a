"""`pipeline data upload`, against AWS's answers as botocore's own shapes."""

from __future__ import annotations

import datetime
import hashlib
from decimal import Decimal

import pyarrow as pa
import pytest
from botocore.stub import ANY

from sagetabular.aws.glue.athena import athena_columns
from sagetabular.errors import UserError
from sagetabular.lake.store import table_folder, write_table
from sagetabular.project import Project

ROWS = pa.table({"Rooms": [1, 2], "price": [1.5, None], "district": ["a", "b"]})
COLUMNS = [
    {"Name": "rooms", "Type": "bigint"},
    {"Name": "price", "Type": "double"},
    {"Name": "district", "Type": "string"},
]
HOME = "s3://the-bucket/test-project/lake/estate/sales/"


@pytest.fixture
def in_lake(deployable):
    """Put rows into the small project's lake; returns the file's content and its S3 folder."""

    def put(table=ROWS):
        folder = table_folder(Project(deployable.root).lake, "estate", "sales")
        write_table(folder, table, kind="files", title="a.csv")
        content = (folder / "part-0.parquet").read_bytes()
        return content, f"{HOME}{hashlib.sha256(content).hexdigest()[:16]}/"

    return put


def standing(location, columns=COLUMNS, **more):
    """What Glue says of a table, with members of its own."""
    storage = {"Columns": columns, "Location": location, "Compressed": False, **more}
    own = {"CreatedBy": "somebody", "VersionId": "7"}
    return {"Table": {"Name": "sales", "StorageDescriptor": storage, **own}}


def key_of(location):
    return f"{location.removeprefix('s3://the-bucket/')}part-0.parquet"


def lacks_the_file(aws, location):
    key = key_of(location)
    aws.refuse("s3", "head_object", "404", asked={"Bucket": "the-bucket", "Key": key})
    asked = {"Bucket": "the-bucket", "Key": key, "Body": ANY, "ChecksumAlgorithm": ANY}
    aws.answer("s3", "put_object", asked=asked)


def test_a_table_that_athena_lacks_is_sent_and_registered_with_its_types(pipeline, aws, in_lake):
    content, location = in_lake()
    aws.knows_who_asks()
    aws.refuse("glue", "get_table", "EntityNotFoundException")
    lacks_the_file(aws, location)
    aws.answer("glue", "create_database", asked={"DatabaseInput": {"Name": "estate"}, "Tags": {}})
    asked = {}
    aws.answer("glue", "create_table", asked={"DatabaseName": "estate", "TableInput": ANY})
    aws.client("glue").meta.events.register(
        "provide-client-params.glue.CreateTable", lambda params, **_: asked.update(params)
    )
    ended = pipeline("data", "upload")
    assert (ended.code, ended.out) == (0, f"{location}\n"), ended
    assert ended.err.splitlines() == [
        "AWS account 123456789012, region eu-west-1",
        "As          arn:aws:iam::123456789012:user/me",
        f"Table       estate.sales, {len(content):,} bytes",
        f"Stored in   {location}",
        "Billed      storage in S3",
        "            what queries of Athena scan",
        f"Sent 1 of 1 objects ({len(content):,} bytes)",
        "Table estate.sales is created",
    ]
    table = asked["TableInput"]
    assert (table["Name"], table["TableType"]) == ("sales", "EXTERNAL_TABLE")
    assert table["StorageDescriptor"]["Columns"] == COLUMNS
    assert table["StorageDescriptor"]["Location"] == location
    assert "Parquet" in table["StorageDescriptor"]["InputFormat"]
    assert table["Parameters"]["sha256"] == hashlib.sha256(content).hexdigest()


def test_what_is_sent_is_encrypted_with_the_key_of_the_account(pipeline, aws, in_lake, deployable):
    deployable.change("conf/aws.yaml", "encryption", {"output_key": "alias/jobs"})
    _, location = in_lake()
    aws.knows_who_asks()
    aws.refuse("glue", "get_table", "EntityNotFoundException")
    file = {"Bucket": "the-bucket", "Key": key_of(location)}
    aws.refuse("s3", "head_object", "404", asked=file)
    key = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/jobs"}
    aws.answer("s3", "put_object", asked={**file, **key, "Body": ANY, "ChecksumAlgorithm": ANY})
    aws.answer("glue", "create_database")
    aws.answer("glue", "create_table")
    assert pipeline("data", "upload").code == 0


def test_other_rows_are_sent_beside_the_earlier_ones_before_the_table_changes(
    pipeline, aws, in_lake
):
    _, earlier = in_lake()
    _, location = in_lake(ROWS.slice(1))
    assert earlier != location
    aws.knows_who_asks()
    aws.answer("glue", "get_table", standing(earlier))
    lacks_the_file(aws, location)
    asked = {"DatabaseName": "estate", "TableInput": ANY, "VersionId": "7"}
    aws.answer("glue", "update_table", asked=asked)
    ended = pipeline("data", "upload")
    assert ended.err.endswith("Table estate.sales is updated\n"), ended


@pytest.mark.parametrize(
    ("location", "columns", "rule"),
    [
        (HOME, COLUMNS[:2], "with other columns: no district."),
        (HOME, [*COLUMNS, {"Name": "x", "Type": "int"}], "with other columns: x is not here."),
        (
            HOME,
            [{"Name": "rooms", "Type": "int"}, *COLUMNS[1:]],
            "with other columns: rooms is int there, bigint here.",
        ),
        ("s3://others/sales/", COLUMNS, f"with files in s3://others/sales/, not below {HOME}."),
    ],
)
def test_another_table_of_the_name_is_refused_unless_it_is_to_be_replaced(
    pipeline, aws, in_lake, location, columns, rule
):
    _, wanted = in_lake()
    aws.knows_who_asks()
    aws.answer("glue", "get_table", standing(location, columns))
    ended = pipeline("data", "upload")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-2:] == [
        f"Glue has a table estate.sales {rule}",
        "Give --replace to redefine it (no file is removed), or another name with --table.",
    ]
    aws.knows_who_asks()
    aws.answer("glue", "get_table", standing(location, columns))
    lacks_the_file(aws, wanted)
    aws.answer("glue", "update_table")
    assert pipeline("data", "upload", "--replace").code == 0


def test_a_table_that_the_lake_lacks_is_a_mistake_before_aws_is_asked(pipeline, aws, deployable):
    assert pipeline("data", "upload", "--table", "rents").mistake == [
        "The local lake has no table estate.rents.",
        "Add one: pipeline data add FILE, or pipeline data sample.",
    ]
    assert not aws.asked


def test_files_in_s3_are_no_table_to_upload(pipeline, aws, deployable):
    deployable.change("conf/pipeline.yaml", "data.source", "s3")
    deployable.change("conf/pipeline.yaml", "data.uri", "s3://bucket/sales")
    for name in ("database", "table"):
        deployable.change("conf/pipeline.yaml", f"data.{name}", remove=True)
    rule, _ = pipeline("data", "upload").mistake
    assert rule == "conf/pipeline.yaml: data.source 's3' has no tables, and no database."


def test_every_type_that_files_have_is_one_of_athenas():
    table = pa.table(
        {
            "i": pa.array([1], pa.int64()),
            "f": pa.array([1.0]),
            "t": pa.array(["x"]),
            "time": pa.array([datetime.datetime(2026, 1, 1)], pa.timestamp("us")),
            "day": pa.array([datetime.date(2026, 1, 1)]),
            "yes": pa.array([True]),
            "money": pa.array([Decimal("12.50")]),
            "code": pa.array(["x"]).dictionary_encode(),
        }
    )
    assert athena_columns(table, "a.b") == {
        "i": "bigint", "f": "double", "t": "string", "time": "timestamp", "day": "date",
        "yes": "boolean", "money": "decimal(4,2)", "code": "string",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "rule"),
    [
        (pa.table({"a": [1], "A": [2]}), "two columns are a to Athena, which ignores case."),
        (pa.table({"n": pa.nulls(1)}), "column n must have a type that Athena knows, got null."),
    ],
)
def test_what_athena_cannot_hold_is_refused(table, rule):
    with pytest.raises(UserError) as caught:
        athena_columns(table, "estate.sales")
    assert caught.value.message == f"estate.sales: {rule}"
