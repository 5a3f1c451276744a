"""Stages of one account and region, whose stacks must not make the same thing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.infrastructure.columns import lake_parameters
from sagetabular.project import Project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagetabular.infrastructure.concerns import Concern

_LAKE, _DATABASE = "data-lake", "Database"


def check_databases(project: Project, concerns: Sequence[Concern]) -> None:
    """Accept stages whose lakes have databases of their own: Glue has a name once in a region.

    Args:
        project: The project.
        concerns: All of its templates.

    Raises:
        UserError: Two stages of one account and region would make the same database.
    """
    if not any(concern.name == _LAKE for concern in concerns):
        return
    taken: dict[tuple[str | None, str, str], str] = {}
    for stage in project.settings.aws.stages:
        place = _place(Project(project.root, stage))
        if place in taken:
            msg = (
                f"conf/aws.yaml: stages {taken[place]} and {stage} must have Glue databases of "
                f"their own in one account and region, got {place[-1]!r} for both."
            )
            own = f"{{infrastructure: {{parameters: {{Database: {place[-1]}_{stage}}}}}}}"
            raise UserError(msg, f"Write stages.{stage}: {own}, or name another account.")
        taken[place] = stage


def _place(project: Project) -> tuple[str | None, str, str]:
    aws, pipeline = project.settings.aws, project.settings.pipeline
    database = lake_parameters(pipeline.data, pipeline.name)[_DATABASE]
    return aws.account, aws.region, str(aws.infrastructure.parameters.get(_DATABASE, database))
