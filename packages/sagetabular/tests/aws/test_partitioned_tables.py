"""`pipeline data upload --partition-by`, against AWS's answers as botocore's own shapes."""

from __future__ import annotations

import datetime
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.stub import ANY

from sagetabular.lake.store import table_folder, write_table
from sagetabular.project import Project

HOME = "s3://the-bucket/test-project/lake/estate/sales/"
ROWS = pa.table(
    {
        "id": [1, 2, 3, 4],
        "district": ["b", "a", "b", "O'Hara: 50%/Zürich"],
        "year": [2026, 2025, 2026, 2025],
        "day": [datetime.date(2026, 1, number) for number in (1, 2, 3, 4)],
    }
)
KEYS = [{"Name": "district", "Type": "string"}, {"Name": "year", "Type": "bigint"}]
VALUES = [["O'Hara: 50%/Zürich", "2025"], ["a", "2025"], ["b", "2026"]]
FOLDERS = [
    "district=O%27Hara%3A 50%25%2FZürich/year=2025/",
    "district=a/year=2025/",
    "district=b/year=2026/",
]
UPLOAD = ("data", "upload", "--partition-by", "district", "--partition-by", "year")


class Glue:
    """Notes what Glue and S3 are asked; what was made before stays, as in an account."""

    def __init__(self, aws):
        self.aws, self.table, self.partitions, self.objects, self.done = aws, None, {}, {}, []
        noted = {
            "glue.CreateTable": self._note_table,
            "glue.UpdateTable": self._note_table,
            "glue.BatchCreatePartition": self._note_new,
            "glue.BatchUpdatePartition": self._note_moved,
            "glue.DeletePartition": self._note_removed,
            "s3.PutObject": self._note_object,
        }
        for name, note in noted.items():
            events = aws.client(name.partition(".")[0]).meta.events
            events.register(f"provide-client-params.{name}", note)

    def _note_table(self, params, **_):
        self.done.append("table")
        self.table = params["TableInput"]

    def _note_new(self, params, **_):
        self.done.append("partitions")
        for one in params["PartitionInputList"]:
            assert tuple(one["Values"]) not in self.partitions
            self.partitions[tuple(one["Values"])] = one

    def _note_moved(self, params, **_):
        self.done.append("partitions")
        for one in params["Entries"]:
            assert one["PartitionValueList"] == one["PartitionInput"]["Values"]
            self.partitions[tuple(one["PartitionValueList"])] = one["PartitionInput"]

    def _note_removed(self, params, **_):
        self.done.append("removed")
        del self.partitions[tuple(params["PartitionValues"])]

    def _note_object(self, params, **_):
        body = params["Body"].read()
        params["Body"].seek(0)
        self.objects[f"s3://{params['Bucket']}/{params['Key']}"] = pq.read_table(io.BytesIO(body))

    def expects(self, *, new=0, sent, create=False, moved=False, stale=0, change=True, clear=0):
        """Say what the next upload is to ask, and answer it as the account stands."""
        self.done.clear()
        self.aws.knows_who_asks()
        if self.table:
            self.aws.answer("glue", "get_table", {"Table": self.table})
        else:
            self.aws.refuse("glue", "get_table", "EntityNotFoundException")
        for is_sent in sent:
            if is_sent:
                self.aws.refuse("s3", "head_object", "404")
                self.aws.answer("s3", "put_object")
            else:
                self.aws.answer("s3", "head_object")
        if clear:
            self._tells_partitions()
            for _ in range(clear):
                self.aws.answer("glue", "delete_partition")
        if not self.table:
            self.aws.answer("glue", "create_database")
        if change:
            self.aws.answer("glue", "update_table" if self.table else "create_table")
        self._tells_partitions(empty=bool(clear))
        if new:
            self.aws.answer("glue", "batch_create_partition")
        if moved:
            self.aws.answer("glue", "batch_update_partition")
        for _ in range(stale):
            self.aws.answer("glue", "delete_partition")

    def _tells_partitions(self, *, empty=False):
        standing = [] if empty else [*self.partitions.values()]
        self.aws.answer("glue", "get_partitions", {"Partitions": standing})


@pytest.fixture
def in_lake(deployable):
    """Put rows into the small project's lake."""

    def put(table=ROWS):
        folder = table_folder(Project(deployable.root).lake, "estate", "sales")
        write_table(folder, table, kind="files", title="a.csv")

    return put


@pytest.fixture
def glue(aws, in_lake):
    """The account, after a first upload's questions; the lake has the rows."""
    in_lake()
    account = Glue(aws)
    account.expects(new=3, sent=[True] * 3)
    return account


