"""The templates of the release evaluated, and what an update of a stack would do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from projects import TEMPLATE

from sagetabular.infrastructure.templates import evaluate, read_template

DEPLOY = read_template(TEMPLATE / "infrastructure/deploy.yaml")
RELEASE = read_template(TEMPLATE / "infrastructure/release.yaml")
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/housing-dev/3"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:sagemaker-housing-dev-notices"
# What `pipeline infra` gives in any case.
GIVEN = {
    "Project": "housing",
    "KeyArn": KEY,
    "ArtifactBucket": "artefacts",
    "ModelPackageArn": PACKAGE,
    "EndpointRoleArn": "arn:aws:iam::123456789012:role/sagemaker-housing-dev-endpoint",
    "NoticeTopicArn": TOPIC,
    "Subnets": "",
    "SecurityGroups": "",
}
RELEASED = {
    "Project": "housing",
    "KeyArn": KEY,
    "ArtifactBucket": "artefacts",
    "ModelPackageGroup": "housing-dev",
    "DeliveryRoleArn": "arn:aws:iam::123456789012:role/sagemaker-housing-dev-delivery",
    "ReleaseRoleArn": "arn:aws:iam::123456789012:role/sagemaker-housing-dev-release",
    "NoticeTopicArn": TOPIC,
}
# Properties whose change needs a new resource: `createOnlyProperties` of CloudFormation's resource
# schemas, as cfn-lint has them; tests/infrastructure/test_deployments.py compares.
CREATE_ONLY = json.loads((Path(__file__).parents[2] / "golden/create_only.json").read_text())
_REFERENCE = re.compile(r"<(\w+)[.>]")


def deployed(**parameters: Any) -> dict[str, Any]:
    """Return logical id → resource of deploy.yaml."""
    resources: dict[str, Any] = evaluate(DEPLOY, GIVEN | parameters)["Resources"]
    return resources


def released(**parameters: Any) -> dict[str, Any]:
    """Return logical id → resource of release.yaml."""
    resources: dict[str, Any] = evaluate(RELEASE, RELEASED | parameters)["Resources"]
    return resources


def update(old: dict[str, Any], new: dict[str, Any]) -> dict[str, set[str]]:
    """Return what an update of a stack does: replace, update, add and remove which resources.

    A resource is replaced if a property changes that needs it, or refers to a resource that is.
    """
    both = old.keys() & new.keys()
    replaced: set[str] = set()
    while True:
        found = {name for name in both if _is_replaced(old[name], new[name], replaced)}
        if found == replaced:
            break
        replaced = found
    changed = {name for name in both if old[name] != new[name] or _references(new[name]) & replaced}
    return {
        "replaced": replaced,
        "updated": changed - replaced,
        "added": new.keys() - old.keys(),
        "removed": old.keys() - new.keys(),
    }


def _is_replaced(old: dict[str, Any], new: dict[str, Any], replaced: set[str]) -> bool:
    before, after = old.get("Properties", {}), new.get("Properties", {})
    return any(
        before.get(name) != after.get(name) or _references(after.get(name)) & replaced
        for name in CREATE_ONLY[new["Type"]]
    )


def _references(value: Any) -> set[str]:
    return set(_REFERENCE.findall(repr(value)))
