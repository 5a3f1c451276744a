"""What a deployment would do, before it does anything."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.infrastructure.parameters import assign
from sagetabular.infrastructure.stacking.calls import UNBORN
from sagetabular.infrastructure.stacking.changes import Change, Effect, changes_of
from sagetabular.infrastructure.stacking.naming import with_names
from sagetabular.infrastructure.stacking.site import merged
from sagetabular.infrastructure.stacking.uploading import template_member
from sagetabular.infrastructure.templates import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.infrastructure.concerns import Concern
    from sagetabular.infrastructure.stacking.calls import Stack
    from sagetabular.infrastructure.stacking.site import Site

_BROKEN = {
    "UPDATE_ROLLBACK_FAILED": "Repair what its events name, then `aws cloudformation "
    "continue-update-rollback --stack-name {name}`.",
    "DELETE_FAILED": "Look at its events, then `pipeline infra destroy` it first.",
}


@dataclass(frozen=True)
class Plan:
    """What would become of one stack.

    Attributes:
        concern: Its template.
        stack: Its name.
        is_new: Whether there is none yet.
        leftover: Whether what an earlier creation has left goes first.
        changes: Of its resources.
        awaits: Stacks whose outputs it takes, and that must be there to tell what changes.
    """

    concern: Concern
    stack: str
    is_new: bool
    leftover: bool
    changes: Sequence[Change]
    awaits: Sequence[str] = ()

    @property
    def losses(self) -> list[Change]:
        """What would be lost, or become another one."""
        return [change for change in self.changes if change.loses]


def make_plan(
    site: Site,
    concern: Concern,
    standing: Mapping[str, Stack],
    outputs: Mapping[str, Mapping[str, str]],
) -> Plan:
    """Find out what would become of a stack.

    Args:
        site: The project's stacks.
        concern: The template.
        standing: Concern → stack, of those that there are.
        outputs: Concern → outputs; a value in `<>` is not known yet.

    Raises:
        UserError: The stack cannot be deployed now, or CloudFormation refuses.
    """
    name, stack = site.stack_name(concern.name), standing.get(concern.name)
    check_stack(stack)
    values = assign(concern, site.sources, merged(outputs, concern.name)).values
    if stack is None or not stack.stands:
        leftover = stack is not None and stack.status != UNBORN
        return Plan(concern, name, True, leftover, _all_created(site, concern, values))
    unknown = {key: value for key, value in values.items() if value.startswith("<")}
    needed = [key for key in unknown if "Default" not in concern.parameters[key]]
    if needed:
        awaits = sorted({unknown[key].strip("<>").partition(".")[0] for key in needed})
        return Plan(concern, name, False, False, (), awaits)
    known = {key: value for key, value in values.items() if key not in unknown}
    arn = propose(site, concern, known, is_new=False, outputs=outputs)
    if arn is None:
        return Plan(concern, name, False, False, ())
    try:
        return Plan(concern, name, False, False, changes_of(site.stacks.changes(name, arn)))
    finally:
        withdraw(site, concern, arn)


def propose(
    site: Site,
    concern: Concern,
    values: Mapping[str, str],
    *,
    is_new: bool,
    outputs: Mapping[str, Mapping[str, str]],
) -> str | None:
    """Make a change set; return its ARN, None if nothing would change.

    Args:
        site: The project's stacks.
        concern: The template.
        values: Of its parameters.
        is_new: Whether there is no such stack yet.
        outputs: Concern → outputs, for the bucket of a large template.

    Raises:
        UserError: CloudFormation refuses.
    """
    request = change_set_of(site, concern, values, is_new=is_new)
    account = site.account.identity.account
    text = with_names(concern, values, account, site.deployment.region)
    request |= template_member(site, concern, text, outputs)
    try:
        return site.stacks.propose(site.stack_name(concern.name), request)
    except BaseException:
        if is_new:
            withdraw(site, concern, None)
        raise


def withdraw(site: Site, concern: Concern, arn: str | None) -> None:
    """Remove a change set that is not executed, and the empty stack that was made for it.

    Args:
        site: The project's stacks.
        concern: The template.
        arn: Of the change set, if it is still there.

    Raises:
        UserError: CloudFormation refuses, or cannot be reached.
    """
    name = site.stack_name(concern.name)
    if arn is not None:
        site.stacks.discard(name, arn)
    found = site.stacks.find(name)
    if found is not None and found.status == UNBORN:
        site.stacks.delete(name)


def change_set_of(
    site: Site, concern: Concern, values: Mapping[str, str], *, is_new: bool
) -> dict[str, Any]:
    """Return the members of `CreateChangeSet` but those of the template itself.

    What an earlier stack has left, and has a fixed name, is taken over.

    Args:
        site: The project's stacks.
        concern: The template.
        values: Of its parameters.
        is_new: Whether there is no such stack yet.
    """
    has_roles = any(each["Type"].startswith("AWS::IAM::") for each in concern.resources.values())
    return {
        "ChangeSetName": f"pipeline-infra-{uuid.uuid4().hex[:12]}",
        "ChangeSetType": "CREATE" if is_new else "UPDATE",
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in values.items()
        ],
        "Capabilities": ["CAPABILITY_NAMED_IAM"] if has_roles else [],
        "Tags": [{"Key": key, "Value": value} for key, value in tags_of(site).items()],
        "ImportExistingResources": True,
    }


def tags_of(site: Site) -> dict[str, str]:
    """Return the tags of a stack, which its resources get too; those of `conf/` count more."""
    own = {"project": site.project.settings.pipeline.name, "stage": site.sources.stage}
    return {**own, **site.project.settings.aws.tags, **site.deployment.tags}


def check_stack(stack: Stack | None) -> None:
    """Accept a stack that something can be done to now.

    Raises:
        UserError: Something is being done to it, or it is broken.
    """
    if stack is None:
        return
    if stack.moves:
        msg = f"Something is being done to stack {stack.name}: {stack.status}."
        raise UserError(msg, "Wait until it has ended: `pipeline infra diff` says what is left.")
    if stack.status in _BROKEN:
        msg = f"Stack {stack.name} is broken: {stack.status}: {stack.reason or 'no reason given'}."
        raise UserError(msg, _BROKEN[stack.status].format(name=stack.name))


def _all_created(site: Site, concern: Concern, values: Mapping[str, str]) -> list[Change]:
    account = site.account.identity.account
    made = evaluate(concern.template, values, account, site.deployment.region)["Resources"]
    return [Change(name, each["Type"], Effect.CREATED) for name, each in made.items()]
