"""The lake of a project in an account: the database, table and workgroup of Athena that it uses.

A project that SageMaker Studio has made is the command line's byte for byte, so its `conf/` cannot
name what the stack made for it: the environment of its build does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.settings.aws import ONLY_STAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.project import Project

LAKE = "infrastructure/data-lake.yaml"
# Pipeline parameter → the variable that a project's own stack gives to its build server.
VARIABLES = {
    "Database": "ATHENA_DATABASE",
    "Table": "ATHENA_TABLE",
    "Workgroup": "ATHENA_WORKGROUP",
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_ALLOWED = {
    "Database": (re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}"), "letters, digits and _ -"),
    "Table": (_NAME, "letters, digits and _"),
    "Workgroup": (re.compile(r"[A-Za-z0-9._-]{1,128}"), "letters, digits and . _ -"),
}


def lake_values(project: Project, environment: Mapping[str, str]) -> dict[str, str]:
    """Return where the lake is read, as far as `conf/pipeline.yaml` does not decide.

    `infrastructure.parameters` of `conf/aws.yaml`, which name what `data-lake.yaml` makes, count
    more than the environment, and that more than the workgroup of a stack that nobody names.

    Args:
        project: The project.
        environment: Of the caller; an empty variable is none.

    Returns:
        Pipeline parameter → value.

    Raises:
        UserError: A variable is no name that Athena takes.
    """
    named = project.settings.aws.infrastructure.parameters
    found = _of_environment(environment)
    found |= {name: str(named[name]) for name in VARIABLES if name in named}
    own = "workgroup" in project.settings.pipeline.data.model_fields_set
    if own or not (project.root / LAKE).is_file():
        return found
    return {"Workgroup": owner_of(project), **found}


def own_table(project: Project, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return database and name of the table that the environment gives to this project.

    None where the pipeline reads no table, or `conf/aws.yaml` names another one.

    Raises:
        UserError: A variable is no name that Athena takes.
    """
    data = project.settings.pipeline.data
    given = _of_environment(environment)
    if not data.reads_tables or "Table" not in given:
        return None
    values = lake_values(project, environment)
    own = given["Table"].lower()  # as Glue has it
    if values["Table"].lower() != own:
        return None
    return values.get("Database", data.table_name[0]).lower(), own


def owner_of(project: Project) -> str:
    """Return what names of the stacks' resources begin with: `sagemaker-<project>-<stage>`."""
    return f"sagemaker-{project.settings.pipeline.name}-{project.stage or ONLY_STAGE}"


def _of_environment(environment: Mapping[str, str]) -> dict[str, str]:
    found = {name: environment.get(variable, "") for name, variable in VARIABLES.items()}
    for name, value in found.items():
        pattern, signs = _ALLOWED[name]
        if value and not pattern.fullmatch(value):
            msg = f"{VARIABLES[name]} must be a name of {signs}, got {value!r}."
            raise UserError(msg, "Correct the variable, or unset it to read what conf/ names.")
    return {name: value for name, value in found.items() if value}
