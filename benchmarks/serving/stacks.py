"""The two servers under test, each with one worker on one core."""

from __future__ import annotations

import contextlib
import getpass
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
PROJECT = HERE.parents[1] / "{{cookiecutter.project_slug}}"
SERVER_CORE, LOAD_CORE = "0", "1"
NGINX = """
user {user};
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr emerg;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  client_max_body_size 5m;
  upstream gunicorn {{ server unix:{folder}/gunicorn.sock; }}
  server {{
    listen 127.0.0.1:{port};
    keepalive_timeout 5;
    location ~ ^/(ping|invocations) {{
      proxy_set_header Host $http_host;
      proxy_pass http://gunicorn;
    }}
  }}
}}
"""


@contextmanager
def ours(folder: Path, port: int, workers: int = 1) -> Iterator[list[int]]:
    """Serve the model in `folder/model` with this template's server; gives its process."""
    variables = {
        "SAGEMAKER_BASE_DIR": str(folder),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "MODEL_SERVER_HOST": "127.0.0.1",
        "MODEL_SERVER_WORKERS": str(workers),
    }
    command = [sys.executable, "-m", "sagetabular.serving"]
    with _running([_start(command, variables, pinned=workers == 1)], port) as processes:
        yield processes


@contextmanager
def classic(folder: Path, port: int) -> Iterator[list[int]]:
    """Serve the same model with nginx, gunicorn and Flask; gives their processes."""
    settings = folder / "nginx.conf"
    settings.write_text(
        NGINX.format(folder=folder, port=port, user=getpass.getuser()), encoding="utf-8"
    )
    gunicorn = [sys.executable, "-m", "gunicorn", "--timeout", "60", "-k", "sync", "-w", "1"]
    gunicorn += ["-b", f"unix:{folder}/gunicorn.sock", "--chdir", str(HERE), "classic:app"]
    variables = {"MODEL_FOLDER": str(folder / "model")}
    nginx = ["nginx", "-c", str(settings)]
    started = [_start(gunicorn, variables, pinned=True), _start(nginx, {}, pinned=True)]
    with _running(started, port) as processes:
        yield processes


def _start(
    command: list[str], variables: dict[str, str], *, pinned: bool
) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(PROJECT), **variables}
    pin = ["taskset", "-c", SERVER_CORE] if pinned else []
    return subprocess.Popen(  # noqa: S603
        [*pin, *command], cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL
    )


@contextmanager
def _running(started: list[subprocess.Popen[bytes]], port: int) -> Iterator[list[int]]:
    try:
        end = time.monotonic() + 120
        while not _is_ready(port):
            if time.monotonic() > end or any(process.poll() is not None for process in started):
                sys.exit("A server did not start; its reason stands above.")
            time.sleep(0.1)
        yield [process.pid for process in started]
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5):
            return True
    except OSError:
        return False


def tree_of(processes: list[int]) -> list[int]:
    """Return the processes and all that they have started."""
    found = []
    for process in processes:
        children = Path(f"/proc/{process}/task/{process}/children")
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            started = [int(child) for child in children.read_text(encoding="ascii").split()]
            found += [process, *tree_of(started)]
    return found


def memory(processes: list[int]) -> float:
    """Megabytes that processes and their children hold, shared pages in proportion (PSS)."""
    kilobytes = 0
    for process in tree_of(processes):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
            (line,) = [line for line in rollup.splitlines() if line.startswith("Pss:")]
            kilobytes += int(line.split()[1])
    return kilobytes / 1024


def cpu_seconds(processes: list[int]) -> float:
    """Seconds of processor time that processes and their children have used."""
    ticks = 0
    for process in tree_of(processes):
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
