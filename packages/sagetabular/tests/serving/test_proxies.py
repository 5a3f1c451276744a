"""An address of this machine is never asked through a proxy."""

from __future__ import annotations

import http.server
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from running import Server, free_port, lay_out
from test_serve_and_predict import pack

import sagelocal
import sagetabular
from sagelocal import LocalSageMaker
from sagetabular.cli.serving.asking import is_here, open_url

NAMES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


@contextmanager
def proxy(status: int):
    """A proxy that answers so to whatever it is asked; yields its address and what arrived."""
    arrived: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            arrived.append(f"{self.command} {self.path}")
            self.send_error(status, "Cache Access Denied")

        do_POST = do_CONNECT = do_GET  # noqa: N815

        def log_message(self, *_words):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", arrived
        server.shutdown()


@contextmanager
def no_proxy_there():
    """The address of a proxy that is down."""
    yield f"http://127.0.0.1:{free_port()}", []


@pytest.fixture(params=[403, 502, None], ids=["403", "502", "down"])
def environment(request, monkeypatch):
    """An environment with a proxy; yields it and what arrives there."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with proxy(request.param) if request.param else no_proxy_there() as (address, arrived):
        yield dict.fromkeys(NAMES, address), arrived


def test_this_machine_is_asked_directly(environment, monkeypatch, tmp_path) -> None:
    variables, arrived = environment
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with Server(lay_out(tmp_path)) as server:
        server.wait()
        for host in ("127.0.0.1", "localhost"):
            request = urllib.request.Request(f"http://{host}:{server.port}/ping")
            with open_url(request, 20) as answer:
                assert answer.read() == b"\n"
    assert arrived == []


def test_another_machine_is_asked_through_the_proxy(monkeypatch) -> None:
    with proxy(403) as (address, arrived):
        for name in NAMES:
            monkeypatch.setenv(name, address)
        with pytest.raises(urllib.error.HTTPError) as refused:
            open_url(urllib.request.Request("http://model.example/ping"), 20)
        refused.value.close()
    assert arrived == ["GET http://model.example/ping"]


@pytest.mark.parametrize(
    ("host", "here"),
    [
        *((name, True) for name in ("localhost", "LOCALHOST", "a.localhost", "127.0.0.1")),
        *((name, True) for name in ("127.8.9.1", "::1", "0.0.0.0", "::ffff:127.0.0.1")),
        *((name, False) for name in ("10.0.0.1", "example.com", "128.0.0.1", "localhost.com", "")),
    ],
)
def test_addresses_of_this_machine(host, here) -> None:
    assert is_here(host) == here


@pytest.mark.slow
def test_serve_and_predict_ask_no_proxy(environment, example, tmp_path) -> None:
    variables, arrived = environment
    lay_out(example.root)
    home, uri = LocalSageMaker(example.root / ".pipeline"), "s3://local/models/model.tar.gz"
    home.storage.put_bytes(uri, pack(example.root / "ml/model"))
    containers = [{"Image": "x", "ModelDataUrl": uri}]
    home.registry.create_model_package(
        {
            "ModelPackageGroupName": "test-project",
            "InferenceSpecification": {"Containers": containers},
        }
    )
    (tmp_path / "rows.csv").write_text("1,2\n3,4\n")
    command = [sys.executable, "-c", "from sagetabular.cli import main; main()"]
    options = {
        "cwd": example.root,
        "env": os.environ | {"PYTHONPATH": str(example.root), "PYTHONUNBUFFERED": "1", **variables},
        "text": True,
    }
    port = free_port()
    serving = subprocess.Popen(
        [*command, "serve", "--port", str(port)], stdout=subprocess.PIPE, **options
    )
    try:
        assert any(line.startswith("Serving ") for line in iter(serving.stdout.readline, "\n"))
        asked = [*command, "predict", str(tmp_path / "rows.csv")]
        asked += ["--url", f"http://127.0.0.1:{port}"]
        ended = subprocess.run(asked, capture_output=True, check=False, **options)
        assert (ended.stdout, ended.stderr) == ("3.0\n7.0\n", "")
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=40)
    assert arrived == []


def test_nothing_else_opens_addresses() -> None:
    roots = [Path(package.__file__).parent for package in (sagelocal, sagetabular)]
    opens = re.compile(r"urlopen\(|\burlretrieve\(|^\s*(?:import|from) requests\b", re.MULTILINE)
    files = [file for root in roots for file in root.rglob("*.py")]
    assert len(files) > 200
    assert [file for file in files if opens.search(file.read_text(encoding="utf-8"))] == []
