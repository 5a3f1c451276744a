"""Selective execution: some steps run, and take what they need from an earlier execution.

Which steps can be selected, and that the latest execution is what the others come from, are rules
of the service and of its SDK, see
https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-selective-ex.html and
`SelectiveExecutionConfig`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sagelocal.definition.graph import Definition, Step
from sagelocal.errors import SelectionError, did_you_mean
from sagelocal.executions.artefacts import result_addresses
from sagelocal.executions.history import latest_execution, load_execution
from sagelocal.executions.records import EXECUTING, SUCCEEDED, ExecutionRecord, StepRecord
from sagelocal.files import now
from sagelocal.storage.buckets import Storage


@dataclass(frozen=True)
class Reuse:
    """The results that a new execution may take from earlier ones.

    Attributes:
        cache: Whether a step whose request has not changed takes its earlier result.
        tokens: Step name → a text in place of what the request does not show, such as the
            content of a table. A step with a token is reused while token and request are the
            same, whether the definition caches it or not: the local counterpart of a data
            version.
        only: Run these steps and no others; they are connected.
        first: Run this step and whatever depends on it, and no others.
        based_on: The execution that the results of the other steps come from; by default the
            latest, however it ended.
    """

    cache: bool = True
    tokens: Mapping[str, str] = field(default_factory=dict)
    only: Sequence[str] = ()
    first: str | None = None
    based_on: str | None = None

    @property
    def selects(self) -> bool:
        """Return whether only some of the steps run."""
        return bool(self.only) or self.first is not None


def first_records(
    definition: Definition, reuse: Reuse, home: Path, pipeline_name: str, storage: Storage
) -> tuple[dict[str, StepRecord], list[str] | None]:
    """Return the records that an execution begins with, and the steps selected (None: all).

    Raises:
        SelectionError: If a selected step does not exist, is not connected with the others, or
            needs a result that is not there.
        ExecutionNotFoundError: If `based_on` names no execution.
    """
    records = {step.name: StepRecord(step.name, step.kind) for step in definition.steps.values()}
    if not reuse.selects:
        return records, None
    selected = _selected(definition, reuse)
    _check_connected(definition, selected)
    taken = definition.ancestors(selected) - selected
    if taken:
        reference = _reference(reuse.based_on, home, pipeline_name, sorted(taken))
        for name in sorted(selected):
            _check_needs(definition.steps[name], selected, reference, storage)
        records |= {name: record for name, record in _results(reference) if name in taken}
    return records, [name for name in records if name in selected]


def _selected(definition: Definition, reuse: Reuse) -> set[str]:
    """Return the steps that run: a Condition brings the steps nested in it."""
    for name in [*reuse.only, *([] if reuse.first is None else [reuse.first])]:
        if name not in definition.steps:
            raise SelectionError(f"There is no step {name}.", did_you_mean(name, definition.steps))
    selected = set(reuse.only)
    if reuse.first is not None:
        selected |= {reuse.first} | {
            name for name in definition.steps if reuse.first in definition.ancestors({name})
        }
    steps = definition.steps.values()
    return selected | {step.name for step in steps if _lies_in(step, selected, definition)}


def _check_connected(definition: Definition, selected: Collection[str]) -> None:
    """Check that the selected steps are one piece of the graph, with all that lies between them.

    Raises:
        SelectionError: If they are not.
    """
    chosen = [name for name in definition.steps if name in selected]
    for name in sorted(definition.ancestors(selected) - set(selected)):
        before = [step for step in chosen if step in definition.ancestors([name])]
        after = [step for step in chosen if name in definition.ancestors([step])]
        if before:
            raise SelectionError(
                f"Step {name} lies between the selected steps {before[0]} and {after[0]}.",
                f"Select {name} too.",
            )
    piece = _piece(definition, selected, chosen[0])
    apart = [name for name in chosen if name not in piece]
    if apart:
        raise SelectionError(
            f"Selected steps must be connected, and {apart[0]} is not with {chosen[0]}.",
            "Select the steps that connect them too, or run one after the other.",
        )


def _piece(definition: Definition, selected: Collection[str], first: str) -> set[str]:
    """Return the selected steps that are connected with one of them by selected steps alone."""
    found: set[str] = set()
    waiting = {first}
    while waiting:
        found |= waiting
        waiting = {
            name
            for name in selected
            if name not in found
            and any(_are_neighbours(definition, name, other) for other in waiting)
        }
    return found


def _are_neighbours(definition: Definition, one: str, other: str) -> bool:
    return other in definition.steps[one].depends_on or one in definition.steps[other].depends_on


def _lies_in(step: Step, conditions: Collection[str], definition: Definition) -> bool:
    while step.branch is not None:
        if step.branch.condition in conditions:
            return True
        step = definition.steps[step.branch.condition]
    return False


def _reference(
    based_on: str | None, home: Path, pipeline_name: str, taken: Sequence[str]
) -> ExecutionRecord:
    found = latest_execution(home, pipeline_name) if based_on is None else None
    if found is None and based_on is None:
        raise SelectionError(
            f"There is no execution of {pipeline_name} to take {', '.join(taken)} from.",
            "Run the whole pipeline first.",
        )
    record = found or load_execution(home, str(based_on))
    if record.status == EXECUTING:
        raise SelectionError(
            f"Execution {record.id}, to take {', '.join(taken)} from, is still running.",
            "Wait for its end, or base this one on another execution.",
        )
    if record.pipeline_name != pipeline_name:
        raise SelectionError(
            f"Execution {record.id} is one of the pipeline {record.pipeline_name}, "
            f"not of {pipeline_name}.",
            "Base this one on another execution.",
        )
    return record


def _check_needs(
    step: Step, selected: Collection[str], reference: ExecutionRecord, storage: Storage
) -> None:
    """Check that the reference has all that a selected step needs from steps not selected."""
    for name in sorted(step.depends_on - set(selected)):
        record = reference.steps.get(name)
        if record is None or record.status != SUCCEEDED:
            found = f"which has no result in execution {reference.id}"
        elif not all(map(storage.exists, result_addresses(record))):
            found = f"whose result in execution {reference.id} is no longer in the store"
        elif (
            step.branch
            and step.branch.condition == name
            and record.outcome != str(step.branch.outcome)
        ):
            found = f"which was {record.outcome} in execution {reference.id}"
        else:
            continue
        raise SelectionError(
            f"Step {step.name} needs {name}, {found}.",
            f"Select {name} too, or base this execution on another one.",
        )


def _results(reference: ExecutionRecord) -> Iterator[tuple[str, StepRecord]]:
    """Yield name and record, as a new execution takes it over, of each step that succeeded."""
    for name, record in reference.steps.items():
        if record.status == SUCCEEDED:
            origin, taken_at = record.cached_from or reference.id, now()
            yield (
                name,
                replace(record, start_time=taken_at, end_time=taken_at, cached_from=origin),
            )
