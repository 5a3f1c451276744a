"""Two ways to start `train` and `serve`: as a plain process, and in the image.

Run them in a project's folder, whose models are served:

    python -m pytest --pyargs sagetabular.testing.container

The image is tried when `CONTAINER_IMAGE` names one (`make image` sets it), by the engine that
`pipeline image build` would take, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sagetabular.aws.images.engines import VARIABLE, find_engine
from sagetabular.project import find_project

ROOT = find_project().root
sys.path.insert(0, str(ROOT))  # its models
IMAGE = os.environ.get("CONTAINER_IMAGE", "")
ENGINE = find_engine(None).name if IMAGE else ""
if ENGINE == "buildah":
    raise pytest.UsageError(f"Buildah does not run images: set {VARIABLE} to another engine.")
# What only an image can show.
collect_ignore = [] if IMAGE else ["test_image.py"]
_ASK = """
import json, sys, urllib.error, urllib.request
port, path, headers = json.loads(sys.argv[1])
body = sys.stdin.buffer.read() or None
request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    answer = direct.open(request, timeout=20)
except urllib.error.HTTPError as error:
    answer = error
except OSError:
    sys.exit("nobody answers")
print(answer.status, answer.read().decode())
"""


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: starts processes or containers")


def pytest_report_header():
    return f"containers: {ENGINE} with {IMAGE}" if IMAGE else "containers: none, see `make image`"


def pytest_generate_tests(metafunc):
    if "launcher" in metafunc.fixturenames:
        launchers = [InProcess, *([InContainer] if IMAGE else [])]
        metafunc.parametrize("launcher", launchers, ids=lambda kind: kind.__name__, indirect=True)


class Tree:
    """A container's `/opt/ml`, on this machine."""

    def __init__(self, base: Path) -> None:
        self.base = base
        for folder in ("input/config", "input/data", "model", "output"):
            (base / folder).mkdir(parents=True)

    def configure(self, hyperparameters, **modes) -> None:
        """Write the configuration files as SageMaker does: all values are text."""
        config = self.base / "input/config"
        (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
        channels = {name: {"TrainingInputMode": mode} for name, mode in modes.items()}
        (config / "inputdataconfig.json").write_text(json.dumps(channels))

    def add_channel(self, name: str) -> Path:
        """Make a channel's folder."""
        folder = self.base / "input/data" / name
        folder.mkdir()
        return folder

    def add_script(self, source: str, hyperparameters=None) -> None:
        """Make a job in script mode, as the pipeline's definition asks for it."""
        archive = self.add_channel("code") / "sourcedir.tar.gz"
        script = self.base.parent / "program.py"
        script.write_text(source)
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(script, "program.py")
        where = "/opt/ml/input/data/code/sourcedir.tar.gz"
        own = {"sagemaker_program": "program.py", "sagemaker_submit_directory": where}
        self.configure(own | (hyperparameters or {}))

    @property
    def failure(self) -> str:
        """What the job left as its reason."""
        path = self.base / "output/failure"
        return path.read_text() if path.exists() else ""

    @property
    def manifest(self):
        """What the saved model says of itself."""
        return json.loads((self.base / "model/manifest.json").read_text())

    @property
    def saved(self) -> set[str]:
        """Everything in the model folder."""
        return {path.name for path in (self.base / "model").iterdir()}


class InProcess:
    """`train` and `serve` as their own processes, `/opt/ml` moved by `SAGEMAKER_BASE_DIR`."""

    def __init__(self, tree: Tree) -> None:
        self.tree, self.running = tree, []

    def start(self, program: str, **variables: str) -> subprocess.Popen[str]:
        """Start a program; output and errors come together."""
        module = {"train": "sagetabular.jobs.container.train", "serve": "sagetabular.serving"}[
            program
        ]
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ},
            "SAGEMAKER_BASE_DIR": str(self.tree.base),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return self._open([sys.executable, "-m", module], environment | variables)

    def _open(self, command, environment=None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.running.append(process)
        return process

    def train(self, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a training job to its end."""
        process = self.start("train", **variables)
        output, _ = process.communicate(timeout=120)
        return subprocess.CompletedProcess(["train"], process.returncode, output)

    def terminate(self) -> None:
        """Send what SageMaker sends to stop a job."""
        self.running[-1].terminate()

    def ask(self, port: int, path: str, body: str = "", **headers: str) -> tuple[int, str]:
        """Send a request to `serve`; status 0 while nobody answers."""
        question = json.dumps([port, path, headers])
        answer = subprocess.run(
            [*self._python(), "-c", _ASK, question],
            input=body,
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode:
            return 0, answer.stderr
        status, _, text = answer.stdout.partition(" ")
        return int(status), text

    def _python(self) -> list[str]:
        return [sys.executable]

    def end(self) -> None:
        """Leave nothing running."""
        for process in self.running:
            process.kill()
            process.communicate(timeout=60)  # for ever, if a process that it started went on


class InContainer(InProcess):
    """The same in the image, without a network, `/opt/ml` mounted as SageMaker does."""

    options: tuple[str, ...] = ()

    def start(self, program: str, **variables: str) -> subprocess.Popen[str]:
        """Start a container."""
        self.name = f"contract-{uuid.uuid4().hex[:12]}"
        named = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
        mount = ["-v", f"{self.tree.base}:/opt/ml"]
        command = [ENGINE, "run", "--rm", "--name", self.name, "--network", "none", *mount]
        return self._open([*command, "--no-healthcheck", *named, *self.options, IMAGE, program])

    def terminate(self) -> None:
        """Send what SageMaker sends to stop a job."""
        subprocess.run([ENGINE, "kill", "--signal", "TERM", self.name], check=True)

    def _python(self) -> list[str]:
        return [ENGINE, "exec", "-i", self.name, "python3"]

    def end(self) -> None:
        """Leave no container."""
        subprocess.run([ENGINE, "rm", "-f", self.name], capture_output=True, check=False)
        super().end()


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "ml")


@pytest.fixture
def launcher(request, tree):
    launcher = request.param(tree)
    yield launcher
    launcher.end()


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    """A label that two numbers explain, and some missing values."""
    generator = np.random.default_rng(7)
    features = generator.normal(size=(400, 2))
    label = 3 * (features[:, 0] > 0) + features[:, 1]
    table = pd.DataFrame({"price": label, "rooms": features[:, 0], "area": features[:, 1]})
    table.loc[::40, "area"] = np.nan
    return table


@pytest.fixture
def container(tree):
    launcher = InContainer(tree)
    yield launcher
    launcher.end()
