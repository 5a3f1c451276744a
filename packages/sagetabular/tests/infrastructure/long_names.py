"""The project's templates, evaluated for a project whose names are as long as they may be."""

from __future__ import annotations

from typing import Any

from projects import TEMPLATE

from sagetabular.infrastructure.templates import evaluate, read_template

TEMPLATES = TEMPLATE / "infrastructure"
PROJECT, STAGE = "a" * 30 + "-b", "preprod"
assert len(PROJECT) == 32
_KEY = "arn:aws:kms:eu-west-1:123456789012:key/0"
COMMON = {
    "Project": PROJECT,
    "Stage": STAGE,
    "KeyArn": _KEY,
    "DataBucket": "data",
    "ArtifactBucket": "artifacts",
    "PipelineName": f"{PROJECT}-{STAGE}",
    "ModelPackageGroup": f"{PROJECT}-{STAGE}",
    "Database": "housing",
    "Table": "california",
    "Workgroup": f"sagemaker-{PROJECT}-{STAGE}",
}


def template(concern: str) -> dict[str, Any]:
    """Return a template as it is written."""
    return read_template(TEMPLATES / f"{concern}.yaml")


def rendered(concern: str, **parameters: str) -> dict[str, Any]:
    """Return what a template makes of the longest names, and of the values that it is given."""
    written = template(concern)
    roles = {
        name: f"arn:aws:iam::123456789012:role/{name}"
        for name, entry in written["Parameters"].items()
        if name.endswith("RoleArn") and "Default" not in entry
    }
    known = {name: value for name, value in COMMON.items() if name in written["Parameters"]}
    return evaluate(written, {**roles, **known, **parameters})


def of_type(resources: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the properties of all resources of a type."""
    return [entry["Properties"] for entry in resources.values() if entry["Type"] == kind]
