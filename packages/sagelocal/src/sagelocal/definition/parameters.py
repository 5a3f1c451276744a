"""Parameters of a pipeline: their declaration, and the values one execution gets."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sagelocal.errors import DefinitionError, ParameterError, did_you_mean
from sagelocal.files import JsonObject

Scalar = str | int | float | bool

_TYPES: dict[str, type] = {"String": str, "Integer": int, "Float": float, "Boolean": bool}
_WORDS = {
    "String": "text",
    "Integer": "a whole number",
    "Float": "a finite number",
    "Boolean": "true or false",
}
_MEMBERS = ("Name", "Type", "DefaultValue", "EnumValues", "Description")
# The API's PipelineParameterName.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True)
class Parameter:
    """One declared parameter.

    Attributes:
        name: Its name.
        kind: Its type: `String`, `Integer`, `Float` or `Boolean`.
        default: The value when the caller gives none; None means that the caller must give one.
        choices: The allowed values; empty means any.
    """

    name: str
    kind: str
    default: Scalar | None
    choices: tuple[Scalar, ...]

    def convert(self, value: object) -> Scalar:
        """Return `value` in the parameter's type; text is read, as the service reads it.

        Raises:
            ParameterError: If the value is of another type or is not among the choices.
        """
        converted = _read(value, self.kind) if isinstance(value, str) else value
        if self.kind == "Float" and type(converted) is int:
            converted = float(converted)
        infinite = isinstance(converted, float) and not math.isfinite(converted)
        if type(converted) is not _TYPES[self.kind] or infinite:
            raise ParameterError(
                f"Parameter {self.name} must be of type {self.kind}, got {value!r}.",
                f"Give it {_WORDS[self.kind]}.",
            )
        if self.choices and converted not in self.choices:
            allowed = ", ".join(map(str, self.choices))
            raise ParameterError(
                f"Parameter {self.name} must be one of {allowed}, got {value!r}.",
                did_you_mean(str(value), map(str, self.choices)),
            )
        return converted  # type: ignore[return-value]  # checked against _TYPES just above


def _read(text: str, kind: str) -> Scalar:
    """Read `text` as `kind`; return it unchanged when it is not of that kind."""
    if kind == "Boolean":
        return _BOOLEANS.get(text.lower(), text)
    try:
        return text if kind == "String" else int(text) if kind == "Integer" else float(text)
    except ValueError:
        return text


def parse_parameters(declared: Sequence[JsonObject]) -> tuple[Parameter, ...]:
    """Return the parameters that a definition declares.

    Raises:
        DefinitionError: If a name occurs twice or a type is unknown.
        ParameterError: If a default is not of the declared type.
    """
    parameters: dict[str, Parameter] = {}
    for entry in declared:
        name, kind = _declaration(entry)
        if name is None or kind is None:
            raise DefinitionError(
                f"A parameter needs a Name and a known Type, got {entry!r:.80}.",
                f"Known types are {', '.join(_TYPES)}.",
            )
        _check_members(name, entry)
        if name in parameters:
            raise DefinitionError(f"Parameter {name} is declared twice.", "Rename one of them.")
        plain = Parameter(name, kind, None, ())
        allowed = entry.get("EnumValues") or []
        if not isinstance(allowed, list):
            raise DefinitionError(
                f"Parameter {name}: EnumValues must be a list, got {allowed!r:.80}.",
                "List the values that it may have.",
            )
        choices = tuple(plain.convert(value) for value in allowed)
        parameter = Parameter(name, kind, None, choices)
        default = entry.get("DefaultValue")
        value = None if default is None else parameter.convert(default)
        parameters[name] = Parameter(name, kind, value, choices)
    return tuple(parameters.values())


def _check_members(name: str, entry: Mapping[str, object]) -> None:
    if not _NAME.fullmatch(name):
        raise DefinitionError(
            f"Not a name for a parameter: {name!r:.80}.",
            "Use 1 to 256 letters, digits, hyphens, underscores.",
        )
    for member in entry:
        if member not in _MEMBERS:
            raise DefinitionError(
                f"Parameter {name} has no member {member!r:.80}.", did_you_mean(member, _MEMBERS)
            )


def _declaration(entry: object) -> tuple[str | None, str | None]:
    """Return the name and the type that an entry declares, as far as they can be ones."""
    if not isinstance(entry, Mapping):
        return None, None
    name, kind = entry.get("Name"), entry.get("Type")
    known = isinstance(kind, str) and kind in _TYPES
    return (name if isinstance(name, str) else None), (str(kind) if known else None)


def effective_values(
    parameters: Sequence[Parameter], overrides: Mapping[str, object]
) -> dict[str, Scalar]:
    """Return the value of every parameter for one execution.

    Raises:
        ParameterError: If an override is unknown or of the wrong type, or if values without a
            default are missing (all of them are named).
    """
    declared = {parameter.name: parameter for parameter in parameters}
    for name in overrides:
        if name not in declared:
            raise ParameterError(f"There is no parameter {name}.", did_you_mean(name, declared))
    missing = [p.name for p in parameters if p.default is None and p.name not in overrides]
    if missing:
        raise ParameterError(
            f"Parameters without a value: {', '.join(missing)}.",
            "They have no default: give each a value at start.",
        )
    return {
        name: parameter.convert(overrides.get(name, parameter.default))
        for name, parameter in declared.items()
    }
