"""The inside of a job: its `/opt/ml` tree, its environment, and how its end is read."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sagelocal.errors import DefinitionError
from sagelocal.files import JsonObject
from sagelocal.jobs.interpreters import Interpreter
from sagelocal.jobs.machine import Machine
from sagelocal.processes.commands import Command, Exit

ROOT = "/opt/ml"
_MENTION = re.compile(r"(?<![\w./-])/opt/ml(?=$|[/:;,\s\"'])")
_LONGEST_REASON = 1024
_LAST_LINES = 5
# So little is left that not even a word about it could be written.
_NOTHING_LEFT = 1 << 16
_FROM_HOST = (
    *("PATH", "HOME", "USER", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "LC_CTYPE", "TZ"),
    *("LD_LIBRARY_PATH", "SYSTEMROOT"),
)
_ALWAYS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONUNBUFFERED": "1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_NOWHERE = "http://127.0.0.1:9"
_ISOLATED = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_ENDPOINT_URL": _NOWHERE,
    "AWS_MAX_ATTEMPTS": "1",
    "HTTP_PROXY": _NOWHERE,
    "HTTPS_PROXY": _NOWHERE,
}


@dataclass(frozen=True)
class Outcome:
    """The end of a job: `Completed`, `Failed` or `Stopped`, with a reason if it ran out of time."""

    status: str
    exit_code: int
    seconds: float
    reason: str


class JobTree:
    """The `/opt/ml` folder of one job, at `base` on this machine."""

    def __init__(self, base: Path) -> None:
        self.base = base

    def locate(self, container_path: str) -> Path:
        """Return where a path below `/opt/ml` lies on this machine.

        Raises:
            DefinitionError: If the path is not below `/opt/ml`.
        """
        path = PurePosixPath(container_path)
        if not path.is_relative_to(ROOT) or ".." in path.parts:
            raise DefinitionError(f"A job's path must lie below {ROOT}, got {container_path!r}.")
        return self.base / path.relative_to(ROOT)

    def rewrite(self, text: str) -> str:
        """Replace every mention of `/opt/ml` in an argument or variable by the real folder."""
        return _MENTION.sub(lambda _: str(self.base), text)

    def command(self, words: Sequence[str]) -> list[str]:
        """Return a command with real paths; `python` is the job's own interpreter."""
        program, *arguments = (self.rewrite(word) for word in words)
        if re.fullmatch(r"(/usr(/local)?/bin/)?python3?", program):
            program = Interpreter(self.base).program
        return [program, *arguments]

    def failure(self, log: Path) -> str:
        """Return why the job failed: the text it left, else the last lines of its log."""
        for name in ("failure", "message"):
            text = self.message(name)
            if text:
                return text
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        return "\n".join(lines[-_LAST_LINES:])[-_LONGEST_REASON:]

    def message(self, name: str) -> str:
        """Return the text in `output/<name>`, cut to the length the service keeps."""
        path = self.base / "output" / name
        return path.read_text(errors="replace").strip()[:_LONGEST_REASON] if path.is_file() else ""


def command_in_tree(
    tree: JobTree,
    words: Sequence[str],
    *,
    log: Path,
    folder: Path,
    environment: Mapping[str, str],
    request: JsonObject,
    isolated: bool,
) -> Command:
    """Return the command of a job, as it runs inside its tree.

    Args:
        tree: The job's tree, its inputs in place.
        words: The command, with the paths it has inside its container.
        log: The log file.
        folder: The working directory.
        environment: The job's own variables, with container paths.
        request: The job request, for its `StoppingCondition`.
        isolated: Whether network isolation was asked for.
    """
    own = {name: tree.rewrite(str(value)) for name, value in environment.items()}
    own |= {"SAGEMAKER_BASE_DIR": str(tree.base), "SM_NUM_CPUS": "1"}
    python = Interpreter(tree.base)
    python.make()
    own = python.variables | own
    limit = request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
    seconds = None if limit is None else float(limit)
    return Command(
        tree.command(words), job_environment(own, isolated=isolated), folder, log, seconds
    )


def run_in_tree(tree: JobTree, machine: Machine, command: Command) -> Outcome:
    """Run a job's command inside its tree and return how it ended."""
    return _outcome(machine.launcher.run(command), tree, command)


def _outcome(ended: Exit, tree: JobTree, command: Command) -> Outcome:
    if ended.timed_out:
        reason = f"MaxRuntimeExceeded: the job was stopped after {command.seconds:g} s."
        return Outcome("Stopped", ended.code, ended.seconds, reason)
    if ended.code == 0:
        return Outcome("Completed", 0, ended.seconds, "")
    reason = tree.failure(command.log) or f"The job ended with exit code {ended.code}."
    if _is_full(tree.base) or os.strerror(errno.ENOSPC) in reason:
        # The machine's error: a trial that ended so must not count as one that was tried.
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tree.base))
    if ended.code < 0:
        reason = f"The job was killed by signal {-ended.code}. {reason}".strip()
    return Outcome("Failed", ended.code, ended.seconds, reason)


def _is_full(folder: Path) -> bool:
    return shutil.disk_usage(folder).free < _NOTHING_LEFT


def job_environment(own: Mapping[str, str], *, isolated: bool) -> dict[str, str]:
    """Return the environment of a job: a little of the host's, fixed settings, the job's own.

    AWS credentials in the host's variables are never passed on. A network namespace is not
    portable, so an *isolated* job is not cut off by force: its AWS and HTTP clients are pointed
    at a closed port and at no credentials, so that a job that would fail in the cloud for want
    of a network fails here too, and at once.

    Args:
        own: The job's variables; they win.
        isolated: Whether the job asked for network isolation.
    """
    host = {name: os.environ[name] for name in _FROM_HOST if name in os.environ}
    return {**host, **_ALWAYS, **(_ISOLATED if isolated else {}), **own}
