"""Results of searches."""

from __future__ import annotations

from typing import Any

SCORE = "import sys\nx = float(sys.argv[sys.argv.index('--x') + 1])\n"


def asked(response: dict[str, Any]) -> list[str]:
    return [trial["TunedHyperParameters"]["x"] for trial in response["TrainingJobSummaries"]]
