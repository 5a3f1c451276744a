"""What a model refuses: by what its program declares or takes as arguments, or while it fits.

`model.py` may declare literals, so that compiling reads them without importing the program:

- `HYPERPARAMETERS`: the names that `fit` takes; without it, `fit` alone decides.
- `REQUIRED_HYPERPARAMETERS`: those of them that it needs.
- `FOREIGN_HYPERPARAMETERS`: names that people know from elsewhere → what they are called here.
"""

from __future__ import annotations

import ast
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sagetabular.jobs.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_KNOWN = "HYPERPARAMETERS"
_REQUIRED, _FOREIGN = f"REQUIRED_{_KNOWN}", f"FOREIGN_{_KNOWN}"


@dataclass(frozen=True)
class Names:
    """The names that a program declares.

    Attributes:
        known: All that it takes.
        required: Those that it needs.
        foreign: Names from elsewhere → what they are called here.
    """

    known: Collection[str]
    required: Collection[str] = ()
    foreign: Mapping[str, str] = field(default_factory=dict)

    def unknown(self, given: Collection[str]) -> tuple[str, str] | None:
        """Return the first name that the program does not take, with a remedy; None if none is."""
        for name in given:
            if name not in self.known:
                known = [*self.known]
                close = get_close_matches(name, known, n=1)
                meant = self.foreign.get(name) or (close[0] if close else None)
                return name, f"Did you mean {meant!r}?" if meant else f"It has {', '.join(known)}."
        return None

    def missing(self, given: Collection[str]) -> str | None:
        """Return the first name that the program needs and does not get."""
        return next((name for name in self.required if name not in given), None)


def declared_by(code: object) -> Names | None:
    """Return the names that an imported program declares; None if it does not."""
    return _names(vars(code))


def declared_in(source: str) -> Names | None:
    """Return the names that a program's text declares as literals; None if it does not.

    A text that is no Python declares nothing: who imports it says what is wrong.
    """
    values: dict[str, Any] = {}
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError):
        return None
    for statement in statements:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                values[statement.targets[0].id] = ast.literal_eval(statement.value)
            except ValueError:  # computed
                continue
    return _names(values)


def without_weights(source: str) -> str | None:
    """Return the first of `fit` and `prepare` that takes no `weights`; None if those there are do.

    A function that is imported, or made in another way, decides by itself.
    """
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError):
        return None
    for statement in statements:
        if isinstance(statement, ast.FunctionDef) and statement.name in ("fit", "prepare"):
            taken = statement.args
            names = [each.arg for each in (*taken.args, *taken.kwonlyargs)]
            if "weights" not in names and taken.kwarg is None:
                return statement.name
    return None


def _names(values: Mapping[str, Any]) -> Names | None:
    if _KNOWN not in values:
        return None
    return Names(values[_KNOWN], values.get(_REQUIRED, ()), values.get(_FOREIGN, {}))


def check_names(code: object, given: Collection[str], place: str) -> None:
    """Accept hyperparameters that an imported program takes, and that suffice.

    Args:
        code: The functions of `model.py`.
        given: The names.
        place: File that gives them, for errors.

    Raises:
        JobError: One is unknown, or one is missing.
    """
    names = declared_by(code)
    if names is None:
        return
    if unknown := names.unknown(given):
        raise JobError(f"{place}: {unknown[0]!r} is no hyperparameter of model.py.", unknown[1])
    if missing := names.missing(given):
        msg = f"{place}: the hyperparameter {missing!r}, which model.py needs, has no value."
        raise JobError(msg, f"Add {missing} under hyperparameters, or under tuning.ranges.")


@contextmanager
def refusals(model: str, hyperparameters: Mapping[str, Any]) -> Iterator[None]:
    """Turn a `ValueError`, by which a model refuses, into an error of two lines.

    Args:
        model: Name of the folder below `models/`.
        hyperparameters: What it is fitted with.

    Raises:
        JobError: In its place; the log keeps the traceback.
    """
    try:
        yield
    except ValueError as err:
        traceback.print_exc()
        reason = " ".join(str(err).split("\n\n", maxsplit=1)[0].split())[:300]
        msg = f"models/{model}/model.yaml: the model refuses hyperparameters or data: {reason}"
        raise JobError(msg, f"Correct them; its hyperparameters were {hyperparameters}.") from err
