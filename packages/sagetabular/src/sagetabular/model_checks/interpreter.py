"""Another interpreter with the same model, and the audit events of this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sagetabular.model_checks.subject import Asked, CheckError, Subject, open_subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

RESULT = "predictions.npy"
_listeners: list[tuple[frozenset[str], list[tuple[object, ...]]]] = []


def predict_in_new_process(subject: Subject, saved: Path | None = None) -> NDArray[np.float64]:
    """Predict the usual rows in a process that hashes text differently.

    Args:
        subject: The model.
        saved: Folder of a saved model to load; without one, the process fits.

    Raises:
        CheckError: The process failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked = {
            "root": str(subject.root),
            "name": subject.name,
            "hyperparameters": dict(subject.hyperparameters),
            "task": subject.task,
            "saved": "" if saved is None else str(saved),
            "result": str(Path(folder, RESULT)),
        }
        # Any seed but that of this process, whose own is a random one unless it was set.
        seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
        known = {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        ended = subprocess.run(  # noqa: S603 - this interpreter, with this module
            [sys.executable, "-m", __name__, json.dumps(asked)],
            env=os.environ | known,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            last = (ended.stderr.strip() or "no word").splitlines()[-1]
            msg = f"another process ended with exit code {ended.returncode}: {last}"
            raise CheckError(msg)
        found: NDArray[np.float64] = np.load(Path(folder, RESULT), allow_pickle=False)
    return found


def _main(asked: dict[str, Any]) -> None:
    """Do in the other process what `predict_in_new_process` asks for."""
    root, saved, given = Path(asked["root"]), asked["saved"], asked["hyperparameters"]
    with open_subject(root, asked["name"], given, {}, Asked(asked["task"])) as subject:
        model = subject.code.load(Path(saved)) if saved else subject.fit()
        np.save(asked["result"], subject.predict(model, subject.rows()[0]))


@contextmanager
def audit_events(*names: str) -> Iterator[list[tuple[object, ...]]]:
    """Collect the arguments of Python's audit events of these names, from all threads."""
    _install()
    events: list[tuple[object, ...]] = []
    entry = frozenset(names), events
    _listeners.append(entry)
    try:
        yield events
    finally:
        _listeners.remove(entry)


@cache
def _install() -> None:
    """Install the hook once in a process, since it can never be removed."""
    sys.addaudithook(_record)


def _record(name: str, arguments: tuple[object, ...]) -> None:
    for names, events in _listeners:
        if name in names:
            events.append(arguments)


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
