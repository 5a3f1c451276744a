"""Waiting for what other threads and processes do, however slow the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

# Against hanging alone: what is waited for takes milliseconds.
NET_SECONDS = 60


def wait_until(condition: Callable[[], object]) -> bool:
    """Return whether a condition comes true; what tests of it fails once that takes too long."""
    deadline = time.monotonic() + NET_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that nobody has asked about since its end does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False
