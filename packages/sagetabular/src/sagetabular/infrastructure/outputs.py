"""Outputs of the stacks, as the variables that `conf/aws.yaml` names."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from sagetabular.aws.lake import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings import Aws

# Pipeline parameter → output of a stack that is its value.
PARAMETERS = {
    "RoleArn": "PipelineRoleArn",
    "Bucket": "ArtifactBucket",
    "TrackingUri": "MlflowArn",
    "VolumeKmsKeyId": "KeyArn",
    "OutputKmsKeyId": "KeyArn",
}
# Variable for people: where uploads start the pipeline.
DATA_BUCKET = "DATA_BUCKET"


def exports(aws: Aws, outputs: Mapping[str, str]) -> list[str]:
    """Return lines for a shell, of the variables that outputs are the values of.

    Args:
        aws: `conf/aws.yaml`, for the stage of the stacks.
        outputs: Of all stacks.
    """
    values = {
        variable: outputs[PARAMETERS[parameter]]
        for parameter, variable in aws.variables.items()
        if PARAMETERS.get(parameter) in outputs
    }
    if bucket := outputs.get("DataBucket"):
        values[DATA_BUCKET] = bucket
        if variable := aws.variables.get("DataUri"):
            values[variable] = f"s3://{bucket}/input/data/training/"
    values |= {variable: outputs[name] for name, variable in VARIABLES.items() if name in outputs}
    return [f"export {variable}={shlex.quote(value)}" for variable, value in values.items()]
