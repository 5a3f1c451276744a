from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

# Ends the process at once where anything reaches for the network, so that nobody can catch it.
NO_NETWORK = """
import os, socket
def refuse(*arguments, **options):
    os.write(2, f"NETWORK {arguments}".encode())
    os._exit(99)
for name in ("connect", "connect_ex", "sendto", "sendmsg"):
    setattr(socket.socket, name, refuse)
socket.getaddrinfo = socket.gethostbyname = socket.create_connection = refuse
"""
COMPILE = "from sagetabular.cli import main; main()"


def isolated_from_network():
    """The command that cuts a process off from the network, where the machine has one."""
    command = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") is None:
        return []
    works = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    return command if works else []


def run_python(program, folder, arguments=(), environment=None, wrapper=()):
    """Run a program in a fresh process that knows this project and nothing of this one's AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [*wrapper, sys.executable, "-c", program, *arguments],
        cwd=folder,
        env=kept | (environment or {}),
        capture_output=True,
        check=False,
    )


def test_the_same_files_give_the_same_bytes_wherever_they_lie(example, other_example):
    first, elsewhere = example.compile(), other_example.compile()
    shutil.rmtree(example.root / ".pipeline")  # which keeps the last definition
    again = example.compile()
    assert first.definition == again.definition == elsewhere.definition
    assert first.assets.objects() == again.assets.objects() == elsewhere.assets.objects()


@pytest.mark.slow
def test_neither_environment_nor_clock_nor_network_takes_part(example, other_example, compiled):
    """Two machines that could hardly differ more, both without network."""
    # Files of its own, since those of two examples may be links to the same.
    elsewhere = shutil.copytree(other_example.root, other_example.root.with_name("another exämple"))
    for file in elsewhere.rglob("*"):
        os.utime(file, (86400, 86400))
    (elsewhere / "notebooks").mkdir()
    nowhere = str(example.root / "no such folder")
    there = {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "AWS_PROFILE": "not-configured",
             "AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2", "HOME": nowhere,
             "USER": "ada", "LC_ALL": "C"}  # fmt: skip
    here = {"PYTHONHASHSEED": "2", "TZ": "America/Adak", "AWS_ACCESS_KEY_ID": "AKIA",
            "AWS_SECRET_ACCESS_KEY": "secret", "USER": "grace"}  # fmt: skip
    runs = [
        (NO_NETWORK + COMPILE, elsewhere / "notebooks", ["compile"], there),
        (NO_NETWORK + COMPILE, example.root, ["compile"], here, isolated_from_network()),
    ]
    for run in runs:  # a project's own code is what runs in it
        run[3]["PYTHONPATH"] = str(example.root) + os.pathsep + os.pathsep.join(sys.path)
    with ThreadPoolExecutor() as pool:
        results = [*pool.map(lambda run: run_python(*run), runs)]
    for result in results:
        assert result.returncode == 0, result.stderr.decode()
        assert result.stdout == compiled.definition


@pytest.mark.parametrize(
    "attempt",
    [
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
        "import socket; socket.socket().connect(('127.0.0.1', 9))",
        "import boto3; boto3.client('sts', 'eu-west-1').get_caller_identity()",
    ],
)
def test_what_stands_guard_over_the_network_sees_every_attempt(tmp_path, attempt):
    fake = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    result = run_python(NO_NETWORK + attempt, tmp_path, environment=fake)
    assert result.returncode == 99
    assert b"NETWORK" in result.stderr
