"""Whether SageMaker takes the definition, found out by giving it one."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from sagetabular.aws.deployment import account_value, output_key
from sagetabular.aws.sagemaker.pipelines import Pipelines, Wanted
from sagetabular.aws.uploading import Bucket
from sagetabular.doctor.asking import ask
from sagetabular.doctor.findings import mend, ok
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.doctor.findings import Finding
    from sagetabular.doctor.situation import Situation

# Bytes of a pipeline's name that the invented part leaves.
_LONGEST = 240


def definition(situation: Situation) -> Iterator[Finding]:
    """SageMaker makes a pipeline of it, under an invented name; it is deleted again."""
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
        yield mend(refusal.message, refusal.remedy)
    else:
        yield ok(f"SageMaker takes the definition ({len(situation.compiled.definition):,} bytes)")
    if left is not None:
        yield mend(f"The pipeline {name} is left: {left.message}", "Delete it in SageMaker.")


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
