"""AWS's XGBoost image as far as it can be had: the server of its libraries, around our artefact."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# As docker/xgboost of aws/deep-learning-containers pins them for 3.2-0. Its package
# `sagemaker_xgboost_container` is in no registry: `APP` does what its `serving:main` does.
CONTAINERS = "sagemaker-containers==2.8.6.post2"
LIBRARIES = [
    "flask==3.1.3",
    "gevent",
    "gunicorn",
    "inotify_simple",
    "paramiko",
    "pip",
    "protobuf<=3.20.3",
    "psutil",
    "retrying",
    "setuptools<81",
    "six",
    "boto3",
    "numpy==2.1.0",
    "pandas==2.2.3",
    "pyarrow==22.0.0",
    "scikit-learn==1.8.0",
    "scipy==1.15.0",
    "xgboost-cpu==3.2.0; sys_platform == 'linux'",
    "xgboost==3.2.0; sys_platform != 'linux'",
]
APP = """
import importlib

from sagemaker_containers.beta.framework import env, transformer, worker

app = None


def main(environ, start_response):
    global app
    if app is None:
        name = env.ServingEnv().module_name
        module = importlib.import_module(name)
        served = transformer.Transformer(
            model_fn=module.model_fn, transform_fn=module.transform_fn
        )
        served.initialize()
        app = worker.Worker(transform_fn=served.transform, module_name=name)
    return app(environ, start_response)
"""
_SECONDS = 90.0


def install(folder: Path) -> Path:
    """Make an environment of the image's libraries, and return its `serve`."""
    uv, venv = str(Path(sys.executable).parent / "uv"), folder / "venv"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, venv], check=True)
    place = ["--no-config", "--python", str(venv / "bin/python")]
    # It asks for an old Flask, as AWS's own image overrides it, too.
    for arguments in (["--no-deps", CONTAINERS], LIBRARIES):
        subprocess.run([uv, "pip", "install", "-q", *place, *arguments], check=True)
    (mapping,) = venv.glob("lib/python*/site-packages/sagemaker_containers/_mapping.py")
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(re.sub(r"collections\.Mapping", "collections.abc.Mapping", text))
    (folder / "aws_app.py").write_text(APP, encoding="utf-8")
    return venv / "bin/serve"


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    content_type: str
    body: bytes


class Endpoint:
    """A container that serves: its tree below `base`, its server on a free port of this machine."""

    def __init__(self, serve: Path, base: Path, container: dict[str, Any], archive: Path) -> None:
        (base / "model").mkdir(parents=True)
        with tarfile.open(archive) as content:
            content.extractall(base / "model", filter="data")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (self.site,) = serve.parents[1].glob("lib/python*/site-packages")
        self.log = base / "log"
        own = {n: v.replace("/opt/ml", str(base)) for n, v in container["Environment"].items()}
        environment = own | {
            "PATH": f"{serve.parent}:/usr/bin:/bin",
            "HOME": str(base),
            "PYTHONPATH": str(serve.parents[2]),
            "SAGEMAKER_BASE_DIR": str(base),
            "SAGEMAKER_BIND_TO_PORT": str(self.port),
            "SAGEMAKER_USE_NGINX": "false",
            "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
            "SAGEMAKER_SERVING_MODULE": "aws_app:main",
            "OMP_NUM_THREADS": "1",
            "AWS_REGION": "eu-west-1",
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [str(serve)], env=environment, stdout=log, stderr=subprocess.STDOUT
            )

    def wait(self) -> None:
        """Wait until it answers `/ping`, as SageMaker does."""
        last = time.monotonic() + _SECONDS
        while time.monotonic() < last and self.process.poll() is None:
            try:
                if self._send("ping", None, {}).status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.2)
        raise AssertionError(self.log.read_text())

    def invoke(self, body: bytes, content_type: str, accept: str = "*/*") -> Reply:
        """Ask for predictions."""
        return self._send("invocations", body, {"Content-Type": content_type, "Accept": accept})

    def _send(self, route: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        url = f"http://127.0.0.1:{self.port}/{route}"
        request = urllib.request.Request(url, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return Reply(reply.status, reply.headers["Content-Type"], reply.read())
        except urllib.error.HTTPError as error:
            return Reply(error.code, error.headers["Content-Type"], error.read())

    def close(self) -> None:
        """End it; it hands the signal on to its server."""
        self.process.terminate()
        self.process.wait(timeout=30)
