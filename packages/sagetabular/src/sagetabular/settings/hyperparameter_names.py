"""Names of hyperparameters, compared with those that a model's program declares.

The program is read and not imported: its libraries need not be here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.jobs.models.refusals import declared_in
from sagetabular.settings.models.steps import Fit, Tune

if TYPE_CHECKING:
    from sagetabular.settings.models.units import Unit

_PROGRAM = "model.py"


def check_hyperparameters(unit: Unit) -> None:
    """Accept a model whose `model.yaml` gives what `model.py` declares, if it does.

    Raises:
        UserError: A name is unknown, or one that is needed has no value.
    """
    file, fields = unit.folder / _PROGRAM, _fields(unit)
    if not file.is_file() or (unit.last(Fit) is None and unit.last(Tune) is None):
        return
    names = declared_in(file.read_text(encoding="utf-8", errors="replace"))
    if names is None:
        return
    if unknown := names.unknown(fields):
        msg = f"{unit.label}: {fields[unknown[0]]} is no hyperparameter of {_PROGRAM}."
        raise UserError(msg, unknown[1])
    if missing := names.missing(fields):
        msg = f"{unit.label}: the hyperparameter {missing!r}, which {_PROGRAM} needs, has no value."
        raise UserError(msg, f"Add {missing} under hyperparameters, or under tuning.ranges.")


def _fields(unit: Unit) -> dict[str, str]:
    """Return each hyperparameter with the field that gives it."""
    fixed = {name: f"hyperparameters.{name}" for name in unit.model.hyperparameters}
    return fixed | {name: f"tuning.ranges.{name}" for name in unit.model.ranges}
