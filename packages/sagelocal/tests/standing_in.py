"""Trials that a test makes up, in place of training jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import create_autospec

import pytest

from sagelocal.tuning import trial_runs

_REAL = trial_runs.run_training_job


def stand_in(monkeypatch: pytest.MonkeyPatch, train: Callable[..., dict[str, Any]]) -> None:
    """Let this run in place of `run_training_job`, asked with its arguments alone."""
    monkeypatch.setattr(trial_runs, "run_training_job", create_autospec(_REAL, side_effect=train))
