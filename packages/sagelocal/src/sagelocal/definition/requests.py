"""Requests: everything in them that the service would refuse, found before anything runs.

A request is checked when an execution starts, as far as it is known by then, and again once its
expressions are resolved. What the service does and this back-end cannot is in `local`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sagelocal.definition.api import CALLS
from sagelocal.definition.conditions import comparisons, operands, puts_in_order
from sagelocal.definition.expressions import is_expression
from sagelocal.definition.fitting import SCALARS, Types, fits, missing_property, wrong_type
from sagelocal.definition.forms import form_problems
from sagelocal.definition.graph import Definition, Step
from sagelocal.definition.local import local_problems
from sagelocal.definition.properties import ANY, NoPropertyError
from sagelocal.definition.validation import Problem, expression_places, request_problems
from sagelocal.errors import DefinitionError, did_you_mean
from sagelocal.files import JsonObject

_FAIL, _CONDITION = "ErrorMessage", "Conditions"
_NUMBERS = {"integer", "long", "float", "double"}


def check_requests(definition: Definition) -> None:
    """Check the requests of all steps, as far as they are known before anything has run.

    Raises:
        DefinitionError: If the service would refuse one, or this back-end cannot run it.
    """
    types = Types(definition)
    for step in definition.steps.values():
        if is_expression(step.arguments):
            raise DefinitionError(
                f"Step {step.name}: Arguments cannot be an expression.",
                "Write the members of the request, with expressions inside.",
            )
        for rule, remedy in form_problems(step.arguments):
            raise DefinitionError(f"Step {step.name}: {rule}.", remedy)
        for problem in step_problems(step, types):
            raise _refused(problem, step.name)


def step_problems(step: Step, types: Types) -> Iterator[Problem]:
    """Yield everything that is wrong in the arguments of a step whose expressions have their form.

    Args:
        step: The step.
        types: The types of the expressions in its definition.
    """
    if step.kind == "Condition":
        yield from _condition_problems(step.arguments, types)
    elif step.kind == "Fail":
        yield from _fail_problems(step.arguments, types)
    elif step.kind not in CALLS:
        yield from _dead_references(step.arguments, types)
    else:
        yield from request_problems(step.kind, step.arguments)
        for place, expression, shape in expression_places(step.kind, step.arguments):
            yield from types.problems(place, expression, shape)
        yield from local_problems(step.kind, step.arguments)


def check_request(request: JsonObject, step: Step) -> None:
    """Check the request of a step once its expressions are resolved.

    Args:
        request: What the arguments of the step became.
        step: The step.

    Raises:
        DefinitionError: If the service would refuse it, or this back-end cannot run it.
    """
    if step.kind not in CALLS:
        return
    for problem in (*request_problems(step.kind, request), *local_problems(step.kind, request)):
        raise _refused(problem, step.name)


def _dead_references(node: object, types: Types) -> Iterator[Problem]:
    """Yield the references in a request of no known shape that lead nowhere."""
    if is_expression(node):
        try:
            types.of(node)
        except NoPropertyError as error:
            yield missing_property("Arguments", node, error)
            return
        yield from types.inner_problems("Arguments", node)
    elif isinstance(node, Mapping | list):
        for item in node.values() if isinstance(node, Mapping) else node:
            yield from _dead_references(item, types)


def _refused(problem: Problem, step: str) -> DefinitionError:
    place = f"{problem.place} " if problem.place else ""
    return DefinitionError(f"Step {step}: {place}{problem.rule}.", problem.remedy)


def _unknown(arguments: Mapping[str, object], known: str) -> Iterator[Problem]:
    for member, value in arguments.items():
        if member != known:
            rule = f"is not a member of the arguments of this step, got {value!r:.80}"
            yield Problem(member, rule, did_you_mean(member, [known]))


def _fail_problems(arguments: JsonObject, types: Types) -> Iterator[Problem]:
    yield from _unknown(arguments, _FAIL)
    message = arguments.get(_FAIL, "")
    try:
        found = types.of(message)
    except NoPropertyError as error:
        yield missing_property(_FAIL, message, error)
        return
    if not fits(found, "string"):
        yield wrong_type(_FAIL, message, found, "string")
    yield from types.inner_problems(_FAIL, message)


def _condition_problems(arguments: JsonObject, types: Types) -> Iterator[Problem]:
    yield from _unknown(arguments, _CONDITION)
    if not arguments.get(_CONDITION):
        rule = f"must hold at least one condition, got {arguments.get(_CONDITION)!r}"
        yield Problem(_CONDITION, rule, "See ConditionStep in the SDK.")
    for position, outer in enumerate(arguments.get(_CONDITION, [])):
        for place, condition in comparisons(outer, f"{_CONDITION}[{position}]"):
            yield from _comparison_problems(place, condition, types)


def _comparison_problems(place: str, condition: JsonObject, types: Types) -> Iterator[Problem]:
    found: list[str] = []
    for name, value in operands(condition):
        where = f"{place}.{name}"
        try:
            found.append(types.of(value))
        except NoPropertyError as error:
            yield missing_property(where, value, error)
            return
        if found[-1] not in SCALARS:
            rule = f"must be text, a number or a boolean, got {value!r:.80}, which is {found[-1]}"
            yield Problem(where, rule, "Compare single values.")
        yield from types.inner_problems(where, value)
    if puts_in_order(condition) and not _have_an_order(found):
        rule = f"must compare two numbers or two texts, got {' and '.join(found)}"
        remedy = "Make both of one type: `to_string()` in the SDK makes a number text."
        yield Problem(f"{place}: {condition['Type']}", rule, remedy)


def _have_an_order(types: list[str]) -> bool:
    known = {"number" if one in _NUMBERS else one for one in types} - {ANY}
    return len(known) <= 1 and known <= {"number", "string", "timestamp"}
