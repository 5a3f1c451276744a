"""IAM's decisions, by the engine of the local AWS server: another's reading of AWS's rules.

It runs in the server's own environment: `python iam_engine.py` reads a list of requests as JSON and
writes a decision for each: `Allow`, `Deny` or `ImplicitDeny`; for a trust policy, true or false.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ministack.core import iam_evaluator as engine


def decision(request: dict[str, Any]) -> str | bool:
    """Decide one request.

    Args:
        request: `principal`, `action`, and `context` with further keys. Where a role is assumed
            `trust`; else `resource`, `policies`, perhaps `boundary`, and `shared`, the resource's
            own policy, with `owner`, and with `required` if it must allow in its account too.
    """
    principal = request["principal"]
    context = engine.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=(principal.split(":") + [""] * 5)[4],
        action=request["action"],
        resource_arn=request.get("resource", "*"),
        region="eu-west-1",
        secure_transport=True,
        service_context={key.lower(): value for key, value in request.get("context", {}).items()},
    )
    if "trust" in request:
        trust = request["trust"] if principal.startswith("arn:") else _by_name(request["trust"])
        return bool(engine.evaluate_trust_policy(trust, principal, context))
    policies = [engine.parse_policy_document(one) for one in request["policies"]]
    boundary = request.get("boundary")
    limits = [[engine.parse_policy_document(boundary)]] if boundary else []
    result = engine.evaluate(context, policies, *limits)
    if request.get("shared") or request.get("owner"):
        result = engine.combine_resource_policy(
            result,
            context,
            request.get("shared"),
            request["owner"],
            required=request.get("required", False),
            limits=tuple(limits),
        )
    return str(result.decision)


def _by_name(trust: dict[str, Any]) -> dict[str, Any]:
    """Name services as callers: the engine knows them only as its own root."""
    statements = [
        {**one, "Principal": {"AWS": one["Principal"].get("Service", [])}}
        for one in trust["Statement"]
    ]
    return {**trust, "Statement": statements}


if __name__ == "__main__":
    json.dump([decision(request) for request in json.load(sys.stdin)], sys.stdout)
