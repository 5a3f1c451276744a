"""Deploying stacks one after the other: outputs of the first are values of the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.infrastructure.kinds import NOT_ADOPTED, is_stateful
from sagetabular.infrastructure.parameters import assign, explain
from sagetabular.infrastructure.stacking.calls import EMPTY
from sagetabular.infrastructure.stacking.changes import Change, Effect, changes_of
from sagetabular.infrastructure.stacking.choosing import known_outputs
from sagetabular.infrastructure.stacking.planning import check_stack, propose, withdraw
from sagetabular.infrastructure.stacking.release import RELEASE, put_bundle
from sagetabular.infrastructure.stacking.site import merged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sagetabular.infrastructure.stacking.calls import Stack
    from sagetabular.infrastructure.stacking.planning import Plan
    from sagetabular.infrastructure.stacking.site import Site

# How often a stack is deployed again since others have outputs now that it takes.
_ROUNDS = 3
# What nobody must be asked about a second time.
_HARMLESS = (Effect.ADOPTED, Effect.CREATED, Effect.CHANGED)


class FailedStackError(Exception):
    """CloudFormation could not make a stack what it should be: two lines, and exit code 1."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}\n{remedy}")


_EXISTS = "already exists"
_ADOPT = (
    "CloudFormation takes over no resource of this type by its name: import it by its ARN "
    "(`aws cloudformation create-change-set --change-set-type IMPORT`), or delete it, if it is not "
    "needed, and run the command again."
)


@dataclass
class Deploying:
    """A deployment under way.

    Args:
        site: The project's stacks.
        tell: Hears of every stack that is begun, and what came of it.
        agree: Is asked about changes that no plan had; the answer False ends the deployment.
        replace: Whether stateful resources may be replaced or removed.
    """

    site: Site
    tell: Callable[[str], None]
    agree: Callable[[str, Sequence[Change]], bool]
    replace: bool = False
    _deployed: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def run(self, plans: Sequence[Plan]) -> dict[str, Mapping[str, str]]:
        """Deploy stacks; once more those that take outputs of later ones.

        Args:
            plans: What was shown of each, in the order of deployment.

        Returns:
            Concern → outputs, of all stacks that there are then.

        Raises:
            UserError: A stateful resource would be lost, a value is lacking, or AWS refuses.
            FailedStackError: CloudFormation could not make a stack.
        """
        standing = self.site.find_stacks()
        outputs = known_outputs(self.site, standing, [plan.concern for plan in plans])
        for _ in range(_ROUNDS):
            moved = [plan for plan in plans if self._step(plan, standing, outputs)]
            if not moved:
                break
        return outputs

    def _step(
        self,
        plan: Plan,
        standing: dict[str, Stack],
        outputs: dict[str, Mapping[str, str]],
    ) -> bool:
        """Deploy one stack, unless it was with these very values; return whether it was."""
        concern = plan.concern
        assigned = assign(concern, self.site.sources, merged(outputs, concern.name))
        if assigned.lacking:
            msg = f"{concern.place} lacks values of {', '.join(assigned.lacking)}."
            raise UserError(msg, f"Needed: {explain(assigned.lacking, self.site.concerns)}.")
        before = self._deployed.get(concern.name)
        if before == assigned.values:
            return False
        if before is not None:
            new = sorted({*assigned.values.items()} - {*before.items()})
            self.tell(f"{plan.stack}: once more, with {', '.join(name for name, _ in new)}")
        found = self._deploy(plan, standing.get(concern.name), assigned.values, outputs)
        standing[concern.name], outputs[concern.name] = found, found.outputs
        self._deployed[concern.name] = dict(assigned.values)
        return True

    def _deploy(
        self,
        plan: Plan,
        stack: Stack | None,
        values: Mapping[str, str],
        outputs: Mapping[str, Mapping[str, str]],
    ) -> Stack:
        check_stack(stack)
        if stack is not None and stack.status in EMPTY:
            self._clear(stack)
            stack = None
        is_new = stack is None or not stack.stands
        if plan.concern.name == RELEASE:
            put_bundle(self.site, values["ArtifactBucket"], outputs)
        arn = propose(self.site, plan.concern, values, is_new=is_new, outputs=outputs)
        if arn is None and stack is not None:
            self.tell(f"{plan.stack}: nothing changes")
            return self._protect(plan, stack)
        self._accept(plan, str(arn))
        self.site.stacks.execute(plan.stack, str(arn))
        found = self.site.stacks.settle(plan.stack)
        if found is None or not found.is_well:
            raise failure_of(self.site, plan.stack, found)
        self.tell(f"{plan.stack}: {found.status}")
        return self._protect(plan, found)

    def _accept(self, plan: Plan, arn: str) -> None:
        """Accept what a change set does, or withdraw it."""
        try:
            changes = changes_of(self.site.stacks.changes(plan.stack, arn))
            if not self.replace:
                check_losses(plan.stack, changes)
            known = {(change.resource, change.effect) for change in plan.changes}
            new = [each for each in changes if (each.resource, each.effect) not in known]
            grave = [each for each in new if each.effect not in _HARMLESS]
            if grave and not self.agree(plan.stack, grave):
                msg = f"Stack {plan.stack} was left as it is."
                raise UserError(msg, "Stacks before it are deployed; see `pipeline infra diff`.")
        except BaseException:
            withdraw(self.site, plan.concern, arn)
            raise
        count = f"{len(changes)} change{'' if len(changes) == 1 else 's'}"
        self.tell(f"{plan.stack}: {count} under way")

    def _clear(self, stack: Stack) -> None:
        """Remove what an earlier creation has left, which has no resources."""
        self.tell(f"{stack.name}: removing what a failed creation has left")
        self.site.stacks.delete(stack.name)
        left = self.site.stacks.settle(stack.id)
        if left is not None:
            raise failure_of(self.site, stack.name, left)

    def _protect(self, plan: Plan, stack: Stack) -> Stack:
        """Keep a stack with stateful resources from being deleted by mistake."""
        kinds = [each["Type"] for each in plan.concern.resources.values()]
        if not stack.protected and any(map(is_stateful, kinds)):
            self.site.stacks.protect(plan.stack, protected=True)
        return stack


