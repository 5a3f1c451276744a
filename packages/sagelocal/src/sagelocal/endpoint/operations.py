"""The operations: the name of each, and what answers it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sagelocal.endpoint import deploying, executions, jobs, models, packages, pipelines, tags
from sagelocal.endpoint.context import Context
from sagelocal.endpoint.jobs import Operation, describing
from sagelocal.endpoint.protocol.api import (
    UNKNOWN_OPERATION,
    VALIDATION,
    ServiceError,
    read_request,
    service_model,
    shaped_answer,
)
from sagelocal.errors import SageLocalError
from sagelocal.files import JsonObject

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "CreatePipeline": pipelines.create,
        "UpdatePipeline": pipelines.update,
        "DescribePipeline": pipelines.describe,
        "DeletePipeline": pipelines.delete,
        "ListPipelines": pipelines.list_all,
        "StartPipelineExecution": executions.start,
        "StopPipelineExecution": executions.stop,
        "DescribePipelineExecution": executions.describe,
        "DescribePipelineDefinitionForExecution": executions.describe_definition,
        "ListPipelineExecutions": executions.list_all,
        "ListPipelineExecutionSteps": executions.list_steps,
        "ListPipelineParametersForExecution": executions.list_parameters,
        "DescribeProcessingJob": describing("Processing", "ProcessingJob", "processing-job"),
        "DescribeTrainingJob": describing("Training", "TrainingJob", "training-job"),
        "DescribeTransformJob": describing("Transform", "TransformJob", "transform-job"),
        "DescribeHyperParameterTuningJob": describing(
            "Tuning", "HyperParameterTuningJob", "hyper-parameter-tuning-job"
        ),
        "ListTrainingJobsForHyperParameterTuningJob": jobs.list_trials,
        "CreateModel": models.create,
        "DescribeModel": models.describe,
        "DeleteModel": models.delete,
        "CreateEndpointConfig": deploying.create_configuration,
        "DescribeEndpointConfig": deploying.describe_configuration,
        "DeleteEndpointConfig": deploying.delete_configuration,
        "CreateEndpoint": deploying.create,
        "UpdateEndpoint": deploying.update,
        "DescribeEndpoint": deploying.describe,
        "DeleteEndpoint": deploying.delete,
        "CreateModelPackage": packages.create,
        "DescribeModelPackage": packages.describe,
        "UpdateModelPackage": packages.update,
        "ListModelPackages": packages.list_all,
        "CreateModelPackageGroup": packages.create_group,
        "DescribeModelPackageGroup": packages.describe_group,
        "ListModelPackageGroups": packages.list_groups,
        "AddTags": tags.add,
        "ListTags": tags.list_all,
    }
)


def answer(context: Context, operation: str, body: bytes) -> JsonObject:
    """Return the answer to a request.

    Args:
        context: What the operations share.
        operation: Its name.
        body: Its members, JSON.

    Raises:
        ServiceError: If the service would refuse it, or if this endpoint does not have it.
    """
    if operation not in OPERATIONS:
        raise ServiceError(UNKNOWN_OPERATION, _unknown(operation))
    request = context.names.inside(read_request(operation, body))
    try:
        found = OPERATIONS[operation](context, request)
    except SageLocalError as error:
        raise ServiceError(VALIDATION, str(error)) from error
    return shaped_answer(operation, context.names.outside(found))


def _unknown(operation: str) -> str:
    if operation in service_model().operation_names:
        return (
            f"sagelocal does not have the operation {operation} of SageMaker. "
            f"It has {', '.join(sorted(OPERATIONS))}."
        )
    return f"SageMaker has no operation {operation[:80]!r}."
