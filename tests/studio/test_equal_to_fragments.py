"""The assembled template makes what its fragments make, each deployed by itself with those values.

Each fragment is evaluated as it is written; outputs of earlier ones are parameters of later ones,
as `pipeline infra` has it. What differs is what the frame patches, and nothing else.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from sagetabular.infrastructure.inlining import inline
from sagetabular.infrastructure.templates import evaluate, parse_template
from tests.baking import ROOT, TEMPLATE
from tests.studio.assembled import ACCOUNT, ANSWERS, COLUMNS, ID, NAME, made

ORDER = ["data-lake", "roles", "sharing", "build", "ledger", "triggers"]
WITHOUT = {"WorkflowRole", "ReleaseRole", "EndpointRole", "FormationRole"}
PIPELINE = f"{NAME}-{ID}"
MLFLOW = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:mlflow-app/app-1"
SOURCES = {"codecommit": "codecommit", "none": "none"}
# What is patched: resource → paths, of all choices.
PATCHED = {
    "DataLakeKey": {"DeletionPolicy"},
    "DataLakeLogBucket": {"DeletionPolicy", "Properties.BucketName"},
    "DataLakeDataBucket": {"DeletionPolicy", "Properties.BucketName"},
    "DataLakeArtifactBucket": {"DeletionPolicy", "Properties.BucketName"},
    "RolesBuildRole": {"Properties.Policies.1"},
    "SharingGroup": {"DeletionPolicy"},
    "BuildModelRepository": {"DeletionPolicy"},
    "BuildJobsRepository": {"DeletionPolicy"},
    "BuildLog": {"DeletionPolicy", "UpdateReplacePolicy"},
    "BuildBuild": {"Properties.Environment.EnvironmentVariables"},
    "BuildDelivery": {"DependsOn"},
    "LedgerTable": {"DeletionPolicy", "Properties.DeletionProtectionEnabled"},
    "LedgerLogGroup": {"DeletionPolicy", "UpdateReplacePolicy"},
    "TriggersStartLogs": {"DeletionPolicy", "UpdateReplacePolicy"},
    "TriggersUploadRule": {"DependsOn"},
}
MORE = {
    "bare": {},
    "full": {
        "NoticeEmail": "team@example.com",
        "Schedule": "0 3 ? * MON *",
        "ScheduleTimeZone": "Europe/Dublin",
        "MlflowArn": MLFLOW,
        "Branch": "trunk",
    },
}


def prefix(fragment: str) -> str:
    return {"data-lake": "DataLake"}.get(fragment, fragment.title())


def given(answers: dict[str, str]) -> dict[str, str]:
    """Return values by the names that the fragments have for them."""
    source = SOURCES.get(answers["SourceControl"], "connection")
    known = {
        "Project": NAME,
        "Stage": "dev",
        "PipelineName": PIPELINE,
        "ModelPackageGroup": PIPELINE,
        "Database": "sagemaker_" + ID.replace("-", "_"),
        "Table": "training",
        "PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/sagemaker-projects-boundary",
        "Source": source,
    }
    own = {"codecommit": f"sagemaker-{NAME}-{ID}"}.get(source)
    return {**known, **answers, **({"Repository": own} if own else {})}


def renamed(node: Any, names: set[str], front: str) -> Any:
    """Return a node whose placeholders have the names of the assembled template."""
    if isinstance(node, dict):
        return {key: renamed(value, names, front) for key, value in node.items()}
    if isinstance(node, list):
        return [renamed(each, names, front) for each in node]
    if not isinstance(node, str):
        return node
    return re.sub(r"<(\w+)(?=[.>])", lambda m: f"<{front}{m[1]}" if m[1] in names else m[0], node)


def fragment_by_fragment(answers: dict[str, str]) -> dict[str, Any]:
    """Return all resources, each fragment evaluated by itself."""
    found: dict[str, Any] = {}
    values: dict[str, Any] = given(answers)
    for fragment in ORDER:
        place = f"{fragment}.yaml"
        written = (ROOT / TEMPLATE / "infrastructure" / place).read_text(encoding="utf-8")
        template = parse_template(inline(written, place, COLUMNS), place)
        own = {name: values[name] for name in template["Parameters"] if name in values}
        evaluated = evaluate(template, own, ACCOUNT)
        names, front = {*template["Resources"]}, prefix(fragment)
        for name, resource in evaluated["Resources"].items():
            if name not in WITHOUT:
                found[front + name] = renamed(resource, names, front)
                depends = resource.get("DependsOn")
                if depends:
                    found[front + name]["DependsOn"] = front + depends
        for name, output in evaluated["Outputs"].items():
            values[name] = renamed(output["Value"], names, front)
    return found


def flat(node: Any, path: str = "") -> dict[str, Any]:
    if isinstance(node, dict):
        parts = node.items()
    elif isinstance(node, list):
        parts = enumerate(node)  # type: ignore[assignment]
    else:
        return {path: str(node).lower() if isinstance(node, bool) else str(node)}
    found = {f"{path}.": "empty"} if not node else {}
    for key, value in parts:
        found |= flat(value, f"{path}.{key}".lstrip("."))
    return found


def differences(one: Any, other: Any) -> set[str]:
    first, second = flat(one), flat(other)
    return {path for path in first.keys() | second.keys() if first.get(path) != second.get(path)}


@pytest.mark.parametrize("more", MORE)
@pytest.mark.parametrize("choice", ANSWERS)
def test_resources_are_those_of_the_fragments_but_for_the_patches(choice: str, more: str) -> None:
    answers = {**ANSWERS[choice], **MORE[more]}
    expected = fragment_by_fragment(answers)
    found = made(**answers)["Resources"]
    own = {name for name in found if name not in expected}
    assert own - {"CodeCommitRepository", "CodeRepository"} == {
        *("SeedRole", "SeedLog", "SeedProject", "SeedFunctionRole", "SeedFunctionLog"),
        *("SeedFunction", "Seed"),
    }
    assert expected.keys() <= found.keys()
    assert len(expected) > 35
    for name, resource in expected.items():
        patched = PATCHED.get(name, set())
        changed = differences(resource, found[name])
        left = {path for path in changed if not any(path.startswith(p) for p in patched)}
        assert left == set(), f"{name}: {sorted(left)[:5]}"
        for path in patched:
            assert any(each.startswith(path) for each in changed), f"{name}: {path}"


def test_a_difference_would_be_found() -> None:
    answers = ANSWERS["github"]
    expected = fragment_by_fragment({**answers, "Branch": "other"})
    changed = {
        path
        for name, each in expected.items()
        for path in differences(each, made(**answers)["Resources"][name])
    }
    assert "Properties.Triggers.0.GitConfiguration.Push.0.Branches.Includes.0" in changed
