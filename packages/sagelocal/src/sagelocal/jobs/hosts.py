"""Hosts: the machines of one job, here process groups that each have their own `/opt/ml`.

The hosts of a job are called `algo-1` … `algo-n`. On the service these names resolve. Here, where
nobody may change what names mean, a job of several hosts finds in `SAGELOCAL_HOST_ADDRESSES` where
each of them is to listen: `{"algo-1": "127.0.0.1:40001", "algo-2": "127.0.0.1:40002"}`. The
addresses differ in their ports, since not every system has more than one loopback address.
"""

from __future__ import annotations

import filecmp
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sagelocal.errors import DefinitionError, StorageError
from sagelocal.files import JsonObject, moved, require_there, write_json
from sagelocal.jobs.containers import JobTree, Outcome, run_in_tree
from sagelocal.jobs.inputs import Share
from sagelocal.jobs.machine import LOOPBACK, Machine, free_ports
from sagelocal.processes.commands import Cancellation, Command

ADDRESSES = "SAGELOCAL_HOST_ADDRESSES"
_GROUP = "homogeneousCluster"


@dataclass(frozen=True)
class Host:
    """One host of a job.

    Attributes:
        name: `algo-1` and so on.
        names: The names of all hosts of the job.
        tree: Its `/opt/ml`.
        log: The file that receives what it prints.
    """

    name: str
    names: tuple[str, ...]
    tree: JobTree
    log: Path

    @property
    def share(self) -> Share:
        """Return the part of a sharded input that this host gets."""
        return Share(self.names.index(self.name), len(self.names))

    def write_resources(self, folder: str, request: JsonObject) -> None:
        """Write `resourceconfig.json`, as the job would find it in its container."""
        write_json(self.tree.base / folder / "resourceconfig.json", self.resources(request))

    def resources(self, request: JsonObject) -> JsonObject:
        """Return the content of `resourceconfig.json`.

        Args:
            request: What holds the job's `InstanceType`.
        """
        kind = request.get("InstanceType", "local")
        group = {
            "instance_group_name": _GROUP,
            "instance_type": kind,
            "hosts": list(self.names),
        }
        return {
            "current_host": self.name,
            "current_instance_type": kind,
            "current_group_name": _GROUP,
            "hosts": list(self.names),
            "instance_groups": [group],
            "network_interface_name": "lo0" if sys.platform == "darwin" else "lo",
        }


def instance_count(request: JsonObject, step: str) -> int:
    """Return how many hosts a job asks for.

    Args:
        request: What holds its `InstanceCount`; without one it is a job of one host.
        step: Name of the step, for messages.

    Raises:
        DefinitionError: If that is not a number from 1.
    """
    asked = str(request.get("InstanceCount", 1))
    if not asked.isdecimal() or int(asked) < 1:
        raise DefinitionError(f"Step {step}: InstanceCount must be 1 or more, got {asked}.")
    return int(asked)


def only_host(tree: JobTree, log: Path) -> Host:
    """Return the host of a job that has one."""
    return Host("algo-1", ("algo-1",), tree, log)


@contextmanager
def job_hosts(machine: Machine, step: str, job: str, count: int) -> Iterator[list[Host]]:
    """Hold a slot and a fresh tree for each host of a job.

    The trees stay after the block, so that a failure can be looked at; `discard` removes them.

    Args:
        machine: What the jobs of the execution share.
        step: Name of the step, and of the logs' folder.
        job: Name of the job.
        count: How many hosts it has.
    """
    base, names = (machine.work / job).resolve(), tuple(f"algo-{n + 1}" for n in range(count))
    with machine.slots.hold(count):
        require_there(machine.work.parent)
        machine.logs.mkdir(exist_ok=True)  # launchers make the folder of the step in it
        shutil.rmtree(base, ignore_errors=True)
        hosts = []
        for name in names:
            tree = JobTree(base if count == 1 else base / name)
            tree.base.mkdir(parents=True)
            log = f"{job}.log" if name == names[0] else f"{job}.{name}.log"
            hosts.append(Host(name, names, tree, machine.logs / step / log))
        yield hosts


def run_on_hosts(hosts: Sequence[Host], machine: Machine, commands: Sequence[Command]) -> Outcome:
    """Run a job on all of its hosts at the same time and return how it ended.

    The first host that fails ends the others, and is named in the reason. A host that is done
    leaves the others running.

    Args:
        hosts: The hosts, their inputs in place.
        machine: What the jobs of the execution share.
        commands: What each of them runs.

    Raises:
        ExecutionStateError: If their trees were moved or removed meanwhile.
    """
    try:
        outcome = _run(hosts, machine, commands)
    except FileNotFoundError:
        if not all(host.tree.base.is_dir() for host in hosts):
            raise moved(machine.work.parent) from None
        raise
    require_there(machine.work.parent)
    return outcome


def _run(hosts: Sequence[Host], machine: Machine, commands: Sequence[Command]) -> Outcome:
    if len(hosts) == 1:
        return run_in_tree(hosts[0].tree, machine, commands[0])
    together, seconds = Cancellation(), 0.0
    addresses = {ADDRESSES: json.dumps(_addresses(hosts))}
    with ThreadPoolExecutor(len(hosts)) as pool, ExitStack() as stack:
        stack.callback(together.cancel)  # before the pool waits for whatever still runs
        running = {}
        for host, command in zip(hosts, commands, strict=True):
            environment = {**command.environment, **addresses}
            own = replace(command, environment=environment, cancellation=together)
            running[pool.submit(run_in_tree, host.tree, machine, own)] = host.name
        for future in as_completed(running):
            outcome = future.result()
            if outcome.status != "Completed":
                return replace(outcome, reason=f"Host {running[future]}: {outcome.reason}")
            seconds = max(seconds, outcome.seconds)
    return Outcome("Completed", 0, seconds, "")


def merged(hosts: Sequence[Host], path: str, step: str) -> Path:
    """Return the folder with what all hosts left at a container path.

    Raises:
        StorageError: If two hosts left different files of one name; the service keeps one of
            them, and does not say which.
    """
    if len(hosts) == 1:
        return hosts[0].tree.locate(path)
    target = JobTree(hosts[0].tree.base.with_name("merged")).locate(path)
    target.mkdir(parents=True, exist_ok=True)
    for host in hosts:
        folder = host.tree.locate(path)
        for file in sorted(entry for entry in folder.rglob("*") if entry.is_file()):
            copy = target / file.relative_to(folder)
            if copy.exists() and not filecmp.cmp(file, copy, shallow=False):
                raise StorageError(
                    f"Step {step}: {host.name} and a host before it both left "
                    f"{path}/{copy.relative_to(target).as_posix()}, and not the same.",
                    "Let one host write it, or give each host a name of its own.",
                )
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    return target


def discard(hosts: Sequence[Host], machine: Machine, outcome: Outcome) -> None:
    """Remove the trees of a job, unless it failed or all trees are to be kept."""
    if not outcome.reason and not machine.keep_work:
        base = hosts[0].tree.base
        shutil.rmtree(base if len(hosts) == 1 else base.parent)


def _addresses(hosts: Sequence[Host]) -> dict[str, str]:
    ports = free_ports(len(hosts))
    return {host.name: f"{LOOPBACK}:{port}" for host, port in zip(hosts, ports, strict=True)}
