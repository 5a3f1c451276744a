"""Payloads: what a job sends, and what it makes of the answers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from batch_server import SERVER

from sagelocal.jobs.machine import Machine

pytestmark = pytest.mark.slow


def test_every_object_becomes_one_with_a_prediction_for_each_record(
    transform, outputs, noted, ready: Machine
) -> None:
    response = transform({"a.csv": b"1,2\n3,4\n", "sub/b.csv": b"5"})
    assert response["TransformJobStatus"] == "Completed"
    assert response["ExitCode"] == 0
    assert response["TransformOutput"]["S3OutputPath"] == "s3://bucket/out"
    assert outputs() == {"a.csv.out": b"4.0\n8.0\n", "sub/b.csv.out": b"10.0\n"}
    assert noted("body") == ["1,2\n3,4\n", "5"]
    assert set(noted("type")) == set(noted("accept")) == {"text/csv"}
    assert noted("ended") == [True]
    assert (ready.logs / "Step" / "job.log").read_text() == "server started\n"
    assert not (ready.work / "job").exists()


def test_a_server_is_told_that_it_serves_a_batch_and_only_what_the_request_says(
    transform, noted, ready: Machine
) -> None:
    transform({"a.csv": b"1"})
    (variables,) = noted("variables")
    assert variables.pop("SAGEMAKER_BIND_TO_PORT").isdecimal()
    assert variables.pop("SAGEMAKER_BASE_DIR") == str((ready.work / "job").resolve())
    assert variables == {"SAGEMAKER_BATCH": "true"}


def test_a_server_is_told_what_the_request_says(transform, noted) -> None:
    transform(
        {"a.csv": b"1"},
        BatchStrategy="SingleRecord",
        MaxPayloadInMB=3,
        MaxConcurrentTransforms="4",
        Environment={"SAGEMAKER_MINE": "x"},
    )
    (variables,) = noted("variables")
    assert variables["SAGEMAKER_BATCH_STRATEGY"] == "SINGLE_RECORD"
    assert variables["SAGEMAKER_MAX_PAYLOAD_IN_MB"] == "3"
    assert variables["SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"] == "4"
    assert variables["SAGEMAKER_MINE"] == "x"


def test_variables_of_the_job_win_over_the_models_and_those_over_the_commands(
    transform, tmp_path: Path, ready, models
) -> None:
    program = Path(ready.serve.words[1])
    program.write_text(f"import os\nprint('of', os.environ['OF'], flush=True)\n{SERVER}")
    log = ready.logs / "Step" / "job.log"
    transform({"a.csv": b"1"})
    assert log.read_text().startswith("of the model\n")
    log.unlink()
    transform({"a.csv": b"1"}, Environment={"OF": "the job"})
    assert log.read_text().startswith("of the job\n")


def test_payloads_are_packed_up_to_the_limit(transform, outputs, noted) -> None:
    row = b"1," + b"0" * 300_000 + b"7\n"
    transform({"a.csv": row * 8}, MaxPayloadInMB=1)
    assert [len(body) // len(row) for body in noted("body")] == [3, 3, 2]
    assert outputs()["a.csv.out"] == b"14.0\n" * 8


def test_single_records_are_sent_one_by_one_on_one_connection_or_many(
    transform, outputs, noted
) -> None:
    for protocol in ("HTTP/1.1", "HTTP/1.0"):
        transform(
            {"a.csv": b"1\n2\n3\n"},
            BatchStrategy="SingleRecord",
            Environment={"PROTOCOL": protocol},
        )
        assert outputs()["a.csv.out"] == b"2.0\n4.0\n6.0\n"
    assert noted("body") == ["1\n", "2\n", "3\n"] * 2


def test_requests_run_in_parallel_and_their_answers_stay_in_order(
    transform, outputs, noted
) -> None:
    rows = list(range(12))
    content = "".join(f"{row}\n" for row in rows).encode()
    transform(
        {"a.csv": content},
        BatchStrategy="SingleRecord",
        MaxConcurrentTransforms=4,
        Environment={"TOGETHER": "4"},
    )
    assert [float(line) for line in outputs()["a.csv.out"].split()] == [2.0 * row for row in rows]
    assert noted("most") == [4]


def test_what_the_server_offers_counts_where_the_request_says_nothing(transform, noted) -> None:
    offered = {"MaxConcurrentTransforms": 2, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 1}
    environment = {"PARAMETERS": json.dumps(offered)}
    together = {**environment, "TOGETHER": "2"}
    transform({"a.csv": b"1\n2\n3\n4\n"}, Environment=together, MaxConcurrentTransforms=0)
    assert len(noted("body")) == 4
    assert noted("most") == [2]
    transform({"a.csv": b"1\n2\n"}, Environment=environment, BatchStrategy="MultiRecord")
    assert noted("body")[4:] == ["1\n2\n"]


@pytest.mark.parametrize("said", ["nonsense", "[]", "{}"])
def test_a_server_that_offers_nothing_of_use_is_asked_by_default(transform, noted, said) -> None:
    transform({"a.csv": b"1\n2\n"}, Environment={"PARAMETERS": said})
    assert noted("body") == ["1\n2\n"]


def test_an_object_that_is_not_split_is_sent_whole(transform, outputs, noted) -> None:
    transform({"a.csv": b"1\n2\n"}, source={"SplitType": "None"}, output={"AssembleWith": "None"})
    assert noted("body") == ["1\n2\n"]
    assert outputs() == {"a.csv.out": b"2.0\n4.0\n"}


@pytest.mark.parametrize(
    ("assemble", "end", "expected"),
    [
        ("None", "", b"2.04.0"),
        ("None", "\n", b"2.0\n4.0\n"),
        ("Line", "", b"2.0\n4.0\n"),
        ("Line", "\n", b"2.0\n4.0\n"),
    ],
)
def test_answers_are_put_together_as_asked(transform, outputs, assemble, end, expected) -> None:
    transform(
        {"a.csv": b"1\n2\n"},
        output={"AssembleWith": assemble},
        BatchStrategy="SingleRecord",
        Environment={"END": end},
    )
    assert outputs() == {"a.csv.out": expected}


def test_compressed_objects_are_decompressed(transform, outputs, noted) -> None:
    transform({"a.csv.gz": gzip.compress(b"1\n2\n")}, source={"CompressionType": "Gzip"})
    assert noted("body") == ["1\n2\n"]
    assert outputs() == {"a.csv.gz.out": b"2.0\n4.0\n"}


def test_an_empty_object_gives_an_empty_one(transform, outputs, noted) -> None:
    assert transform({"a.csv": b""})["ExitCode"] == 0
    assert outputs() == {"a.csv.out": b""}
    assert noted("body") == []


def test_a_single_object_and_a_manifest_are_inputs_too(transform, outputs, ready) -> None:
    ready.storage.put_bytes("s3://bucket/other/c.csv", b"3")
    listed = json.dumps([{"prefix": "s3://bucket/"}, "other/c.csv", "in/a.csv"]).encode()
    ready.storage.put_bytes("s3://bucket/list.json", listed)
    manifest = {"S3DataType": "ManifestFile", "S3Uri": "s3://bucket/list.json"}
    transform({"a.csv": b"1"}, source={"DataSource": {"S3DataSource": manifest}})
    assert outputs() == {"in/a.csv.out": b"2.0\n", "other/c.csv.out": b"6.0\n"}
    single = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/other/c.csv"}
    transform({}, source={"DataSource": {"S3DataSource": single}})
    assert outputs()["c.csv.out"] == b"6.0\n"


def test_filters_and_join_of_csv(transform, outputs, noted) -> None:
    transform(
        {"a.csv": b"id1,5,1\nid2,6,2\n"},
        processing={"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    )
    assert noted("body") == ["5,1\n6,2\n"]
    assert outputs() == {"a.csv.out": b"id1,2.0\nid2,4.0\n"}


def test_filters_and_join_of_json_lines(transform, outputs) -> None:
    lines = {"ContentType": "application/jsonlines"}
    transform(
        {"a.jsonl": b'{"id": "a", "x": [1, 2]}\n{"id": "b", "x": [3]}\n'},
        source=lines,
        output={"Accept": "application/jsonlines"},
        processing={
            "InputFilter": "$.x",
            "JoinSource": "Input",
            "OutputFilter": "$['SageMakerOutput','id']",
        },
    )
    assert [json.loads(line) for line in outputs()["a.jsonl.out"].splitlines()] == [
        {"SageMakerOutput": {"label": 6.0}, "id": "a"},
        {"SageMakerOutput": {"label": 6.0}, "id": "b"},
    ]
