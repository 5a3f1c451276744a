"""The common checks: what every `models/<name>/model.py` must do, whatever it computes.

`pipeline model check` and the project's tests run this one suite. A check is a function whose name
says what holds; it takes a `Subject` and raises where it does not hold.
"""

from __future__ import annotations

from sagetabular.model_checks.subject import Asked, CheckError, Subject, open_subject
from sagetabular.model_checks.suite import Check, Outcome, check_model, checks_of, run_check, title

__all__ = [
    "Asked",
    "Check",
    "CheckError",
    "Outcome",
    "Subject",
    "check_model",
    "checks_of",
    "open_subject",
    "run_check",
    "title",
]
