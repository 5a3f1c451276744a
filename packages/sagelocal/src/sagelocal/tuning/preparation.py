"""Preparation: what trials of a tuning step need is done once, and early.

Libraries load while the steps before a tuning step still run. What the trials share is done once,
if their program offers to. No result depends on it: what cannot be done here is done, or fails, in
the trials themselves.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from sagelocal.definition.expressions import Context, resolve
from sagelocal.definition.graph import Definition, Step
from sagelocal.errors import StorageError
from sagelocal.files import JsonObject
from sagelocal.jobs.containers import JobTree
from sagelocal.jobs.hosts import instance_count, job_hosts, only_host
from sagelocal.jobs.machine import Machine
from sagelocal.jobs.training import training_command
from sagelocal.processes.commands import Command
from sagelocal.tuning.trials import trial_resources

_CODE = ("sagemaker_program", "sagemaker_submit_directory")


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

    # Whatever is wrong, the trials report it.
    with job_hosts(machine, step, _shared(name), 1) as hosts, suppress(StorageError):
        machine.launcher.prepare(command)


def discard_shared(name: str, machine: Machine) -> None:
    """Remove what `prepare_trials` made, once the last trial has ended."""
    if not machine.keep_work:
        shutil.rmtree(machine.work / _shared(name), ignore_errors=True)


def _shared(name: str) -> str:
    return f"{name}-shared"


class Expectations:
    """Gets ready for tuning steps once a step that they wait for has work to do.

    When all of these are reused, so is the tuning step as a rule, and nothing has to be ready.

    Args:
        definition: The pipeline.
        due: Names of the steps that may run.
        context: What expressions refer to.
        machine: What the jobs share.
    """

    def __init__(
        self, definition: Definition, due: Iterable[str], context: Context, machine: Machine
    ) -> None:
        self._steps = {
            name: step
            for name, step in definition.steps.items()
            if step.kind == "Tuning" and step.branch is None and name in due
        }
        self._definition = definition
        self._context = context
        self._machine = machine
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="expect")
        self._begun: dict[str, Future[None]] = {}
        self._beginning = threading.Lock()

    def work_begins(self, step: Step) -> None:
        """Hear that a step could not be reused; for a tuning step, wait until all is begun."""
        with self._beginning:
            for name, tuning in self._steps.items():
                waits = name == step.name or step.name in self._definition.ancestors([name])
                if waits and name not in self._begun:
                    self._begun[name] = self._pool.submit(self._expect, tuning)
        if step.name in self._begun:
            self._begun[step.name].result()

    def end(self, name: str) -> None:
        """End what was begun for a step that needs it no more; its tuning job has ended its own."""
        if name in self._begun:
            self._begun.pop(name).result()
            with self._machine.launcher.for_trials(name):
                shutil.rmtree(self._folder(name), ignore_errors=True)

    def close(self) -> None:
        """End everything."""
        for name in list(self._begun):
            self.end(name)
        self._pool.shutdown()

    def _expect(self, step: Step) -> None:
        """Start loading what the trials' program imports, if it is known already."""
        tree = JobTree(self._folder(step.name))
        with suppress(Exception):  # the tuning step itself reports what is wrong
            request = _code_request(step, self._context)
            command = training_command(
                only_host(tree, tree.base / "expect.log"),
                request,
                name=step.name,
                step=step.name,
                machine=self._machine,
            )
            self._machine.launcher.expect(step.name, command)

    def _folder(self, name: str) -> Path:
        return self._machine.work / f"{name}-libraries"


def _code_request(step: Step, context: Context) -> JsonObject:
    """Return what is needed of the trials' request to see their code.

    Raises:
        DefinitionError: If that refers to a step that has not ended.
    """
    training = step.arguments["TrainingJobDefinition"]
    static = training.get("StaticHyperParameters", {})
    code = {key: resolve(static[key], context) for key in _CODE if key in static}
    archive = str(code.get("sagemaker_submit_directory", ""))
    channels = [
        channel
        for channel in training.get("InputDataConfig", [])
        if f"/{channel['ChannelName']}/" in archive
    ]
    wanted = {
        "InputDataConfig": channels,
        "Environment": training.get("Environment", {}),
        "EnableNetworkIsolation": training.get("EnableNetworkIsolation", False),
    }
    resolved = resolve(wanted, context)
    assert isinstance(resolved, dict)  # noqa: S101 - a mapping resolves to one
    return {**resolved, "HyperParameters": code}
