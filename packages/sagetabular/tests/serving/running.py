"""A real server in processes of its own, with a model that can be told to misbehave."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

# It adds two numbers. The first one also says what goes wrong.
CODE = """
import os
import time
from pathlib import Path

def load(folder):
    time.sleep(float((Path(folder) / "seconds").read_text()))
    return None

def predict(model, features):
    return add(features.to_numpy())

def scorer(model, columns):
    return add

def add(matrix):
    first = matrix[0, 0]
    if first == -1:
        Path("asked").touch()
        while not Path("answer").exists():
            time.sleep(0.01)
    if first == -2:
        time.sleep(60)
    if first == -3:
        sum(range(10**13))  # hears no signal
    if first == -4:
        os._exit(9)
    return matrix.sum(axis=1)
"""
MANIFEST = {
    "model": "adding",
    "target": "sum",
    "features": ["first", "second"],
    "categories": [],
    "typical": {"first": 1.0, "second": 2.0},
    "hyperparameters": {},
    "seed": 1,
    "training_rows": 1,
}


def lay_out(root: Path, *, seconds: float = 0.0) -> Path:
    """Write the model's code and artefact below `root`; loading takes some seconds."""
    code, folder = root / "models/adding/model.py", root / "ml/model"
    code.parent.mkdir(parents=True)
    code.write_text(CODE)
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(MANIFEST))
    (folder / "seconds").write_text(str(seconds))
    return root


class Server:
    """`python -m sagetabular.serving` with the files of `lay_out`, on a port of its own."""

    def __init__(self, root: Path, **environment: object) -> None:
        self.root = root
        self.port = int(environment.pop("port", 0)) or free_port()
        variables = {
            "PYTHONPATH": str(root),
            "SAGEMAKER_BASE_DIR": str(root / "ml"),
            "SAGEMAKER_BIND_TO_PORT": str(self.port),
            "MODEL_SERVER_HOST": "127.0.0.1",
            "MODEL_SERVER_WORKERS": "1",
            **{name: str(value) for name, value in environment.items()},
        }
        with (root / "out").open("wb") as out, (root / "err").open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sagetabular.serving"],
                cwd=root,
                env=os.environ | variables,
                stdout=out,
                stderr=err,
            )

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=40)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def get(self, path: str = "/ping") -> tuple[int, str]:
        """Status and text; status 0 while nobody listens."""
        connection = self.connect()
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def post(self, body: str | bytes, **options: object) -> tuple[int, str]:
        """Status and text of an answer to a CSV body."""
        connection = self.connect()
        try:
            headers = {"Content-Type": "text/csv"}
            connection.request("POST", "/invocations", body, headers, **options)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        finally:
            connection.close()

    def wait(self, status: int = 200, seconds: float = 60) -> Server:
        """Wait until `/ping` answers with a status."""
        end = time.monotonic() + seconds
        while (found := self.get())[0] != status:
            assert time.monotonic() < end, (found, self.errors)
            assert self.process.poll() is None, self.errors
            time.sleep(0.05)
        return self

    @property
    def workers(self) -> set[int]:
        """Process ids, from the log."""
        return {line["worker"] for line in self.log if "worker" in line}

    @property
    def log(self) -> list[dict]:
        return [json.loads(line) for line in (self.root / "out").read_text().splitlines()]

    @property
    def errors(self) -> str:
        return (self.root / "err").read_text()

    def end(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
