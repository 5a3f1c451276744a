"""A search finds the same, however its trials start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sagelocal import LocalSageMaker, SageLocalError
from sagelocal.forking.launching import ForkLauncher, forking_is_safe, launcher_type
from sagelocal.jobs.machine import Machine
from sagelocal.tuning.job import run_tuning_job

pytestmark = pytest.mark.skipif(not forking_is_safe(), reason="there are forks on Linux only")


def test_a_tuning_job_gives_the_same_bits_in_either_isolation(machine: Machine, build) -> None:
    source = (
        "import os, sys\nimport numpy\n"
        "x = float(sys.argv[sys.argv.index('-x') + 1])\n"
        "numbers = numpy.random.default_rng(int(x * 1e6)).normal(size=1000)\n"
        "if x > 0.8: raise ValueError(f'{x} is too much')\n"
        "numpy.save(os.environ['SM_MODEL_DIR'] + '/model.npy', numbers)\n"
        "print(f'cv:r2={numpy.exp(-numbers @ numbers / 1e3)};')\n"
    )
    build.put_code(machine.storage, fit=source)
    results = []
    for isolation in ("process", "fork"):
        response = run_tuning_job(
            build.tuning_request(6, 3, strategy="Bayesian"),
            name="tune",
            step="Tune",
            machine=replace(machine, launcher=launcher_type(isolation)()),
            trial_finished=lambda *_told: None,
        )
        trials = response["TrainingJobSummaries"]
        archives = [
            machine.storage.read_bytes(
                f"s3://bucket/models/{trial['TrainingJobName']}/output/model.tar.gz"
            )
            for trial in trials
            if trial["TrainingJobStatus"] == "Completed"
        ]
        for trial in trials:
            trial.pop("Seconds")
        results.append((trials, archives))
    assert results[0] == results[1]
    assert {trial["TrainingJobStatus"] for trial in results[0][0]} == {"Completed", "Failed"}


def test_a_spot_trial_that_was_killed_goes_on(machine: Machine, build) -> None:
    source = (
        "import os, pathlib\n"
        f"attempts = pathlib.Path({str(machine.work)!r}, 'attempts')\n"
        "attempts.open('a').write('x')\n"
        "if len(attempts.read_text()) < 3: os.kill(os.getpid(), 9)\n"
        "print('cv:r2=1;')\n"
    )
    build.put_code(machine.storage, fit=source)
    response = run_tuning_job(
        build.tuning_request(1, 1, spot=True),
        name="tune",
        step="Tune",
        machine=replace(machine, launcher=ForkLauncher()),
        trial_finished=lambda *_told: None,
    )
    assert response["HyperParameterTuningJobStatus"] == "Completed"


def test_an_isolation_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SageLocalError, match="one of process, fork on this platform, got thread"):
        LocalSageMaker(tmp_path, isolation="thread")
