"""The part of the SageMaker SDK that is used, imported so that it calls nobody.

Its workflow layer (pipeline, parameters, conditions, functions) is used; its trainers, tuners and
model builders are not: they contact IAM and S3 when they are constructed, upload code under a time
stamp, and drop network isolation from tuning jobs. See docs/decisions/definition.md.
"""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def _without_profile() -> Iterator[None]:
    """Hide the user's AWS profile: the SDK's sessions fail where it is not configured."""
    names = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
    hidden = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


@contextmanager
def _without_log() -> Iterator[None]:
    """Keep the SDK from logging at INFO for the whole program, where credentials are from too.

    It calls `logging.basicConfig`, which does nothing where there is a handler.
    """
    guard = logging.NullHandler()
    logging.getLogger().addHandler(guard)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(guard)


# Importing the SDK makes clients (which want a region) and looks for credentials on the instance
# metadata service.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
# The SDK logs at INFO where its configuration files would be, and what it takes for granted.
for _name in ("sagemaker", "sagemaker.config"):
    logging.getLogger(_name).setLevel(logging.WARNING)

# The warnings are of its own deprecations.
with _without_profile(), _without_log(), warnings.catch_warnings(action="ignore"):
    import boto3
    import botocore.session
    from sagemaker.core import image_uris
    from sagemaker.core.helper.pipeline_variable import PipelineVariable
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.workflow.conditions import (
        ConditionEquals,
        ConditionGreaterThanOrEqualTo,
    )
    from sagemaker.core.workflow.execution_variables import ExecutionVariables
    from sagemaker.core.workflow.functions import Join, JsonGet
    from sagemaker.core.workflow.parameters import (
        Parameter,
        ParameterFloat,
        ParameterInteger,
        ParameterString,
    )
    from sagemaker.core.workflow.properties import Properties, PropertyFile
    from sagemaker.mlops.workflow.condition_step import ConditionStep
    from sagemaker.mlops.workflow.fail_step import FailStep
    from sagemaker.mlops.workflow.pipeline import Pipeline
    from sagemaker.mlops.workflow.steps import (
        CacheConfig,
        ConfigurableRetryStep,
        Step,
        StepTypeEnum,
    )

__all__ = [
    "CacheConfig",
    "ConditionEquals",
    "ConditionGreaterThanOrEqualTo",
    "ConditionStep",
    "ConfigurableRetryStep",
    "ExecutionVariables",
    "FailStep",
    "Join",
    "JsonGet",
    "Parameter",
    "ParameterFloat",
    "ParameterInteger",
    "ParameterString",
    "Pipeline",
    "PipelineVariable",
    "Properties",
    "PropertyFile",
    "Step",
    "StepTypeEnum",
    "image_uris",
    "offline_session",
]


@cache  # it makes seven clients, which takes longer than all the rest of compiling
def offline_session(region: str) -> Session:
    """Return a session that the SDK's classes accept, without credentials.

    Compiling needs no account; whoever upserts or starts the pipeline brings a session of their
    own.
    """
    # Its profile is read from no variable: it could name one that is not configured here.
    core = botocore.session.Session({"profile": (None, None, None, None)})
    boto_session = boto3.Session("none", "none", region_name=region, botocore_session=core)
    return Session(boto_session=boto_session, default_bucket="none", sagemaker_config={})
