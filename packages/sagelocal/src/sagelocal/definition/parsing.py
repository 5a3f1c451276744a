"""The pipeline definition: JSON in, checked steps with their dependencies out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any, TypeVar

from sagelocal.definition.conditions import check_condition
from sagelocal.definition.document import check_members, read_document
from sagelocal.definition.expressions import references
from sagelocal.definition.graph import Branch, Definition, Step, check_cycles, check_references
from sagelocal.definition.parameters import parse_parameters
from sagelocal.definition.properties import output_names
from sagelocal.errors import DefinitionError, did_you_mean
from sagelocal.files import JsonObject

STEP_TYPES = (
    *("Processing", "Training", "Tuning", "Model", "Transform", "RegisterModel"),
    *("Condition", "Fail"),
)

# What a step is made of here; of other members those know that run it.
_READ = (
    *("Name", "Type", "Arguments", "DependsOn", "PropertyFiles", "RetryPolicies"),
    *("CacheConfig", "DisplayName", "Description"),
)
_CACHE = ("Enabled", "ExpireAfter")
_PROPERTY_FILE = ("PropertyFileName", "OutputName", "FilePath")
_Part = TypeVar("_Part", dict[str, Any], list[Any])

_STEP_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DAYS = {"y": 365, "m": 30, "w": 7, "d": 1}
_CLOCK = ("hours", "minutes", "seconds")
_DURATION = re.compile(
    r"P?(?P<y>\d+y)?(?P<m>\d+m)?(?P<w>\d+w)?(?P<d>\d+d)?"
    r"(?P<time>t(?P<hours>\d+h)?(?P<minutes>\d+m)?(?P<seconds>\d+s)?)?",
    re.IGNORECASE | re.ASCII,
)


def parse_definition(content: bytes, *, others: Collection[str] = ()) -> Definition:
    """Read and check a definition.

    Args:
        content: Its JSON.
        others: Types of step beside `STEP_TYPES` that it may have. Their members are not checked.

    Raises:
        DefinitionError: For text that is not strict JSON, another version, unknown members and
            step types, names used twice, references to steps, parameters or property files that do
            not exist, steps that wait for a Fail step, and cycles.
        ParameterError: If a parameter's default does not fit its type.
    """
    document = read_document(content)
    declared = document.get("Parameters") or []
    if not isinstance(declared, list):
        raise DefinitionError(
            f"Parameters must be a list, got {str(declared)[:80]}.",
            'Write [{"Name": …, "Type": …}, …].',
        )
    parameters = parse_parameters(declared)
    steps: dict[str, Step] = {}
    for step in _read_steps(document.get("Steps"), None, (*STEP_TYPES, *others)):
        if step.name in steps:
            raise DefinitionError(f"Two steps are called {step.name}.", "Rename one of them.")
        steps[step.name] = step
    definition = Definition(parameters, steps)
    check_references(definition)
    check_cycles(steps)
    return definition


def _read_steps(entries: object, branch: Branch | None, kinds: Collection[str]) -> Iterator[Step]:
    """Yield the steps of one list, each followed by those nested in it."""
    if not isinstance(entries, list) or not (entries or branch):
        raise DefinitionError(
            f"Steps must be a list that is not empty, got {entries!r:.80}.",
            "Write at least one step into it.",
        )
    for entry in entries:
        name, kind = _name_and_type(entry, kinds)
        if kind in STEP_TYPES:
            check_members(entry, name, kind)
        arguments = _arguments(entry, name, kind)
        nested = [(arguments.pop(key, []), key == "IfSteps") for key in ("IfSteps", "ElseSteps")]
        yield _read_step(entry, name, kind, arguments, branch)
        if kind == "Condition":
            for inner, outcome in nested:
                yield from _read_steps(inner, Branch(name, outcome), kinds)


def _name_and_type(entry: object, kinds: Collection[str]) -> tuple[str, str]:
    if not isinstance(entry, dict) or not isinstance(entry.get("Name"), str):
        raise DefinitionError(
            f"A step needs a Name, got {str(entry)[:80]}.", "It has a Name, a Type and Arguments."
        )
    name, kind = entry["Name"], entry.get("Type")
    if not _STEP_NAME.fullmatch(name):
        raise DefinitionError(
            f"Not a name for a step: {name!r}.",
            "Use up to 64 letters, digits, hyphens, underscores.",
        )
    if kind not in kinds:
        raise DefinitionError(
            f"Step {name}: the type {kind!r} cannot run locally.",
            f"Known types are {', '.join(kinds)}.",
        )
    return name, str(kind)


def _arguments(entry: JsonObject, name: str, kind: str) -> JsonObject:
    arguments = dict(_part(entry, "Arguments", dict, name))
    if kind == "Condition":
        for condition in _part(arguments, "Conditions", list, name):
            check_condition(condition, name)
    return arguments


def _part(entry: JsonObject, key: str, kind: type[_Part], step: str) -> _Part:
    """Return an object or a list in a step; an empty one if it is left out."""
    value = entry.get(key)
    if value is None:
        return kind()
    if not isinstance(value, kind):
        what = "an object" if kind is dict else "a list"
        raise DefinitionError(
            f"Step {step}: {key} must be {what}, got {str(value)[:80]!r}.", "Correct its type."
        )
    return value


def _read_step(
    entry: JsonObject, name: str, kind: str, arguments: JsonObject, branch: Branch | None
) -> Step:
    depends_on = _part(entry, "DependsOn", list, name)
    if not all(isinstance(other, str) for other in depends_on):
        raise DefinitionError(
            f"Step {name}: DependsOn must list step names, got {depends_on!r:.80}.",
            "Write the names of steps as text.",
        )
    used = {reference.name for reference in references(arguments) if reference.scope == "Steps"}
    enclosing = {branch.condition} if branch else set()
    return Step(
        name=name,
        kind=kind,
        arguments=arguments,
        depends_on=frozenset(used | enclosing | set(depends_on)),
        branch=branch,
        property_files=dict(_property_files(entry, name, output_names(arguments))),
        retry_policies=tuple(_objects(entry, "RetryPolicies", name)),
        cached_for=_cached_for(entry),
        members={key: value for key, value in entry.items() if key not in _READ},
    )


def _property_files(
    entry: JsonObject, step: str, outputs: list[str]
) -> Iterator[tuple[str, tuple[str, str]]]:
    for file in _objects(entry, "PropertyFiles", step):
        name, output, path = (file.get(key) for key in _PROPERTY_FILE)
        if not (isinstance(name, str) and isinstance(output, str) and isinstance(path, str)):
            raise DefinitionError(
                f"Step {step}: a property file needs {', '.join(_PROPERTY_FILE)} as text, "
                f"got {str(file)[:80]}.",
                "Give it all three.",
            )
        if output not in outputs:
            raise DefinitionError(
                f"Step {step}: the property file {name} names no output of the step: {output!r}.",
                did_you_mean(output, outputs),
            )
        yield name, (output, path)


def _objects(entry: JsonObject, key: str, step: str) -> list[JsonObject]:
    """Return a list of objects in a step; an empty one if it is left out."""
    found = _part(entry, key, list, step)
    if not all(isinstance(item, dict) for item in found):
        raise DefinitionError(
            f"Step {step}: {key} must list objects, got {str(found)[:80]}.",
            "Write every entry as an object.",
        )
    return found


def _cached_for(entry: JsonObject) -> timedelta | None:
    cache = _part(entry, "CacheConfig", dict, entry["Name"])
    for member in cache:
        if member not in _CACHE:
            raise DefinitionError(
                f"Step {entry['Name']}: CacheConfig has no member {member!r:.80}.",
                did_you_mean(member, _CACHE),
            )
    enabled = cache.get("Enabled")
    if enabled is not None and not isinstance(enabled, bool):
        raise DefinitionError(
            f"Step {entry['Name']}: CacheConfig.Enabled must be true or false, got {enabled!r}.",
            "Write true or false without quotes.",
        )
    if not enabled:
        return None
    try:
        return read_duration(str(cache.get("ExpireAfter")))
    except ValueError as error:
        raise DefinitionError(
            f"Step {entry['Name']}: CacheConfig.ExpireAfter: {error}",
            "Write the longest age of a result that is reused, such as P30D.",
        ) from error


def read_duration(text: str) -> timedelta:
    """Return the length of an ISO 8601 duration: `P30D`, `PT16M`, and the service's `30dT5h`.

    A year has 365 days here, and a month 30.

    Raises:
        ValueError: If the text is no such duration, or is longer than can be counted.
    """
    match = _DURATION.fullmatch(text)
    parts = {key: part for key, part in match.groupdict().items() if part} if match else {}
    time = parts.pop("time", "")
    if not parts or time in ("T", "t"):
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as P30D or PT12H.")
    numbers = {key: int(part[:-1]) for key, part in parts.items()}
    days = sum(numbers.get(unit, 0) * length for unit, length in _DAYS.items())
    try:
        return timedelta(days=days, **{unit: numbers.get(unit, 0) for unit in _CLOCK})
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long a duration.") from error
