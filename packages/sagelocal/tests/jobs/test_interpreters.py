"""What a job installs goes with the job: neither the next one nor the project sees it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from sagelocal.files import JsonObject
from sagelocal.forking.launching import launcher_type
from sagelocal.jobs.interpreters import Interpreter
from sagelocal.jobs.machine import Machine
from sagelocal.jobs.training import run_training_job
from sagelocal.storage.archives import pack
from sagelocal.tuning.job import run_tuning_job

NAME = "sagelocal_planted"


def make_wheel(folder: Path, name: str = NAME, version: str = "1.0", requires: str = "") -> Path:
    """Write a wheel by hand, as PEP 427 has it: a module that knows its version."""
    info = f"{name}-{version}.dist-info"
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
    with zipfile.ZipFile(wheel, "w") as content:
        content.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        content.writestr(f"{info}/METADATA", metadata)
        content.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        content.writestr(f"{info}/RECORD", "")
    return wheel


def in_a_file(folder: Path, program: str) -> str:
    """Write a program, return code that runs it: entry points have 256 characters at most."""
    (folder / "p.py").write_text(program)
    return f"exec(open({str(folder / 'p.py')!r}).read())"


def installed() -> list[str]:
    return sorted(f"{one.metadata['Name']} {one.version}" for one in distributions())


@pytest.fixture(autouse=True)
def the_project_keeps_its_packages() -> Any:
    before = installed()
    yield
    assert installed() == before
    assert find_spec(NAME) is None


INSTALL = {
    "module": "import subprocess, sys\n"
    "subprocess.check_call([sys.executable, '-m', 'pip', 'install', '--no-index', WHEEL])\n",
    "command": "import subprocess\n"
    "subprocess.check_call(['pip', 'install', '--no-index', WHEEL])\n",
    "shell": "import os\nassert os.system(f'pip3 install --no-index \"{WHEEL}\"') == 0\n",
    "python": "import os\nassert os.system(f'python -m pip install --no-index \"{WHEEL}\"') == 0\n",
}
SEE = f"import {NAME}\nprint({NAME}.VERSION, {NAME}.__file__)\n"


@pytest.mark.parametrize(
    "way",
    [way if way == "command" else pytest.param(way, marks=pytest.mark.slow) for way in INSTALL],
)
def test_a_job_sees_what_it_installs_and_the_next_one_does_not(
    start, build, tmp_path, home, way: str
) -> None:
    wheel = f"WHEEL = {str(make_wheel(tmp_path))!r}\n"
    record = start(
        build.processing("First", in_a_file(tmp_path, wheel + INSTALL[way] + SEE)),
        build.processing("Next", SEE, step={"DependsOn": ["First"]}),
    )
    first, following = record.steps["First"], record.steps["Next"]
    assert first.status == "Succeeded", first.failure_reason
    printed = record.log_files("First")[0].read_text().splitlines()[-1].split(" ", 1)
    assert printed[0] == "1.0"
    assert Path(printed[1]).is_relative_to(home / "executions" / record.id)
    assert not Path(printed[1]).exists(), "it is removed with the job"
    assert following.status == "Failed"
    assert f"No module named '{NAME}'" in following.failure_reason


@pytest.mark.slow
def test_a_job_sees_the_packages_of_the_project_and_may_put_another_version_before_them(
    start, build, tmp_path
) -> None:
    wheel = make_wheel(tmp_path, "pytest", "0.0.1")
    install = f"WHEEL = {str(wheel)!r}\n" + INSTALL["module"].replace(
        "'install'", "'install', '-q'"
    )
    look = "import importlib.metadata as m; print(m.version('pytest'))\n"
    record = start(build.processing("S", in_a_file(tmp_path, look + install + look)))
    assert record.status == "Succeeded", record.failure_reason
    lines = record.log_files("S")[0].read_text().split()
    assert lines[0] == pytest.__version__
    assert lines[-1] == "0.0.1"


@pytest.fixture
def train(machine: Machine, build, tmp_path):
    """Run a training job whose archive holds a program and a `requirements.txt`."""

    def run(program: str, wanted: str, isolation: str = "process") -> JsonObject:
        folder = tmp_path / "code"
        folder.mkdir(exist_ok=True)
        (folder / "fit.py").write_text(program)
        if wanted:
            (folder / "requirements.txt").write_text(wanted)
        archive = pack(folder, tmp_path / "sourcedir.tar.gz") or tmp_path / "sourcedir.tar.gz"
        machine.storage.put_bytes("s3://bucket/code/sourcedir.tar.gz", Path(archive).read_bytes())
        own = replace(machine, launcher=launcher_type(isolation)())
        if isolation == "fork":
            return run_tuning_job(
                build.tuning_request(2, 1),
                name="tune",
                step="Fit",
                machine=own,
                trial_finished=lambda *_told: None,
            )
        return run_training_job(build.training_request(), name="job", step="Fit", machine=own)

    return run


def test_the_requirements_of_an_archive_are_installed_before_its_program_runs(
    train, machine: Machine, tmp_path
) -> None:
    make_wheel(tmp_path)
    wanted = f"--no-index\n--find-links {tmp_path}\n{NAME.replace('_', '-')}==1.0\n"
    arguments = "import json, sys; print(json.dumps(sys.argv[1:]))\n"
    response = train(SEE + arguments, wanted)
    log = (machine.logs / "Fit/job.log").read_text()
    assert response["TrainingJobStatus"] == "Completed", log
    assert "1.0 " in log
    assert json.loads(log.splitlines()[-1]) == []
    again = train(SEE, "# nothing\n")
    assert again["TrainingJobStatus"] == "Failed"
    assert f"No module named '{NAME}'" in again["FailureReason"]


@pytest.mark.slow
def test_requirements_that_cannot_be_installed_fail_the_job(train, machine: Machine) -> None:
    response = train("print('ran')", "--no-index\nno-such-package==1\n")
    assert response["TrainingJobStatus"] == "Failed"
    assert "no-such-package" in response["FailureReason"]
    assert "ran" not in (machine.logs / "Fit/job.log").read_text()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="there are forks on Linux only")
@pytest.mark.parametrize("by", ["requirements", "program"])
def test_a_trial_has_an_interpreter_of_its_own_too(train, machine: Machine, tmp_path, by) -> None:
    make_wheel(tmp_path)
    wanted = f"--no-index\n--find-links {tmp_path}\n{NAME}==1.0\n"
    wheel = f"WHEEL = {str(next(tmp_path.glob('*.whl')))!r}\n"
    unseen = f"import importlib.util as u; assert u.find_spec({NAME!r}) is None\n"
    program = SEE if by == "requirements" else unseen + wheel + INSTALL["module"] + SEE
    response = train(program + "print('cv:r2=1;')", wanted if by == "requirements" else "", "fork")
    assert response["TrainingJobStatusCounters"]["Completed"] == 2, response
    assert not list(machine.work.rglob("*.dist-info"))


def test_a_fork_starts_what_it_starts_with_its_own_interpreter(train, machine: Machine) -> None:
    program = (
        "import subprocess, sys\n"
        "words = [sys.executable, '-c', 'import sys; print(sys.prefix)']\n"
        "print(subprocess.check_output(words, text=True), 'cv:r2=1;')\n"
    )
    response = train(program, "", "fork" if sys.platform == "linux" else "process")
    log = next((machine.logs / "Fit").glob("*-001.log")).read_text()
    assert response["TrainingJobStatusCounters"]["Completed"] == 2, response
    assert Path(log.split()[0]).is_relative_to(machine.work), log


@pytest.mark.parametrize("name", ["plain", "with a blank", "it's", "ünï", 'quo"te', "dollar$HOME"])
def test_wherever_the_tree_lies_the_interpreter_works(tmp_path, name: str) -> None:
    python = Interpreter(tmp_path / name)
    python.make()
    python.make()  # a job that goes on
    words = [python.program, "-c", "import sys, pytest; print(sys.prefix)"]
    environment = python.variables
    found = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()) == python.folder
    pip = subprocess.run(
        ["sh", "-c", "pip --version"], env=environment, capture_output=True, text=True, check=True
    )
    assert "pip" in pip.stdout
