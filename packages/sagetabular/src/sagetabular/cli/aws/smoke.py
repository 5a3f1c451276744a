"""The smoke run of `pipeline doctor --on aws --smoke`: the whole pipeline, as small as it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.aws.deploying import start_pipeline
from sagetabular.aws.sagemaker.executions import first_failure
from sagetabular.cli.aws.ending import wait_for
from sagetabular.cli.aws.reporting import report, say
from sagetabular.doctor.findings import mend, ok

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.doctor.findings import Finding
    from sagetabular.doctor.situation import Situation

# Parameter → value; a model with an instance type of its own keeps it.
SMALLEST = {
    "MaxTrainingJobs": "2",
    "MaxParallelTrainingJobs": "2",
    "ProcessingInstanceType": "ml.m5.large",
    "TrainingInstanceType": "ml.m5.large",
    "ModelApprovalStatus": "Rejected",
}


def smoke_run(situation: Situation) -> Iterator[Finding]:
    """Two trials per model end as a whole run should: registered, or stopped by the gate."""
    declared = {entry["Name"] for entry in situation.definition["Parameters"]}
    values = {name: value for name, value in SMALLEST.items() if name in declared}
    started = start_pipeline(situation.project, situation.deployment, values, report)
    say(f"Started {started.id}. See `pipeline show {started.id} --on aws`.")
    ended = wait_for(started)
    step = first_failure(started.connect().steps(ended.arn))
    if ended.status == "Succeeded":
        yield ok(f"execution {ended.id} succeeded")
    elif ended.status == "Failed" and step is not None and step.kind == "Fail":
        yield ok(f"execution {ended.id} ran to the quality gate: {step.reason or ended.reason}")
    else:
        where = f" in {step.name}: {step.reason}" if step else f": {ended.reason}"
        remedy = f"Read `pipeline logs {ended.id}{f' {step.name}' if step else ''} --on aws`."
        yield mend(f"The execution {ended.id} must succeed, got {ended.status}{where}.", remedy)
