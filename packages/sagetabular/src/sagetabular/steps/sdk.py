"""The part of the SageMaker SDK that is used, imported so that it calls nobody.

Its workflow layer (pipeline, parameters, conditions, functions) is used; its trainers, tuners and
model builders are not: they contact IAM and S3 when they are constructed, upload code under a time
stamp, and drop network isolation from tuning jobs. See docs/decisions/definition.md.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NoReturn

from sagetabular.steps.isolation import isolated

with isolated():
    from sagemaker.core import image_uris
    from sagemaker.core.helper.pipeline_variable import PipelineVariable
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.workflow.conditions import (
        ConditionEquals,
        ConditionGreaterThanOrEqualTo,
        ConditionLessThanOrEqualTo,
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
    "ConditionLessThanOrEqualTo",
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


class _Nobody:
    """A client of any service; whatever it is asked, it refuses."""

    def __getattr__(self, name: str) -> NoReturn:
        msg = f"Compiling asks nobody, but the SDK wanted {name}."
        raise AttributeError(msg)


class _Offline:
    """What the SDK takes for a boto3 session."""

    def __init__(self, region: str) -> None:
        self.region_name = region

    def client(self, *_: Any, **__: Any) -> _Nobody:
        """Return a client that has no operation."""
        return _Nobody()

    resource = client


@cache
def offline_session(region: str) -> Session:
    """Return a session that the SDK's classes accept, without credentials, files or network.

    Compiling needs no account; whoever upserts or starts the pipeline brings a session of their
    own.
    """
    return Session(
        boto_session=_Offline(region),
        sagemaker_client=_Nobody(),  # else its user agent is read from files of Studio
        default_bucket="none",
        # An empty one counts as none, and the SDK would load those of the user and of the admin.
        sagemaker_config={"SchemaVersion": "1.0"},
    )
