"""`pipeline serve` and `pipeline predict`."""

from __future__ import annotations

import io
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request

import numpy as np
import pandas as pd
import pytest
from running import MANIFEST, Server, free_port, lay_out

from sagelocal import LocalSageMaker
from sagetabular.aws.sagemaker.payloads import ask_in_pieces
from sagetabular.cli.serving.versions import to_serve


def pack(folder) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for file in folder.iterdir():
            archive.add(file, file.name)
    return buffer.getvalue()


@pytest.fixture
def register(example, tmp_path):
    """Registers the adding model in the small project, as a run would; returns its version."""
    lay_out(example.root)
    archive = pack(example.root / "ml/model")

    def run(status="PendingManualApproval", content=archive, stage="", **facts) -> int:
        home = LocalSageMaker(example.root / ".pipeline")
        uri = f"s3://local/models/{len(home.registry.packages())}/model.tar.gz"
        home.storage.put_bytes(uri, content)
        request = {
            "ModelPackageGroupName": "test-project",
            "ModelApprovalStatus": status,
            "InferenceSpecification": {"Containers": [{"Image": "x", "ModelDataUrl": uri}]},
            "CustomerMetadataProperties": facts,
            **({"ModelLifeCycle": {"Stage": stage, "StageStatus": status}} if stage else {}),
        }
        return home.registry.create_model_package(request)["ModelPackageVersion"]

    return run


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A running server of the adding model."""
    root = lay_out(tmp_path_factory.mktemp("predict"))
    with Server(root, SAGEMAKER_MAX_PAYLOAD_IN_MB=6) as running:
        yield running.wait()


@pytest.fixture
def url(server) -> str:
    return f"http://127.0.0.1:{server.port}"


def start(example, port, **environment) -> tuple[subprocess.Popen, str]:
    """`pipeline serve`, and what it prints once the model answers."""
    command = [sys.executable, "-c", "from sagetabular.cli import main; main()", "serve"]
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        cwd=example.root,
        env=os.environ | {"PYTHONPATH": str(example.root), "PYTHONUNBUFFERED": "1"} | environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = iter(process.stdout.readline, "")
    printed = "".join(line for line in iter(lambda: next(lines), "\n"))
    return process, printed + "".join(line for line in iter(lambda: next(lines), "\n"))


@pytest.mark.slow
def test_serve_prints_a_request_that_works_and_ends_on_a_signal(example, register) -> None:
    facts = {"data": "lake.houses", "metric": "test_r2", "score": "0.87654321"}
    register("Approved", stage="Production", **facts)
    register("Approved", stage="Staging")
    register("Approved")
    register("Rejected", stage="Production")
    port = free_port()
    process, printed = start(example, port)
    assert f"Serving test-project/1 (models/adding) on http://127.0.0.1:{port}" in printed
    facts = "predicts sum, was trained on lake.houses, test R² 0.8765"
    assert f"It is Approved for Production, {facts}." in printed
    curl = shlex.split(re.search("(?m)^curl .*$", printed)[0])
    header, body = curl[curl.index("-H") + 1], curl[curl.index("-d") + 1]
    name, value = header.split(": ")
    request = urllib.request.Request(curl[1], body.encode(), {name: value})
    with urllib.request.urlopen(request, timeout=30) as reply:
        expected = sum(MANIFEST["typical"].values())
        assert float(reply.read()) == expected
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=40) == 0
    process.stdout.close()


@pytest.mark.parametrize(
    ("versions", "chosen"),
    [
        ([("Approved", "Production"), ("Approved", "Staging"), ("Approved", "")], 1),
        ([("Approved", "Production"), ("Approved", "Production"), ("Rejected", "Production")], 2),
        ([("Approved", "Staging"), ("Approved", ""), ("Rejected", "Production")], 2),
        ([("Rejected", "Production"), ("PendingManualApproval", "")], 2),
    ],
)
def test_production_is_served_first(versions, chosen) -> None:
    packages = [
        {
            "ModelPackageVersion": number,
            "ModelApprovalStatus": status,
            **({"ModelLifeCycle": {"Stage": stage, "StageStatus": status}} if stage else {}),
        }
        for number, (status, stage) in enumerate(versions, start=1)
    ]
    assert to_serve(packages)["ModelPackageVersion"] == chosen


@pytest.mark.slow
def test_serve_that_is_killed_leaves_no_server(example, register) -> None:
    register("Approved")
    port = free_port()
    process, _ = start(example, port)
    process.kill()
    process.wait()
    process.stdout.close()
    end = time.monotonic() + 30
    while is_listened_on(port):
        assert time.monotonic() < end
        time.sleep(0.05)


def is_listened_on(port) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not an archive", "Version 1 cannot be served: model.tar.gz cannot be unpacked: "),
        (None, "Version 1 cannot be served: manifest.json of the model cannot be used: "),
    ],
)
def test_a_damaged_artefact_is_named(example, register, pipeline, tmp_path, content, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/other").write_text("x")
    register(content=content or pack(tmp_path / "empty"))
    assert pipeline("serve", "--port", free_port()).mistake[0].startswith(message)


def test_a_truncated_artefact_is_named(example, register, pipeline) -> None:
    register(content=pack(example.root / "ml/model")[:-30])
    mistake = pipeline("serve", "--port", free_port()).mistake
    assert mistake[0].startswith("Version 1 cannot be served: model.tar.gz cannot be unpacked: ")


def test_serve_needs_a_registered_model_and_a_free_port(pipeline, register, server) -> None:
    assert pipeline("serve", "--port", free_port()).mistake == [
        "No model is registered yet.",
        "Register one with `pipeline run`.",
    ]
    assert "cannot be listened on" in pipeline("serve", "--port", server.port).mistake[0]
    register()
    assert "has no version 7" in pipeline("serve", "7", "--port", free_port()).mistake[0]


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_predict_prints_one_value_a_line(pipeline, url, tmp_path, name) -> None:
    table = pd.DataFrame({"second": [1.5, 2.5], "label": ["a", "b"], "first": [10, 20]})
    write = table.to_parquet if name.endswith("parquet") else table.to_csv
    write(tmp_path / name, index=False)
    ended = pipeline("predict", tmp_path / name, "--url", url)
    assert (ended.code, ended.out) == (0, "11.5\n22.5\n")
    ended = pipeline("predict", tmp_path / name, "--url", url, "-o", tmp_path / "out/values")
    assert (ended.out, (tmp_path / "out/values").read_text()) == ("", "11.5\n22.5\n")


@pytest.mark.parametrize("name", ["many.csv", "many.parquet"])
@pytest.mark.parametrize("limit", [200, 3000])
def test_a_file_is_split_between_rows_below_the_limit(server, tmp_path, name, limit) -> None:
    limit += 5000 if name.endswith("parquet") else 0  # what an empty table takes
    table = pd.DataFrame({"first": np.arange(3000) / 7, "second": 1.0, "text": "two\nlines"})
    write = table.to_parquet if name.endswith("parquet") else table.to_csv
    write(tmp_path / name, index=False)
    read, parts = pd.read_parquet if name.endswith("parquet") else pd.read_csv, []

    def ask(piece):
        assert len(piece.body) <= limit
        parts.append(read(io.BytesIO(piece.body)))
        return b"1\n" * len(parts[-1])

    assert b"".join(ask_in_pieces(tmp_path / name, ask, limit)) == b"1\n" * 3000
    assert len(parts) > 3
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), table)


def test_without_a_header_every_line_is_a_row(pipeline, url, tmp_path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"\xef\xbb\xbf1,2\r\n3,4")
    pieces = []

    def ask(piece):
        pieces.append((piece.body, piece.first))
        return b"1\n"

    assert [*ask_in_pieces(tmp_path / "rows.csv", ask, 5)] == [b"1\n", b"1\n"]
    assert pieces == [(b"1,2\r\n", 1), (b"3,4", 2)]
    assert pipeline("predict", tmp_path / "rows.csv", "--url", url).out == "3.0\n7.0\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bad.csv", "1,2\n3,x\n", "the server answers 400: line 2, column 'second': 'x' is not a"),
        ("bad.sav", "1,2\n", "must end with .csv, .xlsx, .json or .parquet, got '.sav'."),
        ("bad.csv", b"a\n\xff\xfe", "is not UTF-8 text: line 2 has the byte 0xff."),
        ("bad.parquet", "1,2\n", "cannot be read: "),
        ("missing.csv", None, "cannot be read: No such file or directory."),
        ("empty.csv", "", "the server answers 400: The body holds no row."),
        ("long.csv", f'1,2\n"{"x" * 6_000_000}",1\n', "is not a table: line 2: field larger than"),
    ],
)
def test_a_file_that_cannot_be_sent_is_named(pipeline, url, tmp_path, name, content, message):
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    rule, remedy = pipeline("predict", file, "--url", url).mistake
    assert rule.replace(": ", " ").startswith(f"{file} {message}".replace(": ", " "))
    assert remedy


@pytest.mark.parametrize("output", [".", "/", "rows.csv/predictions.csv"])
def test_a_place_that_cannot_be_written_to_is_named(pipeline, url, tmp_path, output) -> None:
    (tmp_path / "rows.csv").write_text("1,2\n")
    place = str(tmp_path / output) if output.startswith("rows") else output
    rule, remedy = pipeline("predict", tmp_path / "rows.csv", "--url", url, "-o", place).mistake
    assert rule.startswith(f"{place}: cannot be written: ")
    assert remedy == "Give -o a file in a folder that is yours."


def test_predict_says_how_to_start_a_server(pipeline, tmp_path) -> None:
    (tmp_path / "rows.csv").write_text("1,2\n")
    start = time.monotonic()
    rule, remedy = pipeline(
        "predict", tmp_path / "rows.csv", "--url", f"http://127.0.0.1:{free_port()}"
    ).mistake
    assert "no server answers: [Errno 111] Connection refused" in rule
    assert "serve`" in remedy
    assert time.monotonic() - start < 30
    rule, _ = pipeline("predict", tmp_path / "rows.csv", "--url", "file:///etc").mistake
    assert rule.startswith("--url must begin with http:// or https://")
