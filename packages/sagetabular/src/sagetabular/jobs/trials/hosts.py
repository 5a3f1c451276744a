"""The hosts of a training job: who they are, which folds each one scores, where they listen."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.jobs.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# Any port will do between the containers of a job, which have their network to themselves.
PORT = 7433
# Where every host listens, on a machine whose only name is its own: the local back-end says so.
ADDRESSES = "SAGELOCAL_HOST_ADDRESSES"


class HostError(JobError):
    """Another host of the job has failed, while this one still works at what nobody needs now."""


@dataclass(frozen=True)
class Hosts:
    """The hosts of this job.

    Attributes:
        current: Name of this host.
        names: Names of all, the same on each of them; the first one speaks for all.
    """

    current: str
    names: tuple[str, ...]

    @property
    def leader(self) -> str:
        """The host that prints metrics and writes results."""
        return self.names[0]

    @property
    def followers(self) -> tuple[str, ...]:
        """The other hosts."""
        return self.names[1:]

    def share(self, folds: Iterable[int]) -> list[int]:
        """Return the folds that this host scores: the i-th one goes to host i mod n."""
        position = self.names.index(self.current)
        return list(folds)[position :: len(self.names)]


def read_hosts(base: Path) -> Hosts:
    """Read `input/config/resourceconfig.json`; without one the job has one host.

    Raises:
        JobError: The file does not name this host among all hosts.
    """
    path = base / "input/config/resourceconfig.json"
    if not path.is_file():
        return Hosts("algo-1", ("algo-1",))
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        hosts = Hosts(content["current_host"], tuple(content["hosts"]))
        hosts.share(())
    except (ValueError, KeyError, TypeError, RecursionError) as err:
        msg = f"{path.name} must name current_host and, with it, all hosts: {err!r}."
        raise JobError(msg, "Start the job through SageMaker, or correct the file.") from err
    return hosts


def address_of(host: str) -> tuple[str, int]:
    """Return name and port at which a host of this job is reached."""
    name, _, port = json.loads(os.environ.get(ADDRESSES, "{}")).get(host, host).partition(":")
    return name, int(port or PORT)
