"""Minutes of load while workers are told to end, one after the other: no answer may be lost.

Run it as `python benchmarks/serving/soak.py --minutes 10`; README.md says what it needs.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "{{cookiecutter.project_slug}}"))

from load import make_model, send
from stacks import memory, ours, tree_of

PORT, WORKERS, CONNECTIONS = 8398, 2, 16
# Megabytes that the processes may grow by, from the first look to the last.
GROWTH = 10.0


def main() -> None:
    """Run, print what happened, and fail if an answer was lost or memory grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--every", type=float, default=20.0, help="seconds between restarts")
    arguments = parser.parse_args()
    seconds = int(60 * arguments.minutes)
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor() as pool:
        folder = Path(name)
        make_model(folder)
        with ours(folder, PORT, WORKERS) as (supervisor,):
            end = threading.Event()
            watching = pool.submit(_restart_and_watch, supervisor, arguments.every, end)
            try:
                measured = send(folder, 1, CONNECTIONS, seconds, PORT)
            finally:
                end.set()
            restarts, sizes = watching.result()
    print(f"{measured.requests:,} requests in {seconds} s, {measured.failed} lost or refused")
    print(f"{restarts} workers restarted by SIGTERM")
    first, last = sizes[0], sizes[-1]
    print(f"memory (PSS): {first:.0f} MB at first, {last:.0f} MB at last, at most {max(sizes):.0f}")
    if measured.failed or last - first > GROWTH:
        sys.exit("An answer was lost, or memory grew.")


def _restart_and_watch(
    supervisor: int, every: float, end: threading.Event
) -> tuple[int, list[float]]:
    """End a worker now and then; returns how many, and the most memory before each."""
    restarts, sizes = 0, []
    while True:
        # The most of an interval, for a replacement that still loads is small.
        looks = []
        due = time.monotonic() + every
        while time.monotonic() < due and not end.wait(1.0):
            looks.append(memory([supervisor]))
        if end.is_set():
            return restarts, sizes or looks
        sizes.append(max(looks))
        workers = tree_of([supervisor])[1:]
        os.kill(workers[restarts % len(workers)], signal.SIGTERM)
        restarts += 1


if __name__ == "__main__":
    main()
