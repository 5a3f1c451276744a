"""Preparation: what the trials of a tuning job share is done once, if their program offers to.

No result depends on it: what cannot be done here is done, or fails, in the trials themselves.
"""

from __future__ import annotations

import shutil
from contextlib import suppress

from sagelocal.errors import StorageError
from sagelocal.files import JsonObject
from sagelocal.jobs.hosts import instance_count, job_hosts, only_host
from sagelocal.jobs.machine import Machine
from sagelocal.jobs.training import training_command
from sagelocal.processes.commands import Command
from sagelocal.tuning.trials import trial_resources


def prepare_trials(training: JsonObject, *, name: str, step: str, machine: Machine) -> None:
    """Let the launcher do once what all trials of a tuning job share.

    Trials of several hosts share nothing: what one of them sees depends on which host it is.

    Args:
        training: The `TrainingJobDefinition`, without expressions.
        name: Name of the tuning job.
        step: Name of the step.
        machine: What its trials share.

    Raises:
        StoppedError: If the execution was stopped.
    """
    if instance_count(trial_resources(training), step) > 1:
        return
    request = {**training, "HyperParameters": training.get("StaticHyperParameters", {})}

    def command() -> Command:
        host = only_host(hosts[0].tree, hosts[0].tree.base / "prepare.log")
        return training_command(host, request, name=name, step=step, machine=machine)

    # Whatever is wrong, the trials will say.
    with job_hosts(machine, step, _shared(name), 1) as hosts, suppress(StorageError):
        machine.launcher.prepare(command)


def discard_shared(name: str, machine: Machine) -> None:
    """Remove what `prepare_trials` made, once the last trial has ended."""
    if not machine.keep_work:
        shutil.rmtree(machine.work / _shared(name), ignore_errors=True)


def _shared(name: str) -> str:
    return f"{name}-shared"
