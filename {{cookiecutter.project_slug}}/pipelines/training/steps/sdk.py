"""The part of the SageMaker SDK that is used, imported so that it calls nobody.

Its workflow layer (pipeline, parameters, conditions, functions) is used; its trainers, tuners and
model builders are not: they contact IAM and S3 when they are constructed, upload code under a time
stamp, and drop network isolation from tuning jobs. See docs/design-decisions of the template.
"""

from __future__ import annotations

import logging
import os

# Importing the SDK makes clients (which want a region) and looks for credentials on the instance
# metadata service.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
# The SDK tells at INFO where its configuration files would be, and what it takes for granted.
for _name in ("sagemaker", "sagemaker.config"):
    logging.getLogger(_name).setLevel(logging.WARNING)

import boto3  # noqa: E402
from sagemaker.core import image_uris  # noqa: E402
from sagemaker.core.helper.session_helper import Session  # noqa: E402
from sagemaker.core.workflow.conditions import (  # noqa: E402
    ConditionEquals,
    ConditionGreaterThanOrEqualTo,
)
from sagemaker.core.workflow.execution_variables import ExecutionVariables  # noqa: E402
from sagemaker.core.workflow.functions import Join, JsonGet  # noqa: E402
from sagemaker.core.workflow.parameters import (  # noqa: E402
    Parameter,
    ParameterFloat,
    ParameterInteger,
    ParameterString,
)
from sagemaker.core.workflow.properties import Properties, PropertyFile  # noqa: E402
from sagemaker.mlops.workflow.condition_step import ConditionStep  # noqa: E402
from sagemaker.mlops.workflow.fail_step import FailStep  # noqa: E402
from sagemaker.mlops.workflow.pipeline import Pipeline  # noqa: E402
from sagemaker.mlops.workflow.steps import (  # noqa: E402
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
    "Properties",
    "PropertyFile",
    "Step",
    "StepTypeEnum",
    "image_uris",
    "offline_session",
]


def offline_session(region: str) -> Session:
    """A session that the SDK's classes accept, with placeholders instead of credentials.

    Compiling needs no account; whoever upserts or starts the pipeline brings a session of their
    own.
    """
    boto_session = boto3.Session("none", "none", region_name=region)
    return Session(boto_session=boto_session, default_bucket="none", sagemaker_config={})