def test_each_value_is_a_folder_and_a_partition_and_no_column_of_the_files(pipeline, glue):
    ended = pipeline(*UPLOAD)
    assert ended.code == 0, ended
    location = ended.out.strip()
    assert location.startswith(HOME)
    assert ended.err.splitlines()[2].endswith(" bytes, 3 partitions by district, year")
    assert ended.err.splitlines()[-3].startswith("Sent 3 of 3 objects (")
    assert ended.err.splitlines()[-2:] == ["Table estate.sales is created", "Partitions: 3 created"]
    assert glue.table["PartitionKeys"] == KEYS
    columns = [{"Name": "id", "Type": "bigint"}, {"Name": "day", "Type": "date"}]
    assert glue.table["StorageDescriptor"]["Columns"] == columns
    assert [*map(list, glue.partitions)] == VALUES
    for values, folder in zip(VALUES, FOLDERS, strict=True):
        storage = glue.partitions[tuple(values)]["StorageDescriptor"]
        assert storage == {**glue.table["StorageDescriptor"], "Location": location + folder}
        rows = glue.objects[f"{location}{folder}part-0.parquet"]
        every = ROWS.to_pylist()
        expected = [row for row in every if [row["district"], str(row["year"])] == values]
        assert rows.to_pylist() == [{"id": row["id"], "day": row["day"]} for row in expected]


def test_a_second_upload_of_the_same_changes_nothing(pipeline, glue):
    first = pipeline(*UPLOAD)
    glue.expects(sent=[False] * 3, change=False)
    ended = pipeline(*UPLOAD)
    assert (ended.code, ended.out, glue.done) == (0, first.out, [])
    assert ended.err.splitlines()[-3:] == [
        "Sent 0 of 3 objects (0 bytes)", "Table estate.sales is unchanged",
        "Partitions: 3 unchanged",
    ]  # fmt: skip


def test_other_rows_leave_no_partition_of_the_earlier_ones(pipeline, glue, in_lake):
    earlier = pipeline(*UPLOAD).out.strip()
    changed = ROWS.slice(1).set_column(1, "district", [["a", "c", "d"]])
    in_lake(changed)
    glue.expects(sent=[True] * 3, new=2, moved=True, stale=2)
    ended = pipeline(*UPLOAD)
    assert ended.err.splitlines()[-1] == "Partitions: 2 created, 1 updated, 2 removed"
    assert {*glue.partitions} == {("a", "2025"), ("c", "2026"), ("d", "2025")}
    for one in glue.partitions.values():
        assert one["StorageDescriptor"]["Location"].startswith(ended.out.strip())
    assert earlier != ended.out.strip()
    assert glue.done[0] == "table"
    assert glue.done[-1] == "removed"


@pytest.mark.parametrize(
    ("keys", "then", "rule", "remedy"),
    [
        (KEYS, ("data", "upload"), "partitioned by district, year, not whole",
         "--partition-by district --partition-by year"),
        (KEYS, UPLOAD[:-2], "partitioned by district, year, not partitioned by district",
         "--partition-by district --partition-by year"),
        ([], UPLOAD, "whole, not partitioned by district, year", "no --partition-by"),
    ],
    ids=["whole", "less", "partitioned"],
)  # fmt: skip
def test_another_partitioning_is_refused_with_how_to_keep_it(
    pipeline, aws, glue, keys, then, rule, remedy
):
    pipeline(*UPLOAD)
    aws.knows_who_asks()
    aws.answer("glue", "get_table", {"Table": {**glue.table, "PartitionKeys": keys}})
    ended = pipeline(*then)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-2:] == [
        f"Glue has a table estate.sales that is {rule}.",
        f"Give {remedy} to keep it so, or --replace to lay it out anew.",
    ]


def test_replacing_takes_out_the_partitions_of_other_columns_before_the_table_changes(
    pipeline, glue
):
    first = pipeline(*UPLOAD)
    glue.expects(clear=3, sent=[True] * 2, new=2)
    ended = pipeline("data", "upload", "--partition-by", "year", "--replace")
    assert ended.code == 0, ended
    assert glue.done == ["removed"] * 3 + ["table", "partitions"]
    assert [*glue.partitions] == [("2025",), ("2026",)]
    assert ended.out != first.out, "another layout has another place"


def test_a_mistake_in_the_partitioning_is_told_before_aws_is_asked(pipeline, aws, in_lake):
    in_lake()
    rule, remedy = pipeline("data", "upload", "--partition-by", "yaer").mistake
    assert rule == "--partition-by: estate.sales has no column 'yaer' (did you mean year?)."
    assert remedy == "It has id, district, year, day."
    assert not aws.asked


def test_the_key_of_the_account_encrypts_each_part(pipeline, aws, in_lake, deployable):
    deployable.change("conf/aws.yaml", "encryption", {"output_key": "alias/jobs"})
    in_lake()
    aws.knows_who_asks()
    aws.refuse("glue", "get_table", "EntityNotFoundException")
    key = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/jobs"}
    common = {"Bucket": "the-bucket", "Key": ANY, "Body": ANY, "ChecksumAlgorithm": ANY}
    for _ in range(2):
        aws.refuse("s3", "head_object", "404")
        aws.answer("s3", "put_object", asked={**common, **key})
    for operation in ("create_database", "create_table"):
        aws.answer("glue", operation)
    aws.answer("glue", "get_partitions", {"Partitions": []})
    aws.answer("glue", "batch_create_partition")
    assert pipeline("data", "upload", "--partition-by", "year").code == 0
