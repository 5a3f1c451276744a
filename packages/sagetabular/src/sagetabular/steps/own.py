"""Check what a project's own graph gives: each error names the graph, the rule and a remedy.

What is not checked here fails inside the SDK, with a traceback that names none of the project's
lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from sagetabular.errors import UserError
from sagetabular.steps.context import JobStep
from sagetabular.steps.inputs import Source
from sagetabular.steps.sdk import ConditionStep, Pipeline, PipelineVariable, Step

GRAPH = "pipelines/training/pipeline.py"
# The service's rule for a step, and for an input or output of a Processing job.
_STEP = re.compile(r"[A-Za-z0-9](-*[A-Za-z0-9]){0,63}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def check_step(name: Any, inputs: Any, outputs: Any) -> None:
    """Check the name of a step, and the names of its inputs and outputs.

    Raises:
        UserError: One breaks its rule, or they are no mapping and no list.
    """
    _check_name("the name of a step", name, _STEP, "letters, digits and single hyphens")
    if not isinstance(inputs, Mapping):
        _refuse(f"inputs of {name} must map names to outputs of steps", inputs, "Write a mapping.")
    _check_list(f"outputs of {name}", outputs, 'Write, for example, outputs=["report"].')
    for each in (*inputs, *outputs):
        _check_name(f"an input or output of {name}", each, _NAME, "letters, digits, `_.-`")
    for each, value in inputs.items():
        _check_input(f"input {each!r} of {name}", value)


def check_arguments(name: str, arguments: Any) -> None:
    """Check that the arguments of a program are text, numbers or references.

    Raises:
        UserError: One is something else, or they are no list.
    """
    remedy = 'Write, for example, arguments=["--column", "town"].'
    _check_list(f"arguments of {name}", arguments, remedy)
    for each in arguments:
        if not isinstance(each, str | int | float | PipelineVariable):
            rule = f"arguments of {name} must be text, numbers or references"
            _refuse(rule, each, "Take the value that is meant out of it.")


def check_after(name: str, after: Any) -> None:
    """Check that what a step waits for is a list of steps.

    Raises:
        UserError: It is something else.
    """
    _check_list(f"after of {name}", after, "Write, for example, after=[winner].")
    for each in after:
        if not isinstance(each, Step):
            _refuse(f"after of {name} must hold steps", each, "Give the step itself.")


def flat_steps(steps: Iterable[object]) -> list[Step]:
    """Return the steps of a pipeline, those of lists among them.

    Raises:
        UserError: Something is no step, or two steps have one name.
    """
    flat = [one for each in steps for one in (each if isinstance(each, list) else [each])]
    for each in flat:
        if not isinstance(each, Step):
            remedy = "Give the steps themselves: of models(), its attribute `steps`."
            _refuse("build.pipeline() takes steps and lists of steps", each, remedy)
    twice = [name for name, count in Counter(_names(flat)).items() if count > 1]
    if twice:
        _refuse("every step must have a name of its own", twice[0], "Rename one, or list it once.")
    return flat


def check_pipeline(pipeline: Pipeline) -> str:
    """Return the definition of a pipeline.

    Raises:
        UserError: A step refers to one that the pipeline does not have.
    """
    try:
        definition: str = pipeline.definition()
    except ValueError as err:
        if "do not contain the step" not in str(err):
            raise
        missing = str(err).rsplit(":", 1)[-1].strip()
        msg = f"{GRAPH}: a step needs {missing!r}, which build.pipeline() was not given."
        raise UserError(msg, "Give it that step too, or leave out what needs it.") from err
    return definition


def _check_input(what: str, value: object) -> None:
    if isinstance(value, JobStep):
        _refuse(f"{what} must be an output of a step", value, "Write step.output(name) for it.")
    if isinstance(value, str):
        if not re.fullmatch(r"s3://[^/\s]+/\S+", value):
            remedy = "Write it like s3://bucket/prefix."
            _refuse(f"{what} must be an output of a step, or an S3 URI", value, remedy)
    elif not isinstance(value, PipelineVariable | Source):
        remedy = "Write step.output(name), or s3://bucket/prefix."
        _refuse(f"{what} must be an output of a step, or an S3 URI", value, remedy)


def _check_list(what: str, value: object, remedy: str) -> None:
    if isinstance(value, str) or not isinstance(value, Sequence):
        _refuse(f"{what} must be a list", value, remedy)


def _check_name(what: str, name: object, rule: re.Pattern[str], allowed: str) -> None:
    if not isinstance(name, str) or not rule.fullmatch(name):
        _refuse(f"{what} must be 1 to 64 of {allowed}", name, "Rename it.")


def _names(steps: Iterable[Step]) -> Iterable[str]:
    """Yield the names of steps, and of those that conditions hold."""
    for step in steps:
        yield step.name
        if isinstance(step, ConditionStep):
            yield from _names([*step.if_steps, *step.else_steps])


def _refuse(rule: str, value: Any, remedy: str) -> NoReturn:
    shown = f"the step {value.name}" if isinstance(value, Step) else repr(value)[:100]
    raise UserError(f"{GRAPH}: {rule}, got {shown}.", remedy)
