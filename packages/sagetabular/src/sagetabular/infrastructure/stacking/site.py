"""The stacks of a project in one stage of an account: which there are, and which are wanted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sagetabular.aws.deployment import deployment_of
from sagetabular.infrastructure.concerns import find_concerns
from sagetabular.infrastructure.parameters import check_conf, sources_of
from sagetabular.infrastructure.stacking.calls import Stacks
from sagetabular.infrastructure.stacking.collisions import check_databases

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.aws.account import Account
    from sagetabular.aws.deployment import Deployment
    from sagetabular.infrastructure.concerns import Concern
    from sagetabular.infrastructure.parameters import Sources
    from sagetabular.infrastructure.stacking.calls import Stack
    from sagetabular.project import Project


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
    check_databases(project, concerns)
    return Site(project, deployment, sources, concerns)


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
