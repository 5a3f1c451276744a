"""Results of searches."""

from __future__ import annotations

from typing import Any

SCORE = "import sys\nx = float(sys.argv[sys.argv.index('-x') + 1])\n"


def in_turn(response: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the trials in the order of their numbers; the response has the best first."""
    return sorted(response["TrainingJobSummaries"], key=lambda trial: trial["TrainingJobName"])


def asked(response: dict[str, Any]) -> list[str]:
    return [trial["TunedHyperParameters"]["x"] for trial in in_turn(response)]
