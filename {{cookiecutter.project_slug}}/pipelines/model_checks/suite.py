"""Run the checks on a model and say what came of each."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pipelines.model_checks import hyperparameters, importance, purity, saving, tables
from pipelines.model_checks.subject import CheckError, Subject, open_subject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.training.settings import Model

Check = Callable[[Subject], None]
# The first is what the others build on.
CHECKS: tuple[Check, ...] = (
    *tables.CHECKS,
    *purity.CHECKS,
    *saving.CHECKS,
    *hyperparameters.CHECKS,
    *importance.CHECKS,
)
IMPORTED = "model.py offers fit, predict, save and load"


@dataclass(frozen=True)
class Outcome:
    """What came of a check.

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


def title(check: Check) -> str:
    """The sentence that the name of a check is."""
    return check.__name__.replace("_", " ")


def check_model(root: Path, name: str, settings: Model) -> Iterator[Outcome]:
    """Run all checks on a model, yielding each outcome as it is known.

    Args:
        root: Folder of the project.
        name: Name of the folder below `models/`.
        settings: Its `model.yaml`.
    """
    middle, ends = hyperparameters.middle(settings), hyperparameters.ends(settings)
    with ExitStack() as stack:
        try:
            subject = stack.enter_context(open_subject(root, name, middle, ends))
        except (Exception, SystemExit) as error:  # whatever importing model.py raises
            yield _failure(IMPORTED, error, root / "models" / name)
            yield from (Outcome(title(check), "not run") for check in CHECKS)
            return
        yield Outcome(IMPORTED, "ok")
        first = run_check(CHECKS[0], subject)
        yield first
        for check in CHECKS[1:]:
            usable = first.status == "ok"
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
    """An exception as the outcome of a check."""
    if isinstance(error, CheckError) and error.__cause__ is None:
        return Outcome(check, "failed", str(error))
    cause = error.__cause__ if isinstance(error, CheckError) else error
    said = f"{error}: " if isinstance(error, CheckError) else ""
    details = "".join(traceback.format_exception(error))
    return Outcome(check, "failed", f"{said}{_describe(cause or error, folder)}", details)


def _describe(error: BaseException, folder: Path) -> str:
    """Type and last line of an exception, and where in the model's own code it came from."""
    text = str(error).strip().split("\n")[-1].strip()
    kind = type(error).__name__
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(str(folder))
    ]
    if isinstance(error, SyntaxError) and error.filename:
        place = f" ({_short(error.filename, folder)}:{error.lineno})"
        text = error.msg
    else:
        place = f" ({_short(frames[-1].filename, folder)}:{frames[-1].lineno})" if frames else ""
    return f"{kind}: {text}{place}" if text else f"{kind}{place}"


def _short(file: str, folder: Path) -> str:
    """A file of the model as the user names it."""
    root = folder.parents[1]
    return file.removeprefix(f"{root}/")
