"""What a model's program takes: hyperparameters by their names, and weights of rows.

The program is read and not imported: its libraries need not be here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.jobs.models.refusals import declared_in, without_weights
from sagetabular.settings.models.steps import Fit, Tune

if TYPE_CHECKING:
    from sagetabular.settings.data import Data
    from sagetabular.settings.models.units import Unit

_PROGRAM = "model.py"


def check_hyperparameters(unit: Unit) -> None:
    """Accept a model whose `model.yaml` gives what `model.py` declares, if it does.

    Raises:
        UserError: A name is unknown, or one that is needed has no value.
    """
    source, fields = _program(unit), _fields(unit)
    names = declared_in(source) if source else None
    if names is None:
        return
    if unknown := names.unknown(fields):
        msg = f"{unit.label}: {fields[unknown[0]]} is no hyperparameter of {_PROGRAM}."
        raise UserError(msg, unknown[1])
    if missing := names.missing(fields):
        msg = f"{unit.label}: the hyperparameter {missing!r}, which {_PROGRAM} needs, has no value."
        raise UserError(msg, f"Add {missing} under hyperparameters, or under tuning.ranges.")


def check_weights(unit: Unit, data: Data) -> None:
    """Accept a model that can be fitted on rows of different weights, if the data have them.

    Raises:
        UserError: A function that gets them takes no `weights`.
    """
    asked = [name for name in ("weights", "class_weights") if getattr(data, name) is not None]
    source = _program(unit) if asked else None
    function = without_weights(source) if source else None
    if function is not None:
        file = unit.label.removesuffix("model.yaml") + _PROGRAM
        msg = f"{file}: {function} must take weights, which data.{asked[0]} asks for"
        remedy = f"Add the argument `weights=None` and use it, or drop data.{asked[0]}."
        raise UserError(f"{msg} in conf/pipeline.yaml.", remedy)


def _program(unit: Unit) -> str | None:
    """Return the text of a program that is fitted; None where there is none."""
    file = unit.folder / _PROGRAM
    if not file.is_file() or (unit.last(Fit) is None and unit.last(Tune) is None):
        return None
    return file.read_text(encoding="utf-8", errors="replace")


def _fields(unit: Unit) -> dict[str, str]:
    """Return each hyperparameter with the field that gives it."""
    fixed = {name: f"hyperparameters.{name}" for name in unit.model.hyperparameters}
    return fixed | {name: f"tuning.ranges.{name}" for name in unit.model.ranges}
