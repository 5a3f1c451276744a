"""Values of the templates' parameters: whose they are, which count more, and which are lacking.

What `conf/aws.yaml` says counts more than outputs of other stacks, these more than what the
project itself knows, and that more than a template's default.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sagetabular.aws.deployment import group_of, prefix_of
from sagetabular.errors import UserError
from sagetabular.infrastructure.columns import lake_parameters
from sagetabular.infrastructure.values import allows_nothing, problem
from sagetabular.settings.account import is_variable
from sagetabular.settings.aws import ONLY_STAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.aws.deployment import Deployment
    from sagetabular.infrastructure.concerns import Concern
    from sagetabular.project import Project

# Names of stacks, roles and resources are made of these: nobody else may choose them.
_FIXED = {
    "Project": "name in conf/pipeline.yaml",
    "Stage": "--stage",
    "PipelineName": "name in conf/pipeline.yaml, and --stage",
    "ModelPackageGroup": "name in conf/pipeline.yaml, and --stage",
    "Prefix": "name in conf/pipeline.yaml, and --stage",
}
# A value that is an output of another stack, called otherwise there.
_REFERENCE = re.compile(r"\$\{(\w+)\}")
# Stages that release.yaml knows, and what they are called if nobody says otherwise.
_RELEASED = {"Dev": "dev", "Staging": "staging", "Production": "prod"}


@dataclass(frozen=True)
class Sources:
    """Where values come from, beside the outputs of stacks.

    Attributes:
        stage: The stacks' own name of the stage.
        conf: Parameter → value in `conf/aws.yaml`.
        own: Parameter → what the project knows.
        unset: Parameter → why the project does not know it, though it should.
        fields: Parameter → where in `conf/aws.yaml` its value stands.
    """

    stage: str
    conf: Mapping[str, str]
    own: Mapping[str, str]
    unset: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Assigned:
    """The values of one template's parameters.

    Attributes:
        values: Of all that are not left at their default.
        lacking: Parameter without a value → what would give it one.
    """

    values: Mapping[str, str]
    lacking: Mapping[str, str]


def sources_of(project: Project, deployment: Deployment) -> Sources:
    """Return what `conf/` says of the templates' parameters.

    Raises:
        UserError: `conf/` breaks a rule, or stages are there and none is chosen.
    """
    stage = stage_of(project)
    aws = project.settings.aws
    own, unset = _network(project, deployment)
    group = group_of(project, deployment)
    unset["ModelPackageArn"] = f"an approved version of {group} must be there first"
    data = project.settings.pipeline.data
    own |= _accounts(project)
    own |= lake_parameters(data, project.settings.pipeline.name)
    own |= {
        "Project": project.settings.pipeline.name,
        "Stage": stage,
        "PipelineName": deployment.pipeline,
        "ModelPackageGroup": group,
        "Prefix": prefix_of(project, deployment),
        "UseVpc": str(aws.network is not None).lower(),
    }
    if data.reads_tables:
        own["Workgroup"] = deployment.given.get("Workgroup", data.workgroup)
    return Sources(stage, aws.infrastructure.parameters, own, unset, _fields(project))


def stage_of(project: Project) -> str:
    """Return the stage of the stacks: `dev` where there are no stages.

    Raises:
        UserError: There are stages, and none was chosen.
    """
    if project.stage is not None:
        return project.stage
    stages = project.settings.aws.stages
    if stages:
        msg = "conf/aws.yaml has stages, and none was chosen."
        raise UserError(msg, f"Add --stage, or set PIPELINE_STAGE, to {' or '.join(stages)}.")
    return ONLY_STAGE


def check_conf(sources: Sources, concerns: Sequence[Concern]) -> None:
    """Accept parameters of `conf/aws.yaml` that templates have, with values that they allow.

    Args:
        sources: The values.
        concerns: All templates of the project.

    Raises:
        UserError: One is unknown, or given by something else, or its value is not allowed.
    """
    known = sorted({name for concern in concerns for name in concern.parameters} - {*_FIXED})
    for name, value in sources.conf.items():
        place = f"conf/aws.yaml: {sources.fields[name]}"
        if name in _FIXED:
            raise UserError(f"{place} is not chosen here.", f"It is given by {_FIXED[name]}.")
        if name not in known:
            raise UserError(f"{place} is a parameter of no template.", _meant(name, known))
        if reference := _REFERENCE.fullmatch(value):
            _check_output(reference[1], place, concerns)
            continue
        for concern in concerns:
            _check(concern, name, value, place)


def assign(concern: Concern, sources: Sources, outputs: Mapping[str, str]) -> Assigned:
    """Give a template's parameters their values.

    Args:
        concern: The template.
        sources: What `conf/` says.
        outputs: Of the other stacks; a value in `<>` is one that is not known yet.

    Raises:
        UserError: A value is not allowed.
    """
    values, lacking = {}, {}
    for name, declared in concern.parameters.items():
        given = _given(name, sources, outputs)
        if given is not None:
            values[name] = given
        elif name in sources.unset:
            lacking[name] = sources.unset[name]
        elif "Default" in declared:
            continue
        elif allows_nothing(declared):
            values[name] = ""
        else:
            lacking[name] = ""
    for name, value in values.items():
        if not value.startswith("<"):
            _check(concern, name, value, _place(sources, name, concern))
    return Assigned(values, lacking)


def _given(name: str, sources: Sources, outputs: Mapping[str, str]) -> str | None:
    """Return the value of a parameter; None if nobody has one, or not yet."""
    given = sources.conf.get(name)
    if given is None:
        return outputs.get(name, sources.own.get(name))
    reference = _REFERENCE.fullmatch(given)
    return outputs.get(reference[1]) if reference else given


def explain(lacking: Mapping[str, str], concerns: Sequence[Concern]) -> str:
    """Return what would give the lacking parameters their values, as one phrase.

    Args:
        lacking: Parameter → reason, if it is known.
        concerns: All templates of the project, whose outputs may be what is lacking.
    """
    return "; ".join(
        f"{name}: {reason or _giver(name, concerns)}" for name, reason in lacking.items()
    )


def _check_output(name: str, place: str, concerns: Sequence[Concern]) -> None:
    known = sorted({output for concern in concerns for output in concern.outputs})
    if name not in known:
        raise UserError(f"{place} names the output {name} of no template.", _meant(name, known))


def _meant(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else "See Parameters in infrastructure/*.yaml."


def _giver(name: str, concerns: Sequence[Concern]) -> str:
    makers = [concern.name for concern in concerns if name in concern.outputs]
    own = f"infrastructure.parameters.{name} in conf/aws.yaml"
    return f"an output of {makers[0]}, or {own}" if makers else own


def _check(concern: Concern, name: str, value: str, place: str) -> None:
    declared = concern.parameters.get(name)
    if declared is None or (found := problem(declared, value)) is None:
        return
    said = declared.get("ConstraintDescription") or declared.get("Description") or "Correct it"
    remedy = " ".join(str(said).split()).rstrip(".")
    raise UserError(f"{place} {found}, got {value!r}.", f"{concern.place}: {remedy}.")


def _place(sources: Sources, name: str, concern: Concern) -> str:
    if name in sources.conf:
        return f"conf/aws.yaml: {sources.fields[name]}"
    if name == "Project":
        return "conf/pipeline.yaml: name"
    return f"{concern.place}: {name}"


def _fields(project: Project) -> dict[str, str]:
    aws = project.settings.aws
    stage = aws.stages.get(project.stage or "")
    own = stage.infrastructure.parameters if stage else {}
    return {
        name: f"{f'stages.{project.stage}.' if name in own else ''}infrastructure.parameters.{name}"
        for name in aws.infrastructure.parameters
    }


def _accounts(project: Project) -> dict[str, str]:
    """Return the accounts of the stages of release and source that are not the stage's own."""
    aws = project.settings.aws
    given = aws.infrastructure.parameters
    found = {}
    for role, name in _RELEASED.items():
        stage = aws.stages.get(given.get(f"{role}Stage", name))
        if stage and stage.account and stage.account != aws.account:
            found[f"{role}Account"] = stage.account
    source = aws.stages.get(given.get("SourceStage", ""))
    if source and source.account and source.account != aws.account:
        found["SourceAccount"] = source.account
    return found


def _network(project: Project, deployment: Deployment) -> tuple[dict[str, str], dict[str, str]]:
    """Return subnets and security groups as the templates call them, and why one is not known."""
    network = project.settings.aws.network
    if network is None:
        return {}, {}
    own, unset = {}, {}
    lists = {
        ("Subnets", "SubnetIds"): network.subnets,
        ("SecurityGroups", "SecurityGroupIds"): network.security_groups,
    }
    for names, values in lists.items():
        known = {value: _id(value, deployment) for value in values}
        lacking = [value for value, found in known.items() if not found]
        for name in names:
            if lacking:
                unset[name] = f"the variable {', '.join(lacking)}, which is not set"
            else:
                own[name] = ",".join(known[value] for value in values)
    return own, unset


def _id(value: str, deployment: Deployment) -> str:
    return deployment.environment.get(value, "") if is_variable(value) else value
