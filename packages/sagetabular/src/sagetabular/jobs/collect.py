"""Collect: what Select needs of some models, in one file.

A Processing job takes ten inputs, so Select cannot read more than nine evaluations itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from sagetabular.jobs.runner import base_dir, run_job
from sagetabular.jobs.scoring.metrics import METRICS
from sagetabular.jobs.select import CANDIDATES, read_candidates

if TYPE_CHECKING:
    from collections.abc import Sequence


def collect(argv: Sequence[str]) -> None:
    """Write the candidates of `--models`, in that order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument("--metric", choices=[*METRICS], default="r2")
    arguments = parser.parse_args(argv)
    folder = base_dir() / "processing"
    candidates = read_candidates(folder / "input", arguments.models, arguments.metric)
    output = folder / "output/candidates"
    output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(candidates, indent=1, allow_nan=False)
    (output / CANDIDATES).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run_job(collect, sys.argv[1:])
