"""The parameters that a project's own files name: bounds of ranges, addresses, earlier searches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.settings.models.steps import TrainingJobSettings, Tune
from sagetabular.settings.named import Named, named_values
from sagetabular.steps.sdk import ParameterString

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sagetabular.settings import Unit


def named_parameters(
    units: Mapping[str, Unit], taken: Collection[str]
) -> dict[str, ParameterString]:
    """Declare the parameters that the models' files name.

    They are text, as most of the fields are that they fill.

    Args:
        units: The models.
        taken: Names of the pipeline's own parameters.

    Raises:
        UserError: One has such a name, or two defaults.
    """
    found: dict[str, tuple[str, str | None]] = {}
    for place, value in named_places(units):
        name, default = value.parameter, value.text
        if name in taken:
            msg = f"{place} must not name the parameter {name!r}, which is the pipeline's own."
            raise UserError(msg, "Give it another name.")
        elsewhere, other = found.setdefault(name, (place, default))
        if other != default:
            msg = f"{place} gives the parameter {name!r} the default {default}"
            remedy = "Use one default, or two names."
            raise UserError(f"{msg}, and {elsewhere} {other}.", remedy)
    return {
        name: ParameterString(name, default_value=default)
        for name, (_, default) in sorted(found.items())
    }


def value_of(value: Any, parameters: Mapping[str, ParameterString]) -> Any:
    """Return what stands in a request: a reference where the value is a parameter, else text."""
    if isinstance(value, Named):
        return parameters[value.parameter]
    return value if isinstance(value, str) else repr(value)


def encode(value: str | float | bool | Mapping[str, str | float | bool]) -> str:
    """Return a hyperparameter as JSON, so that the job gets back the type it had."""
    return json.dumps(value, ensure_ascii=False)


def named_places(units: Mapping[str, Unit]) -> Iterator[tuple[str, Named]]:
    """Yield file and field of every value that is a parameter, with the value."""
    for unit in units.values():
        fields: dict[str, Any] = {}
        if unit.last(Tune) is not None:
            fields["tuning"] = unit.model.tuning
        if unit.last(TrainingJobSettings) is not None:
            fields["hyperparameters_from"] = unit.model.hyperparameters_from
        for field, value in named_values(fields):
            yield f"{unit.label}: {field}", value
