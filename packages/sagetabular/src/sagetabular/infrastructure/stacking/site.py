"""The stacks of a project in one stage of an account: which there are, and which are wanted."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from sagetabular.aws.deployment import deployment_of
from sagetabular.errors import UserError
from sagetabular.infrastructure.concerns import find_concerns
from sagetabular.infrastructure.parameters import (
    assign,
    check_conf,
    explain,
    sources_of,
)
from sagetabular.infrastructure.stacking.calls import Stacks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.aws.account import Account
    from sagetabular.aws.deployment import Deployment
    from sagetabular.infrastructure.concerns import Concern
    from sagetabular.infrastructure.parameters import Sources
    from sagetabular.infrastructure.stacking.calls import Stack
    from sagetabular.project import Project


@dataclass(frozen=True)
class Choice:
    """The stacks that something is done to.

    Attributes:
        concerns: Their templates, in the order of deployment.
        left_out: Concern → why it is not among them, though nobody said so.
    """

    concerns: Sequence[Concern]
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """A project's templates, and the place where their stacks are.

    Attributes:
        project: The project.
        deployment: Where it stands.
        sources: Values for the templates' parameters.
        concerns: All templates, in the order of deployment.
    """

    project: Project
    deployment: Deployment
    sources: Sources
    concerns: Sequence[Concern]

    @cached_property
    def account(self) -> Account:
        """The account; its identity is asked for before anything else."""
        return self.deployment.connect()

    @cached_property
    def stacks(self) -> Stacks:
        """Its stacks.

        Raises:
            UserError: There are no credentials, or they are of another account.
        """
        self.account.identity  # noqa: B018  # of a wrong account not even stacks are looked at
        return Stacks(self.account.client("cloudformation"), time.sleep)

    def stack_name(self, concern: str) -> str:
        """Return what the stack of a concern is called."""
        return f"sagemaker-{self.project.settings.pipeline.name}-{self.sources.stage}-{concern}"

    def find_stacks(self) -> dict[str, Stack]:
        """Return concern → its stack, of those that there are.

        Raises:
            UserError: CloudFormation refuses, or cannot be reached.
        """
        found = {each.name: self.stacks.find(self.stack_name(each.name)) for each in self.concerns}
        return {name: stack for name, stack in found.items() if stack is not None}

    def named(self, wanted: Sequence[str]) -> list[Concern]:
        """Return the templates of some names; all if there are none.

        Raises:
            UserError: There is no such template.
        """
        find_concerns(self.project, wanted)
        return [each for each in self.concerns if not wanted or each.name in wanted]


def open_site(project: Project) -> Site:
    """Read the project's templates, and check what `conf/aws.yaml` says of them.

    Raises:
        UserError: The project has no templates, or `conf/` breaks a rule.
    """
    deployment = deployment_of(project)
    concerns = find_concerns(project)
    sources = sources_of(project, deployment)
    check_conf(sources, concerns)
    return Site(project, deployment, sources, concerns)


def choose(site: Site, wanted: Sequence[str], known: Mapping[str, Mapping[str, str]]) -> Choice:
    """Return the stacks to deploy: those whose parameters have values.

    Args:
        site: The templates.
        wanted: Names of concerns; all that can be deployed if empty.
        known: Concern → outputs, of the stacks that there are.

    Raises:
        UserError: There is no such template, a wanted one lacks a value, or a value is not allowed.
    """
    chosen, left_out = [], {}
    outputs = {name: dict(values) for name, values in known.items()}
    released = any(each.name == "release" for each in site.concerns)
    for concern in site.named(wanted):
        if concern.name == "deploy" and released and not wanted:
            left_out[concern.name] = "the stack release deploys it; name it to do so by hand"
            continue
        lacking = assign(concern, site.sources, merged(outputs, concern.name)).lacking
        if lacking and wanted:
            msg = f"{concern.place} lacks values of {', '.join(lacking)}."
            raise UserError(msg, f"Needed: {explain(lacking, site.concerns)}.")
        if lacking:
            left_out[concern.name] = f"it lacks {explain(lacking, site.concerns)}"
            continue
        chosen.append(concern)
        planned = {name: f"<{concern.name}.{name}>" for name in concern.outputs}
        outputs[concern.name] = planned | outputs.get(concern.name, {})
    return Choice(chosen, left_out)


def merged(outputs: Mapping[str, Mapping[str, str]], but: str) -> dict[str, str]:
    """Return the outputs of all stacks but one, which does not take its own.

    Args:
        outputs: Concern → outputs.
        but: The concern that takes them.
    """
    found: dict[str, str] = {}
    for concern, values in outputs.items():
        if concern != but:
            found.update(values)
    return found
