"""AWS's own training toolkit in an environment of its own, and a pipeline run to compare with."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.baking import TEMPLATE, generate

TOOLKIT = "sagemaker-training==5.1.4"
# What AWS's XGBoost image holds, at the versions of the lock file; setuptools builds the archive.
LIBRARIES = [
    "numpy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "setuptools",
    "skops",
    "wheel",
    "xgboost-cpu; sys_platform == 'linux'",
    "xgboost; sys_platform != 'linux'",
]
_CLI = "from sagetabular.cli import main; main()"


@pytest.fixture(scope="session")
def toolkit(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the toolkit and return its `train`."""
    folder = tmp_path_factory.mktemp("toolkit")
    lock = (template / TEMPLATE / "requirements.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z].*?) \\$", lock, flags=re.MULTILINE)
    (folder / "constraints.txt").write_text("\n".join(pins), encoding="utf-8")
    uv = str(Path(sys.executable).parent / "uv")
    venv = folder / "venv"
    subprocess.run([uv, "venv", "-q", "--seed", "--python", sys.executable, venv], check=True)
    install = [uv, "pip", "install", "-q", "--no-config", "--compile-bytecode"]
    constraints = ["--constraint", str(folder / "constraints.txt")]
    place = ["--python", str(venv / "bin/python")]
    subprocess.run([*install, *place, *constraints, TOOLKIT, *LIBRARIES], check=True)
    return venv / "bin/train"


@dataclass(frozen=True)
class Trial:
    """A training job of the local run: what it got, and what it left."""

    hyperparameters: dict[str, str]
    channels: dict[str, Path]
    log: str
    archive: Path


class LocalRun:
    """A run of the compiled definition by the local back-end, with one trial for each model."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self._cli("data", "sample")
        one = [f"--set={name}=1" for name in ("MaxTrainingJobs", "MaxParallelTrainingJobs")]
        report = json.loads(self._cli("run", "--json", "--set=MinimumR2=0", *one))
        self.home = project / ".pipeline"
        self.record = self.home / "executions" / report["execution"]

    def _cli(self, *arguments: str) -> str:
        command = [sys.executable, "-c", _CLI, *arguments]
        environment = os.environ | {"PYTHONPATH": str(self.project)}
        return subprocess.run(
            command,
            cwd=self.project,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    def trial(self, title: str) -> Trial:
        """Return what the definition asks of a model's trial, and what came of it here."""
        (archive,) = self.home.glob(f"s3/**/*-Tune{title}-001/output/model.tar.gz")
        (log,) = self.record.glob(f"**/Tune{title}/*-001.log")
        with tarfile.open(archive) as content:
            chosen = json.load(content.extractfile("cv.json") or sys.stdin)["hyperparameters"]
        definition = json.loads((self.record / "definition.json").read_text(encoding="utf-8"))
        steps = {step["Name"]: step["Arguments"] for step in definition["Steps"]}
        request = steps[f"Tune{title}"]["TrainingJobDefinition"]
        static = {
            name: value
            for name, value in request["StaticHyperParameters"].items()
            if isinstance(value, str)
        }
        seed = str(json.loads((self.record / "parameters.json").read_text())["Seed"])
        (train,) = self.home.glob("s3/**/preprocess/train")
        code = next(
            path.parent
            for path in self.home.glob("s3/**/sourcedir.tar.gz")
            if _holds(path, f"models/{static['job_model']}/model.py")
        )
        tuned = {name: json.dumps(value) for name, value in chosen.items()}
        own = static | {"job_seed": seed} | tuned
        return Trial(own, {"train": train, "code": code}, log.read_text(), archive)


def _holds(archive: Path, name: str) -> bool:
    with tarfile.open(archive) as content:
        return name in content.getnames()


@pytest.fixture(scope="session")
def local_run(template: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalRun:
    """Run the pipeline of a new project once."""
    return LocalRun(generate(template, tmp_path_factory.mktemp("local") / "output", {}))


@dataclass(frozen=True)
class Ended:
    """How a job ended."""

    code: int
    log: str
    base: Path


class Launcher:
    """Starts training jobs with one of the two `train` commands."""

    def __init__(self, command: list[str], work: Path, project: Path) -> None:
        self.command, self.work, self.project = command, work, project

    def run(self, hyperparameters: dict[str, str], channels: dict[str, Path]) -> Ended:
        """Lay out `/opt/ml` as SageMaker does, and run `train` in it."""
        base = self.work / "ml"
        config = base / "input/config"
        for folder in ("input/config", "input/data", "model", "output/data"):
            (base / folder).mkdir(parents=True)
        for name, source in channels.items():
            shutil.copytree(source, base / "input/data" / name)
        key = "sagemaker_submit_directory"
        moved = hyperparameters[key].replace("/opt/ml", str(base))
        modes = {name: {"TrainingInputMode": "File"} for name in channels}
        # A name that resolves: the toolkit waits a quarter of an hour for one that does not.
        hosts = {"current_host": "localhost", "hosts": ["localhost"]}
        (config / "hyperparameters.json").write_text(json.dumps(hyperparameters | {key: moved}))
        (config / "inputdataconfig.json").write_text(json.dumps(modes))
        (config / "resourceconfig.json").write_text(
            json.dumps(hosts | {"network_interface_name": "lo"})
        )
        result = subprocess.run(
            self.command,
            env=self._environment(base),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=180,
            check=False,
        )
        return Ended(result.returncode, result.stdout, base)

    def _environment(self, base: Path) -> dict[str, str]:
        """Variables of the definition's jobs, and those that make both deterministic."""
        return {
            "PATH": f"{Path(self.command[0]).parent}:/usr/bin:/bin",
            "HOME": str(self.work),
            "PYTHONPATH": str(self.project) if len(self.command) > 1 else "",
            "SAGEMAKER_BASE_DIR": str(base),
            "PIP_NO_BUILD_ISOLATION": "0",
            "PIP_NO_INDEX": "1",
            "OMP_NUM_THREADS": "1",
            "TRAINING_JOB_NAME": "job",
            "AWS_REGION": "eu-west-1",
        }


@pytest.fixture
def launch_toolkit(toolkit: Path, local_run: LocalRun, tmp_path: Path) -> Launcher:
    """AWS's toolkit."""
    work = tmp_path / "toolkit"
    work.mkdir()
    return Launcher([str(toolkit)], work, local_run.project)


@pytest.fixture
def launch_own(local_run: LocalRun, tmp_path: Path) -> Launcher:
    """`train` of the project's image, as a plain process."""
    work = tmp_path / "own"
    work.mkdir()
    command = [sys.executable, "-m", "sagetabular.jobs.container.train"]
    return Launcher(command, work, local_run.project)
