"""What `pipeline infra` does on AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

import typer

from sagetabular.aws.s3 import Bucket
from sagetabular.cli.infrastructure.showing import (
    show_changes,
    show_place,
    show_plans,
    show_removals,
)
from sagetabular.cli.terminal.asking import agreed, may_deploy
from sagetabular.cli.terminal.output import INTERRUPTED, say
from sagetabular.errors import UserError
from sagetabular.infrastructure.outputs import exports
from sagetabular.infrastructure.sample import sample_of
from sagetabular.infrastructure.stacking.choosing import (
    candidates,
    choose,
    expect,
    known_outputs,
)
from sagetabular.infrastructure.stacking.deploying import (
    Deploying,
    FailedStackError,
    check_losses,
)
from sagetabular.infrastructure.stacking.planning import make_plan
from sagetabular.infrastructure.stacking.removing import plan_removal, remove
from sagetabular.infrastructure.stacking.site import merged, open_site
from sagetabular.infrastructure.validating.checks import check_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sagetabular.infrastructure.stacking.changes import Change
    from sagetabular.infrastructure.stacking.planning import Plan
    from sagetabular.infrastructure.stacking.site import Site
    from sagetabular.project import Project

_Result = TypeVar("_Result")


def diff(project: Project, wanted: Sequence[str]) -> None:
    """Print what deploying would do."""
    site = open_site(project)
    _check(site, wanted)
    show_place(site)
    _plan(site, wanted)


def _check(site: Site, wanted: Sequence[str]) -> None:
    """Accept templates in which `pipeline infra validate` finds nothing, but for cfn-lint.

    Raises:
        UserError: It finds something; the first is named.
    """
    for checked in check_all(site, wanted):
        for problem in checked.problems:
            raise UserError(
                f"{checked.concern.place}: {problem}.",
                "Correct it; `pipeline infra validate` names everything that is wrong.",
            )


def deploy(
    project: Project, wanted: Sequence[str], *, yes: bool, replace: bool, sample: bool
) -> None:
    """Make stacks what their templates say; says what that is, and asks.

    Args:
        project: The project.
        wanted: Names of concerns; all that can be deployed if empty.
        yes: Do not ask.
        replace: Stateful resources may be replaced or removed.
        sample: Upload the table of this machine, too.

    Raises:
        UserError: Something lacks a value or would be lost, nobody can be asked, or AWS refuses.
        typer.Exit: CloudFormation did not succeed, or Ctrl-C.
    """
    site = open_site(project)
    _check(site, wanted)
    key, body = sample_of(project) if sample else ("", b"")
    show_place(site)
    plans = _plan(site, wanted)
    for plan in plans if not replace else ():
        check_losses(plan.stack, plan.changes)
    moving = [plan for plan in plans if plan.changes or plan.awaits or plan.leftover]
    if moving and not yes and not may_deploy(_stacks(moving)):
        typer.echo("Nothing was deployed.")
        return

    def agree(stack: str, changes: Sequence[Change]) -> bool:
        show_changes(f"\n{stack}: not among what was shown", changes)
        return yes or may_deploy(stack)

    deploying = Deploying(site, say, agree, replace)
    outputs = _watched(lambda: deploying.run(plans))
    if sample:
        _put_sample(site, outputs, key, body)
    typer.echo(f"{_stacks(plans)} of stage {site.sources.stage} stand as the templates say.")
    _note_workgroup(site, outputs.get("data-lake", {}).get("Workgroup"))


def _note_workgroup(site: Site, made: str | None) -> None:
    """Say where the pipeline would ask Athena elsewhere than in the lake's workgroup."""
    own = site.sources.own.get("Workgroup")
    if made and own and own != made:
        say(
            f"conf/pipeline.yaml: data.workgroup is {own}. The role of the jobs may use the "
            f"lake's, so set it to {made}."
        )


def _put_sample(
    site: Site, outputs: Mapping[str, Mapping[str, str]], key: str, body: bytes
) -> None:
    bucket = site.sources.conf.get("DataBucket", merged(outputs, "").get("DataBucket"))
    if bucket is None:
        msg = "There is no data bucket for the sample yet."
        raise UserError(msg, "Deploy data-lake too.")
    put = Bucket(site.account.client("s3"), bucket).put_changed(key, body)
    say(f"s3://{bucket}/{key}: {f'{len(body):,} bytes' if put else 'there already'}")


def destroy(project: Project, wanted: Sequence[str], *, yes: bool, dry_run: bool) -> None:
    """Remove stacks; says what goes and what stays, and asks.

    Args:
        project: The project.
        wanted: Names of concerns; all if empty.
        yes: Do not ask.
        dry_run: Say what would go, and remove nothing.

    Raises:
        UserError: Nobody can be asked, or AWS refuses.
        typer.Exit: CloudFormation did not succeed, or Ctrl-C.
    """
    site = open_site(project)
    show_place(site)
    removals = plan_removal(site, wanted)
    show_removals(removals)
    if not removals:
        typer.echo("There is no stack to remove.")
        return
    count = f"{len(removals)} stack{'' if len(removals) == 1 else 's'} of {site.sources.stage}"
    if dry_run or (not yes and not agreed(count)):
        typer.echo("Nothing was removed.")
        return
    _watched(lambda: remove(site, removals, say))
    typer.echo(f"{count} removed.")


def outputs(project: Project, wanted: Sequence[str], *, as_json: bool) -> None:
    """Print outputs: lines for a shell, or all of them as one JSON object.

    Args:
        project: The project.
        wanted: Names of concerns; all if empty.
        as_json: Print JSON.

    Raises:
        UserError: There is no such stack, or AWS refuses.
    """
    site = open_site(project)
    names = [concern.name for concern in site.named(wanted)]
    say(f"AWS account {site.account.identity.account}, {site.account.place}")
    found = {name: each.outputs for name, each in site.find_stacks().items() if name in names}
    if not found:
        msg = f"There is no stack {site.stack_name('*')} in {site.account.place}."
        raise UserError(msg, "Deploy some with `pipeline infra deploy`.")
    if as_json:
        typer.echo(json.dumps(found))
        return
    values = {name: value for each in found.values() for name, value in each.items()}
    for line in exports(project.settings.aws, values):
        typer.echo(line)


def _plan(site: Site, wanted: Sequence[str]) -> list[Plan]:
    """Find out what would become of the wanted stacks, and print it."""
    standing = site.find_stacks()
    known = known_outputs(site, standing, candidates(site, wanted))
    choice = choose(site, wanted, known)
    given = {name: dict(values) for name, values in known.items()}
    plans = []
    for concern in choice.concerns:
        plans.append(make_plan(site, concern, standing, given))
        expect(concern, given)
    show_plans(plans, choice.left_out)
    return plans


def _watched(work: Callable[[], _Result]) -> _Result:
    """Do something that CloudFormation goes on with when nobody waits for it any more."""
    try:
        return work()
    except FailedStackError as failure:
        say(str(failure))
        raise typer.Exit(1) from failure
    except KeyboardInterrupt:
        say(
            "\nNobody waits any more; CloudFormation ends what it has begun with the stack above, "
            "and the stacks after it are as they were.\n`pipeline infra diff` says what is left."
        )
        raise typer.Exit(INTERRUPTED) from None


def _stacks(plans: Sequence[object]) -> str:
    return f"{len(plans)} stack{'' if len(plans) == 1 else 's'}"
