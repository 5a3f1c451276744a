"""Two definitions: which steps differ, which run again, and why.

What runs again follows the service's table of the attributes that its step cache compares
(https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-default-keys.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sagetabular.compiling.differences import Difference, differences
from sagetabular.compiling.documents import (
    in_order,
    named_by,
    parameters_of,
    part_at,
    references,
    steps_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sagetabular.compiling.differences import Path

Json = dict[str, Any]
_TRAINING = "TrainingJobDefinition"
# Kind of step → the members of its request that decide whether it asks for the same work.
KEYS: Mapping[str, tuple[Path, ...]] = {
    "Processing": (("AppSpecification",), ("Environment",), ("ProcessingInputs",)),
    "Training": (
        ("AlgorithmSpecification",),
        ("CheckpointConfig",),
        ("DebugHookConfig",),
        ("DebugRuleConfigurations",),
        ("Environment",),
        ("HyperParameters",),
        ("InputDataConfig",),
    ),
    "Tuning": (
        ("HyperParameterTuningJobConfig",),
        (_TRAINING, "AlgorithmSpecification"),
        (_TRAINING, "HyperParameterRanges"),
        (_TRAINING, "InputDataConfig"),
        (_TRAINING, "StaticHyperParameters"),
        (_TRAINING, "TuningObjective"),
        ("TrainingJobDefinitions",),
    ),
    "Transform": (("DataProcessing",), ("Environment",), ("ModelName",), ("TransformInput",)),
}
_NO_JOB = ("Condition", "Fail")


class Runs(StrEnum):
    """The answer to whether a step runs in the next execution."""

    AGAIN = "yes"
    ALWAYS = "every time"
    REUSED = "no"
    NEVER = ""  # it is no job, or it is gone


@dataclass(frozen=True)
class StepChange:
    """A step in both definitions.

    Attributes:
        name: Its name.
        state: `same`, `changed`, `added` or `removed`.
        differences: What differs.
        runs: Whether it runs again.
        why: Why it runs.
    """

    name: str
    state: str
    differences: tuple[Difference, ...] = ()
    runs: Runs = Runs.NEVER
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Two definitions.

    Attributes:
        steps: All steps in the order of the new definition, then those that are gone.
        defaults: The parameters that were added or removed, or have another default.
        elsewhere: What else differs in the definition.
        given: The parameters that only a start gives a value.
    """

    steps: tuple[StepChange, ...]
    defaults: tuple[Difference, ...]
    elsewhere: tuple[Difference, ...]
    given: tuple[str, ...]


def compare(old: Json, new: Json) -> Comparison:
    """Compare two definitions.

    Args:
        old: The earlier one.
        new: The one now.
    """
    before, after = steps_of(old), steps_of(new)
    declared = parameters_of(new)
    defaults = tuple(_defaults(parameters_of(old), declared))
    changes: dict[str, StepChange] = {}
    for name in in_order(after):
        changes[name] = _change(before.get(name), after[name], changes, defaults)
    gone = [StepChange(name, "removed") for name in before if name not in after]
    return Comparison(
        steps=(*(changes[name] for name in after), *gone),
        defaults=defaults,
        elsewhere=differences(_frame(old), _frame(new)),
        given=tuple(name for name, one in declared.items() if "DefaultValue" not in one),
    )


def _frame(definition: Json) -> Json:
    return {name: part for name, part in definition.items() if name not in ("Steps", "Parameters")}


def _change(
    old: Json | None,
    new: Json,
    earlier: Mapping[str, StepChange],
    defaults: tuple[Difference, ...],
) -> StepChange:
    """Compare a step, once those that it reads are compared."""
    kind, arguments = new["Type"], new["Arguments"]
    key = KEYS.get(kind, ((),))
    members = tuple(("Arguments", *path) for path in key)
    found = differences(old, new, members) if old else ()
    state = ("changed" if found else "same") if old else "added"
    if kind in _NO_JOB:
        return StepChange(new["Name"], state, found)
    read = {name for path in key for name in references(part_at(arguments, path))}
    sources = [earlier[name] for name in named_by(read, "Steps.") if name in earlier]
    why = [] if old else ["it is new"]
    why += [each.what for each in found if each.decides or each.what == "kind of step"]
    parameters = named_by(read, "Parameters.")
    why += [f"parameter {each.what}" for each in defaults if each.what in parameters]
    why += _reads(source.name for source in sources if source.runs is Runs.AGAIN)
    if why:
        return StepChange(new["Name"], state, found, Runs.AGAIN, tuple(why))
    always = _always(new, read, sources)
    runs = Runs.ALWAYS if always else Runs.REUSED
    return StepChange(new["Name"], state, found, runs, tuple(always))


def _always(step: Json, read: set[str], sources: list[StepChange]) -> list[str]:
    """Return why a step runs in every execution, whether anything differs or not."""
    if step["Type"] not in KEYS:
        return [f"SageMaker reuses no {step['Type']} step"]
    cache = step.get("CacheConfig")
    if not (isinstance(cache, dict) and cache.get("Enabled")):
        return ["its cache is off"]
    if any(name.startswith("Execution.") for name in read):
        return ["it reads a value of the execution"]
    return _reads(source.name for source in sources if source.runs is Runs.ALWAYS)


def _reads(names: Iterable[str]) -> list[str]:
    found = ", ".join(names)
    return [f"reads {found}"] if found else []


def _defaults(old: Json, new: Json) -> Iterator[Difference]:
    for name in [*old, *(name for name in new if name not in old)]:
        before, now = _default(old.get(name)), _default(new.get(name))
        if before != now:
            yield Difference(name, before, now)


def _default(parameter: Json | None) -> str:
    if parameter is None:
        return "not there"
    return str(parameter["DefaultValue"]) if "DefaultValue" in parameter else "no default"
