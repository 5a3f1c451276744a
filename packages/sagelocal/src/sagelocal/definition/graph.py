"""The graph of a definition: its steps, and which of them waits for which."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sagelocal.definition.parameters import Parameter
from sagelocal.files import JsonObject


@dataclass(frozen=True)
class Branch:
    """The side of a Condition step on which a nested step lies."""

    condition: str
    outcome: bool


@dataclass(frozen=True)
class Step:
    """One step; steps nested in a Condition are steps of their own, with a `branch`.

    Attributes:
        name: What the step is called, e.g. `Fit`.
        kind: Its type, e.g. `Training`.
        arguments: The request, expressions unresolved; without the nested steps for a Condition.
        depends_on: Steps that must have succeeded: `DependsOn`, references, and the enclosing
            Condition.
        branch: Which outcome of which Condition makes the step run.
        property_files: Property file name → (output name, path inside the output).
        retry_policies: As written in the definition.
        cached_for: How old a result may be that is reused; None when none may be.
    """

    name: str
    kind: str
    arguments: JsonObject
    depends_on: frozenset[str]
    branch: Branch | None = None
    property_files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    retry_policies: tuple[JsonObject, ...] = ()
    cached_for: timedelta | None = None


@dataclass(frozen=True)
class Definition:
    """A checked definition: its parameters, and its steps in the order they are written."""

    parameters: tuple[Parameter, ...]
    steps: Mapping[str, Step]

    def ancestors(self, names: Collection[str]) -> set[str]:
        """Return all steps that the named ones wait for, directly or not."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            new = self.steps[waiting.pop()].depends_on - found
            found |= new
            waiting += new
        return found
