"""Servers that stand in for AWS, each in an environment of its own, as locked."""

from __future__ import annotations

import fcntl
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tests.baking import ROOT

REGION = "eu-west-1"
_SECONDS = 60.0


class LocalAccount:
    """What a server that stands in for AWS answers for.

    Args:
        port: Where it listens.

    Attributes:
        environment: How its clients find it.
    """

    def __init__(self, port: int) -> None:
        self.environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """Return a client of one of its services."""
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )


def environment(name: str, lock: Path) -> Path:
    """Install what a lock file lists, unless it is there already, and return the environment."""
    venv = ROOT / "build/cache" / name
    with _alone(venv.with_suffix(".busy")):
        _install(venv, lock)
    return venv


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Wait until no other process of these tests is in a block about the same file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _install(venv: Path, lock: Path) -> None:
    installed = venv / "installed.lock"
    if not installed.is_file() or installed.read_bytes() != lock.read_bytes():
        shutil.rmtree(venv, ignore_errors=True)
        uv = str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, venv], check=True)
        place = ["--python", str(venv / "bin/python")]
        subprocess.run([uv, "pip", "sync", "-q", "--no-config", *place, lock], check=True)
        shutil.copyfile(lock, installed)


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def serving(
    command: list[str], answers: Callable[[], object], variables: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a server until the block ends, which begins once `answers` raises no error of AWS's."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=variables
    )
    try:
        _wait_for(process, answers)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(process: subprocess.Popen[bytes], answers: Callable[[], object]) -> None:
    end = time.monotonic() + _SECONDS
    while True:
        try:
            answers()
            return
        except (BotoCoreError, ClientError):
            if time.monotonic() > end or process.poll() is not None:
                raise
            time.sleep(0.1)
