"""Container engines: which one works on this machine, and the few commands that it takes."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

VARIABLE = "CONTAINER_ENGINE"
# Engine → a command that fails unless images can be built: a client without its daemon cannot.
PROBES = {
    "docker": ("version", "--format", "{{.Server.Version}}"),
    "podman": ("info",),
    "finch": ("info",),
    "buildah": ("info",),
}
_PROBE_SECONDS = 30.0
# Engines that would otherwise write a format without a place for the health check.
_DOCKER_FORMAT = ("podman", "buildah")


@dataclass(frozen=True)
class Engine:
    """A container engine that works.

    Attributes:
        name: Its command.
        passed_over: What was wrong with those tried before it; they are installed, too.
    """

    name: str
    passed_over: tuple[str, ...] = ()

    def build(self, context: Path, arguments: Sequence[str]) -> None:
        """Build an image from a folder; the engine's own output goes to standard error.

        Raises:
            UserError: The engine failed.
        """
        form = ("--format", "docker") if self.name in _DOCKER_FORMAT else ()
        # Attestations would make an index of the image, which SageMaker cannot start.
        self.run("build", *form, *arguments, str(context), BUILDX_NO_DEFAULT_ATTESTATIONS="1")

    def login(self, registry: str, user: str, password: str) -> None:
        """Log in; the password goes through standard input, where no list of processes shows it."""
        self.run("login", "--username", user, "--password-stdin", registry, feed=password)

    def run(self, *arguments: str, feed: str | None = None, **variables: str) -> None:
        """Run one of its commands.

        Args:
            arguments: Of the engine.
            feed: Text for its standard input.
            variables: Added to the environment.

        Raises:
            UserError: It failed.
        """
        command = [self.name, *arguments]
        # 2 is this process's standard error: standard output is for what other programs read.
        result = subprocess.run(  # noqa: S603 - the engine that was found
            command, input=feed, text=True, stdout=2, env=os.environ | variables, check=False
        )
        if result.returncode:
            msg = f"`{self.name} {arguments[0]}` must end well, got exit code {result.returncode}."
            raise UserError(msg, f"Read what {self.name} says above, or try another with --engine.")


def find_engine(wanted: str | None, environment: Mapping[str, str] = os.environ) -> Engine:
    """Return the first engine that works: the one asked for, else of all.

    Args:
        wanted: Name of an engine, from the command line.
        environment: `CONTAINER_ENGINE` in it comes second.

    Raises:
        UserError: The name is unknown, or nothing works; the message says why, for each.
    """
    name = wanted or environment.get(VARIABLE)
    if name is not None and name not in PROBES:
        msg = f"The container engine must be one of {', '.join(PROBES)}, got {name!r}."
        raise UserError(
            msg, f"Correct --engine or {VARIABLE}, or drop it for the first that works."
        )
    faults: list[str] = []
    missing: list[str] = []
    for candidate in [name] if name else PROBES:
        if shutil.which(candidate) is None:
            missing.append(candidate)
            continue
        fault = _fault(candidate)
        if fault is None:
            return Engine(candidate, tuple(faults))
        faults.append(f"{candidate}: {fault}")
    absent = [f"{', '.join(missing)}: not installed"] if missing else []
    msg = f"A container engine is needed, none works here ({'; '.join([*faults, *absent])})."
    raise UserError(
        msg, "Start its daemon, or install Podman (Debian, Ubuntu: apt install podman)."
    )


def _fault(name: str) -> str | None:
    """Return what is wrong with an engine, in its own words; None if it works."""
    command = [name, *PROBES[name]]
    try:
        result = subprocess.run(  # noqa: S603 - one of PROBES
            command, capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {_PROBE_SECONDS:g} s"
    if result.returncode == 0:
        return None
    lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else f"exit code {result.returncode}"
