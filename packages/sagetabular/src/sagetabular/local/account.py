"""The account as this machine emulates it: values, services, versions."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from sagetabular.local.data import BUCKET
from sagetabular.project import MARKER
from sagetabular.project.versions import commit_of
from sagetabular.tracking.local_store import LocalStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.compiling.compilation import Compiled
    from sagetabular.project import Project

# The value of TrackingUri that stands for the store of this project; its address is the machine's.
TRACKING = "local"
ROLE = "arn:aws:iam::000000000000:role/local"
# Whose versions decide what a job computes.
_JOB_LIBRARIES = (
    *("numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "skops"),
    *("xgboost-cpu" if sys.platform == "linux" else "xgboost", "duckdb", "sqlglot", "optuna"),
)


def host_environment(project: Project, parameters: Mapping[str, object]) -> dict[str, str]:
    """Return the variables from which jobs read what replaces the account's services.

    Args:
        project: The project.
        parameters: The execution's.
    """
    found = {"LAKE_URI": project.lake.as_uri()}
    # Without this parameter it is SageMaker Experiments, which has no counterpart here, or nothing.
    if parameters.get("TrackingUri", TRACKING) == TRACKING:
        found["MLFLOW_TRACKING_URI"] = tracking_store(project).uri
    return found


def tracking_store(project: Project) -> LocalStore:
    """Return where the executions of this machine are logged."""
    return LocalStore(project.home / "mlflow")


def account_parameters(
    project: Project, compiled: Compiled, overrides: Mapping[str, str]
) -> dict[str, str]:
    """Return this machine's values of the declared parameters that have no default."""
    bucket = overrides.get("Bucket", BUCKET)
    prefix = overrides.get("Prefix", project.settings.pipeline.name)
    image = f"local/{project.settings.pipeline.name}"
    tag = _environment_tag()
    values = {
        "RoleArn": ROLE,
        "Bucket": bucket,
        "ImageUri": f"{image}:{tag}",
        "JobsImageUri": f"{image}-jobs:{tag}",
        "Commit": commit_of(project.root, MARKER),
        "TrackingUri": TRACKING,
    }
    if compiled.assets.query:
        values["QueryUri"] = f"s3://{bucket}/{prefix}/{compiled.assets.query.key}"
    # Networks and keys have no counterpart here, and change no result.
    ids = dict.fromkeys(project.settings.aws.ids, "local")
    declared = {entry["Name"] for entry in json.loads(compiled.definition)["Parameters"]}
    return {name: value for name, value in {**ids, **values}.items() if name in declared}


def _environment_tag() -> str:
    """Return a hash of the versions that the jobs run with here, in place of an image's tag.

    It is part of the step cache's key, so other versions do the work again.
    """
    installed = (f"{name} {metadata.version(name)}" for name in _JOB_LIBRARIES)
    versions = "\n".join([platform.python_version(), *installed])
    return hashlib.sha256(versions.encode()).hexdigest()[:12]
