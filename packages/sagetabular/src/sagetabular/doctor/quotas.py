"""The account's quotas for instances, against what can run at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.aws.sagemaker.concurrency import most_at_once
from sagetabular.aws.sagemaker.costs import demands
from sagetabular.doctor.asking import ask_all
from sagetabular.doctor.findings import mend, ok, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.doctor.findings import Finding
    from sagetabular.doctor.situation import Situation

_USAGES = {
    "Processing": "processing job",
    "Training": "training job",
    "Transform": "transform job",
    "Tuning": "training job",
}


def quotas(situation: Situation) -> Iterator[Finding]:
    """Each is as large as the number of instances that the pipeline can use at once."""
    client = situation.account.client("service-quotas")
    entries = ask_all(client, "list_service_quotas", "Quotas", ServiceCode="sagemaker")
    allowed = {entry["QuotaName"]: entry["Value"] for entry in entries}
    for name, needed in instances_at_once(situation).items():
        if name not in allowed:
            text = f"Service Quotas lists no {name!r}; {needed} may run at once."
            yield unknown(text, "Look at the quotas of SageMaker in the AWS console.")
        elif allowed[name] < needed:
            text = f"The quota {name!r} must be {needed}, which may run at once, got "
            yield mend(
                f"{text}{allowed[name]:g}.",
                "Ask for more in Service Quotas, or lower tuning.parallel or the instances.",
            )
        else:
            yield ok(f"{name}: {needed} of {allowed[name]:g} at once")


def instances_at_once(situation: Situation) -> dict[str, int]:
    """Return quota → how many instances the pipeline can use of it at once."""
    weights: dict[str, dict[str, int]] = {}
    for demand in demands(situation.definition, situation.values):
        spot = "spot " if demand.spot else ""
        name = f"{demand.instance} for {spot}{_USAGES[demand.kind]} usage"
        steps = weights.setdefault(name, {})
        steps[demand.step] = steps.get(demand.step, 0) + demand.at_once * demand.hosts
    return {name: most_at_once(situation.definition, steps) for name, steps in weights.items()}
