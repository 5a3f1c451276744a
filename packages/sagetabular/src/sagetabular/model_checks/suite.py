"""Run the checks on a model and say what came of each."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sagetabular.model_checks import (
    classes,
    hyperparameters,
    offers,
    purity,
    saving,
    tables,
    weights,
)
from sagetabular.model_checks.subject import ANYTHING, Asked, CheckError, Subject, open_subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.jobs.scoring.metrics import Task
    from sagetabular.settings import Model

Check = Callable[[Subject], None]
_OF_ANY_TASK: tuple[Check, ...] = (
    *tables.CHECKS,
    *purity.CHECKS,
    *saving.CHECKS,
    *hyperparameters.CHECKS,
    *offers.CHECKS,
    *weights.CHECKS,
)
IMPORTED = "model.py offers fit, predict, save and load"


@dataclass(frozen=True)
class Outcome:
    """The outcome of a check.

    Attributes:
        check: Its title.
        status: What came of it; after a failure that leaves nothing to check, the rest is not run.
        reason: Why it failed, on one line.
        details: The traceback where model code raised something.
    """

    check: str
    status: Literal["ok", "failed", "not run"]
    reason: str = ""
    details: str = ""


def checks_of(task: Task) -> tuple[Check, ...]:
    """Return the checks of a task; the first is what the others build on."""
    own = tables.OF_NUMBERS if task == "regression" else classes.OF_CLASSES
    return (*own, *_OF_ANY_TASK)


def title(check: Check) -> str:
    """Return the sentence that the name of a check is."""
    return check.__name__.replace("_", " ")


def check_model(
    root: Path, name: str, settings: Model, asked: Asked = ANYTHING
) -> Iterator[Outcome]:
    """Run all checks on a model, yielding each outcome as it is known.

    Args:
        root: Folder of the project.
        name: Name of the folder below `models/`.
        settings: Its `model.yaml`.
        asked: What the project asks of its models.
    """
    middle, ends = hyperparameters.middle(settings, asked), hyperparameters.ends(settings)
    checks = checks_of(asked.task)
    with ExitStack() as stack:
        try:
            subject = stack.enter_context(open_subject(root, name, middle, ends, asked))
        except (Exception, SystemExit) as error:  # whatever importing model.py raises
            yield _failure(IMPORTED, error, root / "models" / name)
            yield from (Outcome(title(check), "not run") for check in checks)
            return
        yield Outcome(IMPORTED, "ok")
        first = run_check(checks[0], subject)
        yield first
        usable = first.status == "ok"
        for check in checks[1:]:
            yield run_check(check, subject) if usable else Outcome(title(check), "not run")


def run_check(check: Check, subject: Subject) -> Outcome:
    """Run one check; whatever the model's code raises is a reason, and no failure of ours."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(subject)
    except (Exception, SystemExit) as error:
        return _failure(title(check), error, subject.folder)
    return Outcome(title(check), "ok")


def _failure(check: str, error: BaseException, folder: Path) -> Outcome:
    """Return an exception as the outcome of a check."""
    found, cause = isinstance(error, CheckError), error.__cause__
    if found and cause is None:
        return Outcome(check, "failed", str(error))
    reason = f"{error}: {_describe(cause, folder)}" if found and cause else _describe(error, folder)
    return Outcome(check, "failed", reason, "".join(traceback.format_exception(error)))


def _describe(error: BaseException, folder: Path) -> str:
    """Return type and last line of an exception, and its place in the model's own code."""
    text = error.msg if isinstance(error, SyntaxError) else str(error).strip()
    lines = [type(error).__name__, *text.splitlines()[-1:]]
    return f"{': '.join(lines)}{_place(error, folder)}"


def _place(error: BaseException, folder: Path) -> str:
    """Return the last place in the model's files that an exception came through, if any."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [(Path(frame.filename), frame.lineno) for frame in frames]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((Path(error.filename), error.lineno))
    own = [(file, line) for file, line in places if file.is_relative_to(folder)]
    if not own:
        return ""
    file, line = own[-1]
    return f" ({file.relative_to(folder.parents[1]).as_posix()}:{line})"
