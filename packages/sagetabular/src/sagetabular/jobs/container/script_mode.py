"""Script mode: the program and its code arrive with the job, as AWS's own images take them.

Hyperparameters name the archive, an input channel's file, and the program in it. The image's own
code is not on the program's path: what the pipeline compiled is what runs.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from sagetabular.jobs.errors import JobError, shown
from sagetabular.jobs.models.archives import extract

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROGRAM = "sagemaker_program"
ARCHIVE = "sagemaker_submit_directory"
OBJECTIVE = "_tuning_objective_metric"


def is_script_mode(hyperparameters: Mapping[str, Any]) -> bool:
    """Return whether a job brings its own program."""
    return PROGRAM in hyperparameters or ARCHIVE in hyperparameters


def unpack_program(base: Path, hyperparameters: Mapping[str, Any]) -> Path:
    """Unpack the archive to `code` below `base`, and return the program's path.

    Args:
        base: The container's tree.
        hyperparameters: Decoded.

    Raises:
        JobError: Archive or program is missing, damaged, or leads elsewhere.
    """
    archive, name = (hyperparameters.get(key) for key in (ARCHIVE, PROGRAM))
    remedy = "Start the job with what `pipeline compile` wrote."
    if not isinstance(archive, str) or not (base / _below(archive)).is_file():
        msg = f"hyperparameters.json: {ARCHIVE} must be a file of an input channel"
        raise JobError(f"{msg}, got {shown(archive)}.", remedy)
    folder = base / "code"
    shutil.rmtree(folder, ignore_errors=True)  # of a run before a spot interruption
    extract(base / _below(archive), folder)
    programs = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}
    if name not in programs:
        msg = (
            f"hyperparameters.json: {PROGRAM} must be a .py file of the archive, got {shown(name)}."
        )
        raise JobError(msg, remedy)
    return folder / str(name)


def _below(path: str) -> str:
    """Return a path of the container, relative to its tree, wherever that has been moved."""
    return path.removeprefix("/opt/ml/")


def script_command(program: Path, hyperparameters: Mapping[str, Any]) -> list[str]:
    """Return interpreter, program, and the hyperparameters that are its own as `--name value`."""
    own = _own(hyperparameters)
    return [sys.executable, str(program), *(w for k, v in own.items() for w in (f"--{k}", str(v)))]


def script_environment(base: Path, hyperparameters: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment, with the variables that AWS's images set for a script."""
    own, data = _own(hyperparameters), base / "input/data"
    channels = sorted(path.name for path in data.glob("*") if path.is_dir())
    return {
        **os.environ,
        "PYTHONPATH": str(base / "code"),
        "SM_MODEL_DIR": str(base / "model"),
        "SM_INPUT_DIR": str(base / "input"),
        "SM_INPUT_CONFIG_DIR": str(base / "input/config"),
        "SM_OUTPUT_DIR": str(base / "output"),
        "SM_OUTPUT_DATA_DIR": str(base / "output/data"),
        "SM_NUM_CPUS": str(_cores()),
        "SM_NUM_GPUS": "0",
        "SM_CHANNELS": _compact(channels),
        "SM_HPS": _compact(own),
        **{f"SM_CHANNEL_{channel.upper()}": str(data / channel) for channel in channels},
        **{f"SM_HP_{name.upper()}": str(value) for name, value in own.items()},
    }


def _own(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hyperparameters without those that are addressed to the container itself."""
    return {
        name: value
        for name, value in sorted(hyperparameters.items())
        if not name.startswith("sagemaker_") and name != OBJECTIVE
    }


def _compact(value: Any) -> str:
    """Return JSON without blanks, as AWS's toolkit writes it."""
    return json.dumps(value, separators=(",", ":"))


def _cores() -> int:
    """Count the cores that this container may use, which can be fewer than the machine has."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
