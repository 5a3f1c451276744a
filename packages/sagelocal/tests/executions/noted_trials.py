"""Trials that note that they run."""

from __future__ import annotations

from pathlib import Path

SCORE = (
    "import os, pathlib, sys, time\n"
    "x = sys.argv[sys.argv.index('-x') + 1]\n"
    "name = os.environ['TRAINING_JOB_NAME']\n"
    "with open({ran!r}, 'a') as file: file.write(name + chr(10))\n"
)

PUBLISH = (
    "(pathlib.Path(os.environ['SM_MODEL_DIR']) / 'cv.json').write_text(x)\nprint('cv:r2=%s;' % x)\n"
)


def trials_run(ran: Path) -> list[str]:
    """Numbers of the trials, in the order in which they started."""
    return [name[-3:] for name in ran.read_text().split() if "-Tune-" in name]
