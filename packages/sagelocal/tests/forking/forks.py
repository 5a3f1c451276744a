"""Trials that say whose children they are."""

from __future__ import annotations

from pathlib import Path

from sagelocal.processes.commands import Command, Exit

# Code of a trial that says whether it was forked: by a server, which is not the parent's parent.
PARENT = "import os\nprint(os.getppid())\n"


def run_and_read(launcher, job: Command) -> tuple[Exit, str]:
    job.log.unlink(missing_ok=True)
    return launcher.run(job), job.log.read_text()


def was_forked(parent: str) -> bool:
    """Return whether a process is the server: a plain job's parent has ended with it."""
    words = Path(f"/proc/{int(parent)}/cmdline")
    return words.exists() and "forking/server" in words.read_text()
