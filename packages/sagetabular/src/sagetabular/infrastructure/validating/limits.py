"""Limits of CloudFormation, and of the names of resources, for one project and stage.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.infrastructure.kinds import NAMES
from sagetabular.infrastructure.stacking.uploading import LARGEST, LARGEST_INLINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagetabular.infrastructure.concerns import Concern

MOST = {"Parameters": 200, "Resources": 500, "Outputs": 200, "Mappings": 200}
_LONGEST_DESCRIPTION = 1024
_LONGEST_STACK = 128


def too_large(concern: Concern, *, is_first: bool) -> Iterator[str]:
    """Yield what of a template is more than CloudFormation takes, each as a sentence.

    Args:
        concern: The template.
        is_first: Whether no stack before it makes the bucket that a large one goes through.
    """
    size = len(concern.text.encode())
    most = LARGEST_INLINE if is_first else LARGEST
    if size > most:
        yield f"it must have at most {most:,} bytes, got {size:,}"
    for section, number in MOST.items():
        count = len(concern.template.get(section) or {})
        if count > number:
            yield f"{section} must be at most {number}, got {count}"
    length = len(str(concern.template.get("Description", "")).encode())
    if length > _LONGEST_DESCRIPTION:
        yield f"Description must have at most {_LONGEST_DESCRIPTION:,} bytes, got {length:,}"


def too_long(stack: str, resources: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield which names are too long, each as a sentence.

    Args:
        stack: Name of the stack.
        resources: Logical id → resource, its functions resolved.
    """
    if len(stack) > _LONGEST_STACK:
        yield f"the stack's name must have at most {_LONGEST_STACK} characters: {stack}"
    for resource, each in resources.items():
        member, most = NAMES.get(each["Type"], ("", 0))
        name = each.get("Properties", {}).get(member)
        # What is made of an attribute is not known yet.
        if isinstance(name, str) and "<" not in name and len(name) > most:
            rule = f"{member} must have at most {most} characters"
            yield f"{resource}: {rule}, got {len(name)}: {name}"
