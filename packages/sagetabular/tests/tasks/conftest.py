"""A command in a process of its own, for fixtures that outlive a test."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def command():
    """Run `pipeline` in a folder; its exit code must be the one expected."""

    def run(*arguments, folder, code=0):
        line = [sys.executable, "-m", "sagetabular.cli", *map(str, arguments)]
        ended = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended

    return run
