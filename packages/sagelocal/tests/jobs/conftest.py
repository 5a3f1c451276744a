"""Training jobs of several hosts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sagelocal.jobs.machine import Machine
from sagelocal.jobs.training import run_training_job
from sagelocal.processes.slots import Slots


@pytest.fixture
def train(machine: Machine, build):
    def run_job(source: str, count: int, *, slots: int = 2, name: str = "job", **rest: Any):
        build.put_code(machine.storage, fit=source)
        request = {**build.training_request(), **rest}
        request["ResourceConfig"] = {"InstanceCount": count, "InstanceType": "ml.m5.large"}
        wide = replace(machine, slots=Slots(slots))
        return run_training_job(request, name=name, step="Step", machine=wide)

    return run_job
