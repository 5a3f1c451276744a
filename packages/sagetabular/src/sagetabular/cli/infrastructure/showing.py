"""What `pipeline infra` says before it does something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from sagetabular.aws.deploying import report_identity
from sagetabular.cli.terminal.output import print_table, report, say
from sagetabular.infrastructure.kinds import billed
from sagetabular.infrastructure.stacking.changes import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.infrastructure.stacking.changes import Change
    from sagetabular.infrastructure.stacking.planning import Plan
    from sagetabular.infrastructure.stacking.removing import Removal
    from sagetabular.infrastructure.stacking.site import Site

_MADE = (Effect.ADOPTED, Effect.CREATED, Effect.MAYBE_REPLACED, Effect.REPLACED)


def show_place(site: Site) -> None:
    """Say whose account it is, in which region, and of which stage its stacks are.

    Raises:
        UserError: There are no credentials, or they are of another account.
    """
    report_identity(site.account, report)
    report("Stacks", [f"{site.stack_name('*')}, stage {site.sources.stage}"])


def show_plans(plans: Sequence[Plan], left_out: Mapping[str, str]) -> None:
    """Print what would become of each stack, what is left out and what costs money."""
    for plan in plans:
        _show_plan(plan)
    for name, reason in left_out.items():
        report("Left out", [f"{name}: {reason}"])
    made = [each.kind for plan in plans for each in plan.changes if each.effect in _MADE]
    report("Billed", billed(made) or ["nothing that there is not already"])


def _show_plan(plan: Plan) -> None:
    if plan.awaits:
        typer.echo(f"\n{plan.stack}: what changes can be told once {_listed(plan.awaits)} stand")
        return
    if not plan.changes:
        typer.echo(f"\n{plan.stack}: nothing changes")
        return
    state = "created" if plan.is_new else "changed"
    more = ", after what a failed creation has left is removed" if plan.leftover else ""
    show_changes(f"\n{plan.stack}: {state}{more}", plan.changes)


def show_changes(title: str, changes: Sequence[Change]) -> None:
    """Print what happens to each resource of a stack."""
    rows = [
        [
            each.effect,
            each.kind.removeprefix("AWS::"),
            each.name or each.resource,
            ", ".join(each.properties),
            "holds data" if each.loses else "",
        ]
        for each in changes
    ]
    print_table(title, ["", "type", "resource", "what differs", ""], rows)


def show_removals(removals: Sequence[Removal]) -> None:
    """Print what would be removed with each stack, and what stays without one."""
    for removal in removals:
        say(f"{removal.stack.name}: {removal.removed} resources that hold nothing are removed")
        for each in removal.lost:
            say(f"  removed with all that is in it: {each.kind} {each.name}")
        for each in removal.kept:
            say(f"  kept: {each.kind} {each.name}")


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names)
