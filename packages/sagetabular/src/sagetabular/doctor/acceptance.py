"""Trials on AWS: a pipeline that is deleted at once, and a smoke run, as small as it gets."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from sagetabular.aws.deploying import start_pipeline
from sagetabular.aws.deployment import account_value, output_key
from sagetabular.aws.s3 import Bucket
from sagetabular.aws.sagemaker.executions import first_failure
from sagetabular.aws.sagemaker.pipelines import Pipelines, Wanted
from sagetabular.doctor.findings import ok, to_fix
from sagetabular.doctor.situation import ask
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sagetabular.aws.deploying import Report, Started
    from sagetabular.aws.sagemaker.executions import Execution
    from sagetabular.doctor.findings import Finding
    from sagetabular.doctor.situation import Situation

# Bytes of a pipeline's name that the invented part leaves.
_LONGEST = 240

# Parameter → value; a model with an instance type of its own keeps it.
SMALLEST = {
    "MaxTrainingJobs": "2",
    "MaxParallelTrainingJobs": "2",
    "ProcessingInstanceType": "ml.m5.large",
    "TrainingInstanceType": "ml.m5.large",
    "ModelApprovalStatus": "Rejected",
}


def definition(situation: Situation) -> Iterator[Finding]:
    """Check that SageMaker makes a pipeline of it, under an invented name; it is deleted again."""
    role = situation.deployment.role or situation.need("RoleArn")
    name = f"{situation.deployment.pipeline[:_LONGEST]}-doctor-{uuid.uuid4().hex[:8]}"
    description = "A trial by `pipeline doctor`, which deletes it at once."
    wanted = Wanted(name, situation.compiled.definition, role, description, {})
    client = situation.account.client("sagemaker")
    refusal: UserError | None = None
    try:
        Pipelines(client).upsert(wanted, _bucket(situation), situation.prefix)
    except UserError as err:
        refusal = err
    finally:
        # Also where no answer came: the pipeline may be there all the same.
        left = _delete(client, name)
    if refusal is not None:
        yield to_fix(refusal.message, refusal.remedy)
    else:
        yield ok(f"SageMaker takes the definition ({len(situation.compiled.definition):,} bytes)")
    if left is not None:
        yield to_fix(f"The pipeline {name} is left: {left.message}", "Delete it in SageMaker.")


def _bucket(situation: Situation) -> Bucket:
    name = account_value(situation.project, situation.deployment, "Bucket")
    key = output_key(situation.project, situation.deployment)
    return Bucket(situation.account.client("s3"), name, key)


def _delete(client: Any, name: str) -> UserError | None:
    """Delete a pipeline if it is there; returns why that was not possible."""
    try:
        # SageMaker has two words for what does not exist.
        absent = ("ResourceNotFound", "ValidationException")
        ask(client, "delete_pipeline", absent, PipelineName=name)
    except UserError as err:
        return err
    return None


def run_smallest(
    situation: Situation, report: Report, wait: Callable[[Started], Execution]
) -> Iterator[Finding]:
    """Check that two trials per model end as a whole run should: registered, or at the gate.

    Args:
        situation: The project in its account.
        report: Hears what is about to be done, and what was.
        wait: Returns the execution when it has ended.
    """
    declared = {entry["Name"] for entry in situation.definition["Parameters"]}
    values = {name: value for name, value in SMALLEST.items() if name in declared}
    started = start_pipeline(situation.project, situation.deployment, values, report)
    report("", [f"Started {started.id}. See `pipeline show {started.id} --on aws`."])
    ended = wait(started)
    step = first_failure(started.connect().steps(ended.arn))
    if ended.status == "Succeeded":
        yield ok(f"execution {ended.id} succeeded")
    elif ended.status == "Failed" and step is not None and step.kind == "Fail":
        yield ok(f"execution {ended.id} ran to the quality gate: {step.reason or ended.reason}")
    else:
        where = f" in {step.name}: {step.reason}" if step else f": {ended.reason}"
        remedy = f"Read `pipeline logs {ended.id}{f' {step.name}' if step else ''} --on aws`."
        yield to_fix(f"The execution {ended.id} must succeed, got {ended.status}{where}.", remedy)
