"""What an execution is started with by a trigger, which has no environment to ask.

`pipeline upsert` and `pipeline run` leave it in the bucket, where the Lambda `start` and the state
machine of `workflow.yaml` find it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sagetabular.aws.deployment import known_value, prefix_of
from sagetabular.project import MARKER
from sagetabular.project.versions import commit_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.aws.deployment import Deployment
    from sagetabular.aws.s3 import Bucket
    from sagetabular.compiling.compilation import Compiled
    from sagetabular.project import Project


def usual_values(
    project: Project, deployment: Deployment, compiled: Compiled, settings: Mapping[str, str]
) -> dict[str, str]:
    """Return the values that an execution is started with if nobody gives it any.

    Args:
        project: The project.
        deployment: Where it stands.
        compiled: The pipeline.
        settings: Of one start; they count for parameters that have no value otherwise.

    Returns:
        Values of declared parameters; those that the account has none for are left out.
    """
    declared = json.loads(compiled.definition)["Parameters"]
    names = [entry["Name"] for entry in declared]
    needed = [entry["Name"] for entry in declared if "DefaultValue" not in entry]
    own = {"Commit": commit_of(project.root, MARKER)}
    if compiled.assets.query:
        bucket = known_value(project, deployment, "Bucket") or settings["Bucket"]
        own["QueryUri"] = (
            f"s3://{bucket}/{prefix_of(project, deployment)}/{compiled.assets.query.key}"
        )
    found = {name: known_value(project, deployment, name) or settings.get(name) for name in needed}
    values = {**found, **own, **deployment.given}
    return {name: value for name, value in values.items() if name in names and value}


def store_usual_values(bucket: Bucket, pipeline: str, values: Mapping[str, str]) -> None:
    """Write them to where those of a pipeline are looked for.

    They are there twice: a state machine cannot make SageMaker's list of a mapping.

    Args:
        bucket: The project's.
        pipeline: Name of the pipeline.
        values: Parameter → value.

    Raises:
        UserError: S3 refuses, or cannot be reached.
    """
    found = dict(sorted(values.items()))
    listed = [{"Name": name, "Value": value} for name, value in found.items()]
    body = json.dumps({"parameters": found, "PipelineParameters": listed}, indent=1)
    bucket.put(f"{pipeline}/start.json", body.encode())
