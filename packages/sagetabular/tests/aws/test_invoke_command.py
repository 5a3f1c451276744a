"""`pipeline invoke`."""

from __future__ import annotations

import io

import pytest
from botocore.response import StreamingBody

CSV, JSON = "text/csv", "application/json"


@pytest.fixture
def account(aws, deployable):
    aws.knows_who_asks()
    return aws


def answers(aws, body, content_type, predictions, **more):
    asked = {"EndpointName": "houses", "Body": body, "ContentType": content_type, "Accept": CSV}
    asked |= more
    stream = StreamingBody(io.BytesIO(predictions), len(predictions))
    aws.answer("sagemaker-runtime", "invoke_endpoint", {"Body": stream, "ContentType": CSV}, asked)


def file_of(tmp_path, name, content):
    file = tmp_path / name
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("name", "content_type", "body"),
    [("rows.csv", CSV, b"rooms\n3\n4\n"), ("rows.json", JSON, b"[[3], [4]]")],
)
def test_rows_of_a_file_get_a_value_on_each_line(
    pipeline, account, tmp_path, name, content_type, body
):
    answers(account, body, content_type, b"1.5\n2.5\n")
    ended = pipeline("invoke", "houses", file_of(tmp_path, name, body))
    assert (ended.code, ended.out) == (0, "1.5\n2.5\n")
    assert ended.err == "AWS account 123456789012, region eu-west-1\n"


def test_a_large_file_is_sent_in_pieces_and_written_as_one(
    pipeline, account, tmp_path, monkeypatch
):
    monkeypatch.setattr("sagetabular.aws.sagemaker.payloads.ask_in_pieces.__defaults__", (12,))
    answers(account, b"rooms\n3\n4\n5\n", CSV, b"1\n2\n3\n")
    answers(account, b"rooms\n6\n", CSV, b"4\n")
    target = tmp_path / "predictions.csv"
    rows = file_of(tmp_path, "rows.csv", b"rooms\n3\n4\n5\n6\n")
    assert pipeline("invoke", "houses", rows, "-o", target).out == ""
    assert target.read_bytes() == b"1\n2\n3\n4\n"


def test_probabilities_are_asked_for_by_the_custom_attributes(pipeline, account, tmp_path):
    """InvokeEndpoint strips all other headers, see its reference."""
    asked = {"CustomAttributes": "output=predicted_label,probabilities"}
    written = b"predicted_label,probability_no,probability_yes\nno,0.75,0.25\n"
    answers(account, b"1\n", CSV, written, Accept="text/csv; header=present", **asked)
    ended = pipeline("invoke", "houses", file_of(tmp_path, "rows.csv", b"1\n"), "--probabilities")
    assert (ended.code, ended.out.encode()) == (0, written)


def test_predictions_of_all_pieces_are_one_object(pipeline, account, tmp_path, monkeypatch):
    monkeypatch.setattr("sagetabular.aws.sagemaker.payloads.ask_in_pieces.__defaults__", (8,))
    answers(account, b"rooms\n3\n", CSV, b'{"predictions":["no"]}', Accept=JSON)
    answers(account, b"rooms\n4\n", CSV, b'{"predictions":["1"]}', Accept=JSON)
    rows = file_of(tmp_path, "rows.csv", b"rooms\n3\n4\n")
    assert pipeline("invoke", "houses", rows, "--json").out == '{"predictions": ["no", "1"]}\n'


def refuses(aws, **original):
    aws.stubs["sagemaker-runtime"].add_client_error(
        "invoke_endpoint",
        "ModelError",
        "Received client error (400) from primary",
        http_status_code=424,
        modeled_fields=original,
    )


def test_what_the_model_says_of_wrong_rows_is_said_in_two_lines(pipeline, account, tmp_path):
    words = "line 2, column 'rooms': 'x' is not a number.\nWrite it like -12.5.\n"
    refuses(account, OriginalStatusCode=400, OriginalMessage=words)
    file = file_of(tmp_path, "rows.csv", b"rooms\nx\n")
    ended = pipeline("invoke", "houses", file, "-o", tmp_path / "out.csv")
    assert ended.code == 2
    assert ended.err.splitlines()[1:] == [
        f"{file}: houses answers 400: line 2, column 'rooms': 'x' is not a number.",
        "Write it like -12.5.",
    ]
    assert not (tmp_path / "out.csv").exists()


def test_a_model_that_says_nothing_of_its_own_is_still_two_lines(pipeline, account, tmp_path):
    refuses(account)
    file = file_of(tmp_path, "rows.csv", b"1\n")
    ended = pipeline("invoke", "houses", file)
    assert ended.err.splitlines()[1:] == [
        f"{file}: houses answers 500: Received client error (400) from primary",
        "Look at its log.",
    ]


def test_an_endpoint_that_does_not_exist_is_named(pipeline, account, tmp_path):
    words = "Endpoint houses of account 123456789012 not found."
    account.refuse("sagemaker-runtime", "invoke_endpoint", "ValidationError", words)
    ended = pipeline("invoke", "houses", file_of(tmp_path, "rows.csv", b"1\n"))
    assert ended.code == 2
    rule = ended.err.splitlines()[1]
    assert rule == f"SageMaker Runtime refused InvokeEndpoint houses: ValidationError: {words}"


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("rows.sav", b"1\n", "must end with .csv, .xlsx, .json or .parquet, got '.sav'"),
        ("rows.json", b"[" * 6_000_000, "has 6000000 bytes, a request takes 5000000"),
        ("missing.csv", None, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_sent_is_refused_before_anybody_is_asked(
    pipeline, aws, deployable, tmp_path, name, content, rule
):
    if content is not None:
        file_of(tmp_path, name, content)
    assert rule in pipeline("invoke", "houses", tmp_path / name).mistake[0]
