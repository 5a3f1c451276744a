"""The command `sagelocal serve`: what it prints, refuses and ends with."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from building import ROLE, Build
from clients import connect_to, ended

from sagelocal import LocalSageMaker, SageLocalError
from sagelocal.cli import main
from sagelocal.endpoint import Endpoint


@contextmanager
def serving(home: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "sagelocal", "serve", "--home", str(home), *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment) as server:
        try:
            yield server
        finally:
            server.kill()


def url_of(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    return server.stdout.readline().strip()


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_ends_cleanly(home: Path, build: Build, sign: int) -> None:
    with serving(home) as server:
        url = url_of(server)
        assert server.stdout is not None
        assert server.stdout.readline() == f"export AWS_ENDPOINT_URL_SAGEMAKER={url}\n"
        client = connect_to(url)
        text = build.definition(build.processing("Sleep", "import time; time.sleep(60)")).decode()
        client.create_pipeline(PipelineName="demo", PipelineDefinition=text, RoleArn=ROLE)
        client.start_pipeline_execution(PipelineName="demo")
        server.send_signal(sign)
        out, err = server.communicate(timeout=30)
    assert (server.returncode, out, err) == (0, "", "")
    (record,) = LocalSageMaker(home).executions()
    assert record.status == "Stopped"


@pytest.mark.slow
def test_images_and_variables_come_from_the_command_line(
    home: Path, build: Build, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text("import os, sys; sys.exit(os.environ['NAME'] != 'a=b')\n")
    step = build.processing("Look", NetworkConfig={"EnableNetworkIsolation": False})
    step["Arguments"]["AppSpecification"] = {"ImageUri": "123.dkr.ecr/mine:1"}
    words = [
        "--image",
        f"mine=python3 {program}",
        "--environment",
        "NAME=a=b",
        "--region",
        "us-east-2",
    ]
    with serving(home, *words) as server:
        client = connect_to(url_of(server))
        text = build.definition(step).decode()
        client.create_pipeline(PipelineName="demo", PipelineDefinition=text, RoleArn=ROLE)
        arn = client.start_pipeline_execution(PipelineName="demo")["PipelineExecutionArn"]
        assert ended(client, arn)["PipelineExecutionStatus"] == "Succeeded"
    assert arn.startswith("arn:aws:sagemaker:us-east-2:000000000000:pipeline/demo/execution/")


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["--port", "65536"], "must be a number from 0 to 65535, got '65536'"),
        (["--s3", "bucket"], "Not the URL of a server: 'bucket'."),
        (["--events", "http://"], "Not the URL of a server: 'http://'."),
        (["--region", "local"], "Not a region: 'local'."),
        (["--account", "1"], "Not an account: '1'."),
        (["--image", "mine"], "must be NAME=VALUE, got 'mine'"),
        (["--image", "mine='x"], "--image gives a command that is none: No closing quotation."),
        (["--image", "mine="], "--image gives no command for mine."),
        (["--image", "a=b", "--image", "a=c"], "--image gives a more than one value."),
        (["--environment", "A=1", "--environment", "A=2"], "--environment gives A more than"),
        (["--host", "nowhere.invalid"], "Cannot listen on nowhere.invalid:0"),
        (["--slots", "0"], "must be a whole number of 1 or more, got '0'"),
    ],
)
def test_a_mistake_is_two_lines(
    home: Path, capsys: pytest.CaptureFixture[str], words: list[str], rule: str
) -> None:
    assert main(["serve", "--home", str(home), *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 2
    assert rule in said.err
    assert not home.exists(), "nothing is begun"


def test_a_port_that_somebody_has_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["serve", "--home", str(home), "--port", str(port)]) == 2
        first, second = capsys.readouterr().err.splitlines()
        assert first.startswith(f"Cannot listen on 127.0.0.1:{port}: ")
        assert second == "Choose another port; 0 stands for one that is free."
        endpoint = Endpoint(LocalSageMaker(home), port=port)
        with pytest.raises(SageLocalError, match="Cannot listen"), endpoint:
            pass


def test_an_endpoint_listens_from_the_beginning_of_its_block_to_its_end(home: Path) -> None:
    with Endpoint(LocalSageMaker(home)) as endpoint:
        place = endpoint.url.removeprefix("http://").split(":")
        began = time.monotonic()
    assert time.monotonic() - began < 5
    with socket.socket() as client:
        assert client.connect_ex((place[0], int(place[1]))) != 0