def check_losses(stack: str, changes: Sequence[Change]) -> None:
    """Accept changes that lose nothing.

    Args:
        stack: Name of the stack.
        changes: Of its resources.

    Raises:
        UserError: A stateful resource would be replaced or removed.
    """
    losses = [change for change in changes if change.loses]
    if losses:
        first, more = losses[0], len(losses) - 1
        name = f" ({first.name})" if first.name else ""
        others = f", and {more} more" if more else ""
        fate = f"would be {first.effect}".replace("would be perhaps", "may be")
        msg = f"Stack {stack}: {first.kind} {first.resource}{name} {fate}{others}."
        raise UserError(msg, "Undo what changes it, or add --replace if its content may be lost.")


def failure_of(site: Site, name: str, stack: Stack | None) -> FailedStackError:
    """Return the error that says why CloudFormation did not succeed.

    Args:
        site: The project's stacks.
        name: Of the stack.
        stack: As it is now; None if it is gone.
    """
    status = stack.status if stack else "gone"
    failure = site.stacks.first_failure(stack.id if stack else name) if stack else None
    why = (
        f"{failure.resource} ({failure.kind}): {' '.join(failure.reason.split())}"
        if failure
        else (stack.reason if stack else "") or "CloudFormation gives no reason"
    )
    gone = status in EMPTY
    state = (
        "What it had made is gone, and the next deployment clears the empty stack away"
        if gone
        else (
            "It is as it was before"
            if status == "UPDATE_ROLLBACK_COMPLETE"
            else "Look at its events"
        )
    )
    there = failure is not None and failure.kind in NOT_ADOPTED and _EXISTS in failure.reason
    remedy = _ADOPT if there else "Correct the cause, and run the command again."
    return FailedStackError(f"Stack {name} is {status}: {why}", f"{state}. {remedy}")
