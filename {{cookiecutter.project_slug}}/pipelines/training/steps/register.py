"""Register: the winner becomes a version of the project's model package group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.training.steps.job import JobStep, text
from pipelines.training.steps.sdk import ExecutionVariables, StepTypeEnum
from pipelines.training.steps.training import image_of

if TYPE_CHECKING:
    from pipelines.training.steps.job import Context

INFERENCE_INSTANCES = ["ml.m5.large", "ml.m5.xlarge"]


def register(
    context: Context,
    model: str,
    preprocess: JobStep,
    fit: JobStep,
    evaluate: JobStep,
    select: JobStep,
) -> JobStep:
    """Build the step.

    The package's metadata points to JSON files, as a value of it may neither be long nor hold
    braces.
    """
    title = context.settings.models[model].title
    parameters = context.parameters
    container = {
        "Image": image_of(context, model),
        "ModelDataUrl": fit.properties.ModelArtifacts.S3ModelArtifacts,
    }
    statistics = {
        "ContentType": "application/json",
        "S3Uri": text(evaluate.output("evaluation"), "/evaluation.json"),
    }
    request = {
        "ModelPackageGroupName": context.settings.pipeline.name,
        "ModelPackageDescription": f"{title} predicts {context.settings.pipeline.data.target}",
        "ModelApprovalStatus": parameters.approval,
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
            "SupportedRealtimeInferenceInstanceTypes": INFERENCE_INSTANCES,
            "SupportedTransformInstanceTypes": INFERENCE_INSTANCES,
        },
        "ModelMetrics": {"ModelQuality": {"Statistics": statistics}},
        "CustomerMetadataProperties": {
            "model": model,
            "commit": parameters.commit,
            "execution": ExecutionVariables.PIPELINE_EXECUTION_ID,
            "selection": text(select.output("selection"), "/selection.json"),
            "data_summary": text(preprocess.output("summary"), "/summary.json"),
        },
    }
    return JobStep(f"Register{title}", StepTypeEnum.REGISTER_MODEL, request)
