"""Steps of small pipelines, and how they ended."""

from __future__ import annotations

from typing import Any

WRITE = (
    "import os, pathlib, sys\n"
    "folder = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'processing/output/result')\n"
    "(folder / sys.argv[1]).write_text(sys.argv[2])\n"
)

FAIL = "import sys; sys.exit('The rule. The remedy.')"


def after(*names: str) -> dict[str, Any]:
    return {"DependsOn": list(names)}


def statuses(record) -> dict[str, str]:
    return {name: step.status for name, step in record.steps.items()}


def joined(*values: object) -> dict[str, Any]:
    return {"Std:Join": {"On": "", "Values": list(values)}}
