"""Removing stacks, in the reverse order; what is retained is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.infrastructure.kinds import is_stateful
from sagetabular.infrastructure.stacking.deploying import failure_of
from sagetabular.infrastructure.stacking.naming import RETAINED
from sagetabular.infrastructure.stacking.planning import check_stack
from sagetabular.infrastructure.templates import parse_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sagetabular.infrastructure.stacking.calls import Resource, Stack
    from sagetabular.infrastructure.stacking.site import Site


@dataclass(frozen=True)
class Removal:
    """What would become of one stack's resources.

    Attributes:
        concern: Name of the template.
        stack: The stack.
        kept: Resources that stay, without a stack.
        lost: Stateful resources that are removed.
        removed: How many others are.
    """

    concern: str
    stack: Stack
    kept: Sequence[Resource]
    lost: Sequence[Resource]
    removed: int


def plan_removal(site: Site, wanted: Sequence[str]) -> list[Removal]:
    """Find out what removing stacks would remove and keep, in the order of removal.

    Args:
        site: The project's stacks.
        wanted: Names of concerns; all if empty.

    Raises:
        UserError: There is no such template, or CloudFormation refuses.
    """
    names = {concern.name for concern in site.named(wanted)}
    standing = {name: stack for name, stack in site.find_stacks().items() if name in names}
    for stack in standing.values():
        if stack.status != "DELETE_FAILED":
            check_stack(stack)
    return [_removal(site, name, stack) for name, stack in reversed(standing.items())]


def _removal(site: Site, name: str, stack: Stack) -> Removal:
    resources = site.stacks.resources(stack.name)
    retained = _retained(site, stack) if resources else {}
    kept = [each for each in resources if retained.get(each.resource)]
    others = [each for each in resources if not retained.get(each.resource)]
    lost = [each for each in others if is_stateful(each.kind)]
    return Removal(name, stack, kept, lost, len(others) - len(lost))


def _retained(site: Site, stack: Stack) -> Mapping[str, bool]:
    """Return logical id → whether it stays, by the template that the stack was made of."""
    template = parse_template(site.stacks.template(stack.name), f"stack {stack.name}")
    return {
        name: each.get("DeletionPolicy") in RETAINED for name, each in template["Resources"].items()
    }


def remove(site: Site, removals: Sequence[Removal], tell: Callable[[str], None]) -> None:
    """Remove stacks, one after the other.

    Args:
        site: The project's stacks.
        removals: What was shown of each, in the order of removal.
        tell: Hears what came of each.

    Raises:
        UserError: AWS refuses.
        FailedStackError: CloudFormation could not remove one.
    """
    for removal in removals:
        stack = removal.stack
        if stack.protected:
            site.stacks.protect(stack.name, protected=False)
        site.stacks.delete(stack.name)
        left = site.stacks.settle(stack.id)
        if left is not None:
            raise failure_of(site, stack.name, left)
        tell(f"{stack.name}: removed")
