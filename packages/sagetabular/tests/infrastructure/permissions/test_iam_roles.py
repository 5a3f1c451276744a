"""roles.yaml: names, limits, trust, and what stands beside every `*`.

Limits of IAM: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
import re

import pytest
from roles import ACCOUNT, ACTORS, EVERYTHING, REGION, TEMPLATES, listed, made, roles

LONGEST = {"project": "p" * 32, "stage": "staging"}
FILLED = {
    **EVERYTHING,
    "DataBucket": "d" * 63,
    "ArtifactBucket": "a" * 63,
    "SourceBucket": "s" * 63,
    "Database": "d" * 64,
    "Workgroup": "w" * 64,
    "SourceStage": "staging",
    "SourceAccount": ACCOUNT,
    "SourceKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{'k' * 36}",
    "Repository": f"{'o' * 39}/{'r' * 100}",
}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and the
# services' pages "confused deputy"; Lambda and CloudFormation have none for roles that are passed.
SILENT = {"lambda.amazonaws.com", "cloudformation.amazonaws.com"}


def size(document: object) -> int:
    """Characters as IAM counts them: white space between tokens does not count."""
    return len(json.dumps(document, separators=(",", ":")))


def test_each_actor_has_a_role_named_after_it() -> None:
    found = roles(**EVERYTHING)
    assert set(found) == set(ACTORS)
    for actor, role in found.items():
        assert role.name == f"sagemaker-housing-prices-dev-{actor}"


def test_outputs_are_the_arns_of_the_roles() -> None:
    text = (TEMPLATES / "roles.yaml").read_text(encoding="utf-8")
    outputs = re.findall(r"^  (\w+)RoleArn:$", text.partition("\nOutputs:")[2], re.MULTILINE)
    assert sorted(name.lower() for name in outputs) == sorted(ACTORS)


def test_without_a_repository_no_ci_has_a_role() -> None:
    assert "deploy" not in roles()
    assert "OidcProvider" not in made()
    assert "OidcProvider" not in made(Oidc="github", Repository="org/name"), (
        "made only if asked for"
    )
    assert "OidcProvider" in made(Oidc="gitlab", Repository="a/b", CreateOidcProvider="true")


def test_names_and_policies_fit_where_they_are_longest() -> None:
    resources = made(**LONGEST, **FILLED)
    for role in roles(**LONGEST, **FILLED).values():
        assert len(role.name) <= 64
        assert size(role.trust) <= 2048
    for entry in resources.values():
        properties = entry["Properties"]
        own = [one["PolicyDocument"] for one in properties.get("Policies", [])]
        assert sum(map(size, own)) <= 10_240, "inline policies of a role, together"
        assert len(properties.get("ManagedPolicyName", "")) <= 128
        assert size(properties.get("PolicyDocument", {})) <= 6_144, "a managed policy"
        assert len(properties.get("ManagedPolicyArns", [])) <= 10


@pytest.mark.parametrize("boundary", ["", f"arn:aws:iam::{ACCOUNT}:policy/limits"])
def test_every_role_has_the_boundary_that_is_given(boundary: str) -> None:
    given = {**EVERYTHING, "PermissionsBoundary": boundary}
    assert {role.boundary for role in roles(**given).values()} == {boundary or None}


def test_no_role_has_a_policy_of_aws() -> None:
    text = (TEMPLATES / "roles.yaml").read_text(encoding="utf-8")
    assert ":aws:policy/" not in text
    assert "FullAccess" not in text


def test_services_say_for_whom_they_take_a_role() -> None:
    seen = set()
    for role in roles(**EVERYTHING).values():
        for statement in role.trust["Statement"]:
            service = statement["Principal"].get("Service")
            if service is None:
                continue
            seen.add(service)
            condition = statement.get("Condition")
            if service in SILENT:
                assert condition is None, "nothing that the service would not say"
                continue
            assert condition["StringEquals"] == {"aws:SourceAccount": ACCOUNT}, role.name
            source = condition["ArnLike"]["aws:SourceArn"]
            kind = service.removesuffix(".amazonaws.com")
            assert source.startswith(f"arn:aws:{kind}:{REGION}:{ACCOUNT}:"), role.name
    assert seen > SILENT
    assert len(seen) == 8


def test_roles_are_passed_by_name_and_to_one_service() -> None:
    passed = {}
    for actor, role in roles(**EVERYTHING).items():
        for statement in role.statements():
            if "iam:PassRole" not in listed(statement["Action"]):
                continue
            (condition,) = statement["Condition"].values()
            assert set(condition) == {"iam:PassedToService"}
            for arn in listed(statement["Resource"]):
                assert "*" not in arn
                name = arn.rpartition("/")[2]
                passed.setdefault(actor, set()).add((name, condition["iam:PassedToService"]))
    own, sagemaker = "sagemaker-housing-prices", "sagemaker.amazonaws.com"
    pipeline = {(f"{own}-dev-pipeline", sagemaker)}
    endpoint = {(f"{own}-dev-endpoint", sagemaker)}
    stages = {
        (f"{own}-{stage}-formation", "cloudformation.amazonaws.com")
        for stage in ("dev", "staging", "prod")
    }
    assert passed == {
        "pipeline": pipeline,
        "build": pipeline,
        "deploy": pipeline,
        "workflow": endpoint,
        "formation": endpoint,
        "delivery": stages,
    }


@pytest.mark.parametrize("name", ["roles", "sharing"])
def test_a_reason_stands_beside_every_star(name: str) -> None:
    lines = (TEMPLATES / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    without = [
        f"{number + 1}: {line.strip()}"
        for number, line in enumerate(lines)
        if "*" in line.partition("#")[0]
        and "AllowedPattern" not in line
        and not _has_reason(lines, number)
    ]
    assert without == []


def _has_reason(lines: list[str], number: int) -> bool:
    """Whether a comment with `*` stands on the line, or above the value that it belongs to."""
    if "`*`" in lines[number]:
        return True
    for line in reversed(lines[:number]):
        if line.strip().startswith("#") and "`*`" in line:
            return True
        # Up to the key of this value: other values of one list share the reason.
        key = re.match(r"\s*(- )?(Sid|Effect|Condition|Statement|- Effect)\b", line)
        if key:
            return False
    return False
