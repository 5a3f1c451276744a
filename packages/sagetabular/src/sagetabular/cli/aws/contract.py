"""The contract of SageMaker Projects, which `run-pipeline` and `get-pipeline-definition` keep.

Flags, arguments and exit codes are those of AWS's own templates: 2 for an argument that is
missing, 1 for whatever else goes wrong.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sagelocal.errors import SageLocalError, did_you_mean
from sagetabular.aws.deployment import deployment_of
from sagetabular.errors import UserError
from sagetabular.printing import printable
from sagetabular.project import chosen_stage, find_project

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagetabular.aws.deployment import Deployment
    from sagetabular.project import Project

MODULE = "pipelines.training.pipeline"
# Argument of AWS's `get_pipeline` → pipeline parameter that it is a value of.
_PARAMETERS = {
    "base_job_prefix": "Prefix",
    "default_bucket": "Bucket",
    "mlflow_tracking_arn": "TrackingUri",
    "model_package_group_name": "ModelPackageGroup",
    "role": "RoleArn",
}
_OTHERS = ("pipeline_name", "region", "sagemaker_project_arn", "sagemaker_project_name")


def make_parser(program: str, description: str) -> argparse.ArgumentParser:
    """Return a parser that knows the flags of both programs."""
    parser = argparse.ArgumentParser(program, description=description)
    parser.add_argument(
        "-n", "--module-name", required=True, help=f"Module of the pipeline: {MODULE}."
    )
    known = ", ".join(sorted((*_PARAMETERS, *_OTHERS)))
    parser.add_argument(
        "-kwargs", "--kwargs", help=f"Mapping in JSON, or as a Python literal, of: {known}."
    )
    return parser


def deployment_from(project: Project, arguments: argparse.Namespace) -> Deployment:
    """Return where the project stands by the environment, changed by `--kwargs`.

    Raises:
        UserError: The module is another, or an argument is unknown or does not fit.
    """
    if arguments.module_name != MODULE:
        msg = f"--module-name must be {MODULE}, got {arguments.module_name!r}."
        raise UserError(msg, f"Write --module-name {MODULE}.")
    given = _text_of(read_literal("--kwargs", arguments.kwargs or "{}", dict))
    found = deployment_of(project)
    region = given.get("region", found.region)
    if region != found.region:
        msg = f"--kwargs: region must be that of conf/aws.yaml, {found.region}, got {region!r}."
        raise UserError(msg, "Images are named by region: change it in conf/aws.yaml.")
    parameters = {_PARAMETERS[name]: given[name] for name in given if name in _PARAMETERS}
    return replace(
        found,
        pipeline=given.get("pipeline_name", found.pipeline),
        given={**found.given, **parameters},
        project_arn=given.get("sagemaker_project_arn", found.project_arn),
    )


def read_literal(flag: str, text: str, kind: type) -> Any:
    """Read JSON or a Python literal; nothing in it is run.

    Args:
        flag: What to call it in an error.
        text: The argument.
        kind: What it must be.

    Raises:
        UserError: It is neither, or of another type.
    """
    try:
        value = json.loads(text)
    except ValueError:
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = None
    if not isinstance(value, kind):
        msg = f"{flag} must be a {kind.__name__} in JSON or as a Python literal, got {text!r}."
        raise UserError(msg, 'Quote it for the shell, for example: \'{"region": "eu-west-1"}\'.')
    return value


def read_tags(text: str) -> dict[str, str]:
    """Read AWS's list of tags: `[{"Key": …, "Value": …}]`.

    Raises:
        UserError: It is none.
    """
    tags: dict[str, str] = {}
    for entry in read_literal("--tags", text, list):
        if not isinstance(entry, dict) or {*entry} != {"Key", "Value"}:
            msg = f"--tags must hold mappings with Key and Value, got {entry!r}."
            raise UserError(msg, 'Write, for example: \'[{"Key": "team", "Value": "estate"}]\'.')
        tags[str(entry["Key"])] = str(entry["Value"])
    return tags


def end(run: Callable[[Project], int]) -> None:
    """Run a program in the project that the working directory lies in, and exit."""
    try:
        code = run(find_project(stage=chosen_stage()))
    except (UserError, SageLocalError) as error:
        print(printable(str(error), keep="\n"), file=sys.stderr)
        code = 1
    sys.exit(code)


def _text_of(given: Mapping[str, object]) -> dict[str, str]:
    """Check the names; what is empty or null counts as not given, as in AWS's templates."""
    known = {*_PARAMETERS, *_OTHERS}
    for name in given:
        if name not in known:
            raise UserError(f"--kwargs has no argument {name!r}.", did_you_mean(str(name), known))
    return {name: str(value) for name, value in given.items() if value not in (None, "")}
