"""Fitting: whether what an expression becomes may stand where it stands.

SageMaker converts nothing: a number in the place of a text is refused with "Cannot assign property
reference [Parameters.Rows] to argument of type [String]".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sagelocal.definition.api import Shape
from sagelocal.definition.expressions import parse_reference
from sagelocal.definition.graph import Definition
from sagelocal.definition.properties import ANY, NoPropertyError, Referred, property_type
from sagelocal.definition.validation import Problem
from sagelocal.files import JsonObject

PARAMETER_TYPES = {
    "String": "string",
    "Integer": "integer",
    "Float": "float",
    "Boolean": "boolean",
}
_WHOLE, _NUMBERS = {"integer", "long"}, {"integer", "long", "float", "double"}
_ACCEPTED: dict[str, set[str]] = {
    "string": {"string"},
    "integer": _WHOLE,
    "long": _WHOLE,
    "float": _NUMBERS,
    "double": _NUMBERS,
    "boolean": {"boolean"},
    "timestamp": {"timestamp", "string"},
}
SCALARS = {"string", *_NUMBERS, "boolean", "timestamp", ANY}
_TO_TEXT = 'Wrap it in {"Std:Join": {"On": "", "Values": […]}}, which is `to_string()` in the SDK.'


def fits(found: str, wanted: str) -> bool:
    """Return whether a value of one type of the API may stand where another is wanted."""
    return found == ANY or found in _ACCEPTED.get(wanted, {wanted})


class Types:
    """The types of expressions in a definition.

    Args:
        definition: Names its parameters and steps.
    """

    def __init__(self, definition: Definition) -> None:
        self._parameters = {
            parameter.name: PARAMETER_TYPES[parameter.kind] for parameter in definition.parameters
        }
        self._steps = definition.steps

    def of(self, expression: object) -> str:
        """Return the type of an expression, or of a value; `any` if it is not known yet.

        Raises:
            NoPropertyError: If it refers to a property that there is not.
        """
        if not isinstance(expression, Mapping):
            return _literal(expression)
        if "Std:Join" in expression:
            return "string"
        if "Get" not in expression:
            return ANY if "Std:JsonGet" in expression else "structure"
        reference = parse_reference(expression["Get"])
        if reference.scope == "Parameters":
            return self._parameters[reference.name]
        if reference.scope == "Execution":
            return "string"
        step = self._steps[reference.name]
        referred = Referred(step.name, step.kind, step.arguments, list(step.property_files))
        return property_type(referred, reference.path)

    def problems(self, place: str, expression: object, wanted: Shape) -> Iterator[Problem]:
        """Yield what is wrong with an expression in a place of a request."""
        try:
            found = self.of(expression)
        except NoPropertyError as error:
            yield missing_property(place, expression, error)
            return
        if not fits(found, wanted.kind):
            yield wrong_type(place, expression, found, wanted.kind)
        yield from self.inner_problems(place, expression)

    def inner_problems(self, place: str, expression: object) -> Iterator[Problem]:
        """Yield what is wrong with the parts of an expression."""
        for part in _parts(expression):
            try:
                found = self.of(part)
            except NoPropertyError as error:
                yield missing_property(place, part, error)
                continue
            if found not in SCALARS:
                yield Problem(place, f"joins {part}, which is {found}", "Join what is in it.")
            yield from self.inner_problems(place, part)


def wrong_type(place: str, expression: object, found: str, wanted: str) -> Problem:
    """Return that a value of one type stands where another must stand."""
    target = expression.get("Get") if isinstance(expression, Mapping) else None
    remedy = (
        f"SageMaker cannot assign property reference [{target or 'Std:Join'}] to argument of type "
        f"[{wanted.capitalize()}]."
    )
    if wanted == "string" and found in SCALARS:
        remedy = f"{remedy} {_TO_TEXT}"
    return Problem(place, f"must be {wanted}, but {expression} is {found}", remedy)


def missing_property(place: str, expression: object, error: NoPropertyError) -> Problem:
    """Return that a reference leads nowhere."""
    target = expression.get("Get") if isinstance(expression, Mapping) else expression
    return Problem(place, f"refers to {target}: {error.rule}", error.remedy)


def _parts(expression: object) -> list[object]:
    """Return what an expression is made of."""
    if not isinstance(expression, Mapping):
        return []
    join: JsonObject = expression.get("Std:Join") or {}
    file: JsonObject = expression.get("Std:JsonGet") or {}
    return [
        *join.get("Values", []),
        *(file[key] for key in ("PropertyFile", "S3Uri") if key in file),
    ]


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    kinds: tuple[tuple[type, str], ...] = ((str, "string"), (int, "integer"), (float, "float"))
    for kind, name in kinds:
        if isinstance(value, kind):
            return name
    return "list" if isinstance(value, list) else "null"
