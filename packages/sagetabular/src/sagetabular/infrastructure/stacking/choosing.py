"""Which stacks a deployment is about: those whose parameters have values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sagetabular.aws.deployment import group_of
from sagetabular.aws.sagemaker.model_packages import ModelPackages
from sagetabular.errors import UserError
from sagetabular.infrastructure.parameters import assign, explain
from sagetabular.infrastructure.stacking.release import ENDPOINT, RELEASE, make_bundle
from sagetabular.infrastructure.stacking.site import merged
from sagetabular.infrastructure.stacking.stages import SOURCE_STAGE, source_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sagetabular.infrastructure.concerns import Concern
    from sagetabular.infrastructure.stacking.calls import Stack
    from sagetabular.infrastructure.stacking.site import Site

# What the model registry knows, as if a stack had it as its output.
_REGISTRY, _PACKAGE = "(registry)", "ModelPackageArn"


@dataclass(frozen=True)
class Choice:
    """The stacks that something is done to.

    Attributes:
        concerns: Their templates, in the order of deployment.
        left_out: Concern → why it is not among them, though nobody said so.
    """

    concerns: Sequence[Concern]
    left_out: Mapping[str, str] = field(default_factory=dict)


def known_outputs(
    site: Site, standing: Mapping[str, Stack], concerns: Iterable[Concern]
) -> dict[str, Mapping[str, str]]:
    """Return concern → outputs, and what registry and source of the models know that they need.

    Args:
        site: The project's stacks.
        standing: Concern → stack, of those that there are.
        concerns: Templates that may be deployed.

    Raises:
        UserError: AWS refuses.
    """
    found = {name: stack.outputs for name, stack in standing.items() if stack.stands}
    wanted = any(_PACKAGE in concern.parameters for concern in concerns)
    if wanted and _PACKAGE not in site.sources.conf:
        group = group_of(site.project, site.deployment)
        newest = ModelPackages(site.account.client("sagemaker"), group).newest_approved()
        if newest is not None:
            found[_REGISTRY] = {_PACKAGE: newest}
    if source := source_values(site):
        found[SOURCE_STAGE] = source
    return found


def candidates(site: Site, wanted: Sequence[str]) -> list[Concern]:
    """Return the templates of some names; if there are none, all that are deployed by themselves.

    The endpoint is not, where a release deploys it.

    Raises:
        UserError: There is no such template.
    """
    found = site.named(wanted)
    names = {concern.name for concern in found}
    return [each for each in found if wanted or each.name != ENDPOINT or RELEASE not in names]


def choose(site: Site, wanted: Sequence[str], known: Mapping[str, Mapping[str, str]]) -> Choice:
    """Return the stacks to deploy.

    Args:
        site: The templates.
        wanted: Names of concerns; all that can be deployed if empty.
        known: Concern → outputs, of the stacks that there are.

    Raises:
        UserError: There is no such template, a wanted one lacks a value, or a value is not allowed.
    """
    found = candidates(site, wanted)
    chosen: list[Concern] = []
    left_out = {
        each.name: "the stack release deploys it; name it to do so by hand"
        for each in site.named(wanted)
        if each not in found
    }
    outputs = {name: dict(values) for name, values in known.items()}
    for concern in found:
        try:
            _check(site, concern, outputs)
        except UserError as refusal:
            if wanted:
                raise
            left_out[concern.name] = f"{refusal.message} {refusal.remedy}"
            continue
        chosen.append(concern)
        expect(concern, outputs)
    return Choice(chosen, left_out)


def expect(concern: Concern, outputs: dict[str, dict[str, str]]) -> None:
    """Note that a stack will have outputs, which are not known yet."""
    planned = {name: f"<{concern.name}.{name}>" for name in concern.outputs}
    outputs[concern.name] = planned | outputs.get(concern.name, {})


def _check(site: Site, concern: Concern, outputs: Mapping[str, Mapping[str, str]]) -> None:
    """Accept a template whose parameters have values."""
    lacking = assign(concern, site.sources, merged(outputs, concern.name)).lacking
    if lacking:
        msg = f"{concern.place} lacks values of {', '.join(lacking)}."
        raise UserError(msg, f"Needed: {explain(lacking, site.concerns)}.")
    if concern.name == RELEASE:
        make_bundle(site, outputs)
