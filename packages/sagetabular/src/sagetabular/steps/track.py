"""Track: log the execution, its trials and their folds where experiments are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.jobs.scoring.metrics import METRICS
from sagetabular.steps.context import text
from sagetabular.steps.models.links import trials_uri
from sagetabular.steps.preprocess import fingerprint
from sagetabular.steps.processing import ProcessingJob, job_program
from sagetabular.steps.sdk import ExecutionVariables, StepTypeEnum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.steps.context import Context, JobStep

# The parameters that shape the result; the others say where and as whom the jobs run.
SHAPING = {
    "Database", "Table", "DataUri", "DataVersion", "Folds", "Seed", "MaxTrainingJobs",
    "MaxParallelTrainingJobs", *(metric.parameter for metric in METRICS.values()),
}  # fmt: skip


def track(
    context: Context,
    preprocess: JobStep,
    tuned: Mapping[str, JobStep],
    select: JobStep,
    program: str | None = None,
) -> list[JobStep]:
    """Build the step; never reused, since every execution is logged.

    Args:
        context: The project.
        preprocess: The Preprocess step.
        tuned: Model → its Tune step; a model that was fitted without a search has none.
        select: The Select step.
        program: A module beside `pipeline.py` that replaces the job.

    Returns:
        The step, or nothing with `tracking: none`.
    """
    if context.settings.pipeline.tracking == "none":
        return []
    parameters = context.parameters
    job = ProcessingJob(
        program=job_program(context, "track", program),
        image=parameters.jobs_image,
        arguments=[
            *("--execution", ExecutionVariables.PIPELINE_EXECUTION_ID),
            *("--pipeline", ExecutionVariables.PIPELINE_NAME),
            *("--parameters", *_pairs(_shaping(context))),
            *("--tags", *_pairs(_origin(context, preprocess))),
            *(["--tuning-jobs", *_pairs(_names(tuned))] if tuned else []),
        ],
        inputs={
            "selection": select.output("selection"),
            **{f"trials-{model}": trials_uri(step) for model, step in tuned.items()},
        },
        outputs={},
        environment=_where(context),
        isolated=False,
    )
    return [context.job_step("Track", StepTypeEnum.PROCESSING, job.request(context), cached=False)]


def _where(context: Context) -> dict[str, Any]:
    """Return the variables that name the services; on AWS, Experiments has no address."""
    chosen = context.settings.pipeline.tracking
    address = {"MLFLOW_TRACKING_URI": context.parameters.tracking}
    if chosen in ("auto", "mlflow"):
        return address
    return {"TRACKING": chosen} | (address if chosen == "both" else {})


def _pairs(values: Mapping[str, Any]) -> list[Any]:
    """Return one argument each: a value of its own could look like an option."""
    return [text(f"{name}=", value) for name, value in values.items()]


def _shaping(context: Context) -> dict[str, Any]:
    used = context.parameters.used_by(context.settings)
    split = {"split.kind": context.settings.pipeline.split.kind}
    return {each.name: each for each in used if each.name in SHAPING} | split


def _origin(context: Context, preprocess: JobStep) -> dict[str, Any]:
    """Return commit, data and execution; its ARN leads to the definition that ran."""
    return {
        "commit": context.parameters.commit,
        "data_fingerprint": fingerprint(preprocess),
        "execution_arn": ExecutionVariables.PIPELINE_EXECUTION_ARN,
    }


def _names(tuned: Mapping[str, JobStep]) -> dict[str, Any]:
    return {model: step.properties.HyperParameterTuningJobName for model, step in tuned.items()}
