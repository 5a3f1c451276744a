"""The document: JSON with the members that a definition and its steps have, and no others."""

from __future__ import annotations

import json

from sagelocal.errors import DefinitionError, did_you_mean
from sagelocal.files import JsonObject

VERSION = "2020-12-01"

_TOP = ("Version", "Metadata", "Parameters", "PipelineExperimentConfig", "Steps", "MlflowConfig")
# Which types of step have retry policies is checked with them, see `sagelocal.jobs.retries`.
_STEP = (
    *("Name", "Type", "Arguments", "DependsOn", "DisplayName", "Description"),
    "RetryPolicies",
)
# Member of a step → the types of step that have it, beside those that all have.
_OWN_MEMBERS: dict[str, tuple[str, ...]] = {
    "CacheConfig": ("Processing", "Training", "Tuning", "Transform"),
    "PropertyFiles": ("Processing",),
}
# Deeper than any request, and no deeper than what walks through it can go.
_DEEPEST = 100


def read_document(content: bytes) -> JsonObject:
    """Return a definition's JSON.

    Raises:
        DefinitionError: If it is not strict JSON, of another version, too deep, or has members
            that SageMaker does not know.
    """
    document = _load(content)
    _check_top(document)
    return document


def check_members(entry: JsonObject, name: str, kind: str) -> None:
    """Check that a step has only the members that its type has; a null counts as left out.

    Raises:
        DefinitionError: If it has another one, or a name or description that is no text.
    """
    for member in ("DisplayName", "Description"):
        if not isinstance(entry.get(member), str | None):
            raise DefinitionError(
                f"Step {name}: {member} must be text, got {entry[member]!r:.80}.",
                "Write it in quotes.",
            )
    known = [*_STEP, *(member for member, kinds in _OWN_MEMBERS.items() if kind in kinds)]
    for member, value in entry.items():
        if member not in known and value is not None:
            raise DefinitionError(
                f"Step {name}: a {kind} step has no member {member!r:.80}, got {value!r:.80}.",
                did_you_mean(member, known),
            )


def _load(content: bytes) -> JsonObject:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        document = json.loads(content, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise DefinitionError(
            f"The pipeline definition is not JSON: {error}.",
            "Give it what `pipeline.definition()` of the SageMaker SDK returns.",
        ) from error
    if not isinstance(document, dict):
        raise DefinitionError(
            f"The pipeline definition must be a JSON object, got {document!r:.80}.",
            "Give it what `pipeline.definition()` of the SageMaker SDK returns.",
        )
    return document


def _check_top(document: JsonObject) -> None:
    for member in document:
        if member not in _TOP:
            raise DefinitionError(
                f"A pipeline definition has no member {member!r:.80}.", did_you_mean(member, _TOP)
            )
    version = document.get("Version", VERSION)
    if version != VERSION:
        raise DefinitionError(
            f"Version must be {VERSION!r}, the only one that SageMaker has, got {version!r:.80}.",
            f"Write {VERSION}.",
        )
    for member in ("Metadata", "PipelineExperimentConfig", "MlflowConfig"):
        if not isinstance(document.get(member), dict | None):
            raise DefinitionError(
                f"{member} must be an object, got {document[member]!r:.80}.",
                "Correct it, or leave it out.",
            )
    if _depth(document) > _DEEPEST:
        raise DefinitionError(
            f"The pipeline definition is more than {_DEEPEST} levels deep.",
            "Nest fewer conditions and expressions.",
        )


def _depth(document: object) -> int:
    """Return how deep JSON is, level by level: a recursion could be too deep itself."""
    level, depth = [document], 0
    while level:
        depth += 1
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    return depth
