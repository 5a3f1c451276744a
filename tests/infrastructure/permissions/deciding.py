"""Requests to AWS that a role makes, decided by an engine that is not ours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from sagetabular.infrastructure.templates import evaluate
from tests.baking import ROOT

HERE = Path(__file__).parent
sys.path.append(str(ROOT / "packages/sagetabular/tests/infrastructure/permissions"))
ROLES: Any = import_module("roles")
ACCOUNT, OTHER, REGION = ROLES.ACCOUNT, ROLES.OTHER, ROLES.REGION


def decide(ministack: Path, requests: Sequence[dict[str, Any]]) -> list[Any]:
    """Return a decision for each request; see `iam_engine`."""
    ended = subprocess.run(
        [ministack / "python", HERE / "iam_engine.py"],
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[Any] = json.loads(ended.stdout)
    return found


def asked(role: Any, action: str, resource: str, **more: Any) -> dict[str, Any]:
    """Return the request of a role in its own account."""
    return {
        "principal": role.arn,
        "action": action,
        "resource": resource,
        "policies": role.policies,
        **more,
    }


def assumed(role: Any, principal: str, **context: str) -> dict[str, Any]:
    """Return the request of somebody to get a role."""
    federated = ":oidc-provider/" in principal
    action = "sts:AssumeRoleWithWebIdentity" if federated else "sts:AssumeRole"
    return {"principal": principal, "action": action, "trust": role.trust, "context": context}


def shared(template: str, resource: str, member: str, **given: str) -> dict[str, Any]:
    """Return the policy of a resource of a template, for the account that reads it.

    Args:
        template: Name of the template.
        resource: Logical id.
        member: The property that holds the policy.
        given: Values of parameters.
    """
    declared = ROLES.template(template)["Parameters"]
    own = {**ROLES.parameters(), **given}
    known = {name: value for name, value in own.items() if name in declared}
    others = {
        name: f"arn:aws:iam::{ACCOUNT}:role/x"
        for name, entry in declared.items()
        if "Default" not in entry and name not in known
    }
    made = evaluate(ROLES.template(template), {**others, **known}, ACCOUNT, REGION)
    found: dict[str, Any] = made["Resources"][resource]["Properties"][member]
    return found


def arn(service: str, rest: str, account: str = ACCOUNT) -> str:
    """Return an ARN in the region of the tests; of S3 without region and account."""
    place = ":" if service == "s3" else f"{REGION}:{account}"
    return f"arn:aws:{service}:{place}:{rest}"
