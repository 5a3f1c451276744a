"""What a change set does to resources, in words of ours.

The members that are read: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/
API_ResourceChange.html and API_ResourceChangeDetail.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sagetabular.infrastructure.kinds import is_stateful

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Attributes that name a resource: they are others only if it is another one.
_IDENTITY = re.compile(r".*(Arn|Id|Name|Url|URL)$")


class Effect(StrEnum):
    """What happens to a resource."""

    CREATED = "created"
    ADOPTED = "taken over"
    CHANGED = "changed"
    MAYBE_REPLACED = "perhaps replaced"
    REPLACED = "replaced"
    RELEASED = "kept, but no part of the stack any more"
    REMOVED = "removed"


_LOSING = (Effect.MAYBE_REPLACED, Effect.REPLACED, Effect.RELEASED, Effect.REMOVED)


@dataclass(frozen=True)
class Change:
    """What happens to one resource.

    Attributes:
        resource: Its logical id.
        kind: Its type.
        effect: What happens.
        name: Its physical id, if it has one yet.
        properties: Names of what differs.
    """

    resource: str
    kind: str
    effect: Effect
    name: str = ""
    properties: tuple[str, ...] = ()

    @property
    def loses(self) -> bool:
        """Whether something that others rely on is replaced, or leaves the stack."""
        return is_stateful(self.kind) and self.effect in _LOSING


def changes_of(answers: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Return what a change set does.

    Args:
        answers: The entries `Changes` of `DescribeChangeSet`.
    """
    found = [each["ResourceChange"] for each in answers if "ResourceChange" in each]
    replaced = _replaced(found)
    return [
        Change(
            resource=each["LogicalResourceId"],
            kind=each["ResourceType"],
            effect=_effect(each, replaced),
            name=each.get("PhysicalResourceId", ""),
            properties=_properties(each),
        )
        for each in found
    ]


def _effect(change: Mapping[str, Any], replaced: set[str]) -> Effect:
    action = change["Action"]
    if action == "Add":
        return Effect.CREATED
    if action == "Import":
        return Effect.ADOPTED
    if action == "Remove":
        retained = change.get("PolicyAction") == "Retain"
        return Effect.RELEASED if retained else Effect.REMOVED
    if change["LogicalResourceId"] not in replaced:
        return Effect.CHANGED
    return Effect.REPLACED if change.get("Replacement") == "True" else Effect.MAYBE_REPLACED


def _replaced(found: list[Mapping[str, Any]]) -> set[str]:
    """Return the resources that are replaced, or may be.

    CloudFormation calls whatever refers to a changed resource "conditionally replaced", since the
    reference could be another one afterwards. It is one only if that resource is replaced itself.
    """
    own = {each["LogicalResourceId"] for each in found if _recreates(each, set(), own=True)}
    while True:
        more = own | {each["LogicalResourceId"] for each in found if _recreates(each, own)}
        if more == own:
            return own
        own = more


def _recreates(change: Mapping[str, Any], replaced: set[str], *, own: bool = False) -> bool:
    """Return whether a resource is replaced for its own sake, or for that of others."""
    if change["Action"] == "Dynamic":  # CloudFormation itself cannot tell
        return True
    if change["Action"] != "Modify" or change.get("Replacement", "False") == "False":
        return False
    if change["Replacement"] == "True":
        return True
    details = [each for each in change.get("Details", []) if _needs_recreation(each)]
    if not details:
        return True
    references = [_cause(each) for each in details]
    return any(cause is None if own else cause in replaced for cause in references)


def _needs_recreation(detail: Mapping[str, Any]) -> bool:
    return str(detail.get("Target", {}).get("RequiresRecreation", "Never")) != "Never"


def _cause(detail: Mapping[str, Any]) -> str | None:
    """Return the resource whose identity alone could change a property; None if it changes."""
    source, entity = detail.get("ChangeSource"), str(detail.get("CausingEntity", ""))
    if detail.get("Evaluation") != "Dynamic" or not entity:
        return None
    resource, _, attribute = entity.partition(".")
    if source == "ResourceReference" or (
        source == "ResourceAttribute" and _IDENTITY.fullmatch(attribute)
    ):
        return resource
    return None


def _properties(change: Mapping[str, Any]) -> tuple[str, ...]:
    targets = [each.get("Target", {}) for each in change.get("Details", [])]
    names = [each.get("Name") or each.get("Attribute", "") for each in targets]
    return tuple(dict.fromkeys(name for name in names if name))
