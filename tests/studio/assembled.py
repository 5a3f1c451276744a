"""The assembled template, and values for its parameters."""

from __future__ import annotations

from functools import cache
from typing import Any

from sagetabular.infrastructure.templates import evaluate, parse_template
from studio.publishing.assembly import assemble
from tests.baking import ROOT

ACCOUNT = "123456789012"
FIXED = {
    "BundleBucket": f"sagemaker-projects-{ACCOUNT}-eu-west-1",
    "BundleKey": "bundles/template-1.4.0-0123456789ab.zip",
    "Release": "1.4.0",
    "PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/sagemaker-projects-boundary",
}
COLUMNS: list[dict[str, Any]] = [
    {"Name": "price", "Type": {"Fn::If": ["IsParquet", "double", "string"]}, "Comment": "number"},
    {"Name": "town", "Type": "string", "Comment": "category, optional"},
]
NAME, ID = "housing-prices", "p-a1b2c3d4e5f6"
# The most that SageMaker's CreateProject and DescribeProject have: 32 and 20 characters.
LONGEST = {"SageMakerProjectName": "a" * 30 + "-b", "SageMakerProjectId": "p-" + "0" * 18}
CONNECTION = f"arn:aws:codeconnections:eu-west-1:{ACCOUNT}:connection/0a1b2c3d-4e5f"
ON_A_SERVER = {"ConnectionArn": CONNECTION, "Repository": "org/houses"}
ANSWERS: dict[str, dict[str, str]] = {
    "github": {"SourceControl": "github", **ON_A_SERVER},
    "gitlab": {"SourceControl": "gitlab", **ON_A_SERVER},
    "bitbucket": {"SourceControl": "bitbucket", **ON_A_SERVER},
    "codecommit": {"SourceControl": "codecommit"},
    "none": {"SourceControl": "none"},
}


@cache
def text() -> str:
    """Return the assembled template."""
    return assemble(FIXED, COLUMNS)


@cache
def template() -> dict[str, Any]:
    """Return it with functions in their long form."""
    return parse_template(text(), "the assembled template")


@cache
def frame() -> dict[str, Any]:
    """Return the frame as it is written."""
    written = (ROOT / "studio" / "project.yaml").read_text(encoding="utf-8")
    return parse_template(written, "studio/project.yaml")


def made(**parameters: str) -> dict[str, Any]:
    """Return resources and outputs that the template makes of some values."""
    given = {"SageMakerProjectName": NAME, "SageMakerProjectId": ID, **parameters}
    return evaluate(template(), given, ACCOUNT)


def texts_in(node: Any) -> list[str]:
    """Return every text in a node, keys included."""
    if isinstance(node, dict):
        return [t for key, value in node.items() for t in [str(key), *texts_in(value)]]
    if isinstance(node, list):
        return [t for each in node for t in texts_in(each)]
    return [node] if isinstance(node, str) else []
