"""The role of pipeline and jobs, and what it and the caller are allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.aws.deployment import EXPERIMENTS, TRACKING
from sagetabular.aws.lake import own_table
from sagetabular.aws.permissions import COMMANDS, JOBS, KEYS
from sagetabular.compiling.checks.expressions import all_steps
from sagetabular.doctor.findings import CannotTellError, ok, to_fix, unknown
from sagetabular.doctor.simulation import denied
from sagetabular.doctor.situation import ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sagetabular.aws.permissions import Permission
    from sagetabular.doctor.findings import Finding
    from sagetabular.doctor.situation import Situation

SERVICE = "sagemaker.amazonaws.com"
_ASSUME = {"sts:AssumeRole", "sts:*", "*"}


def role(situation: Situation) -> Iterator[Finding]:
    """Check that it is one of this account, and that SageMaker may assume it."""
    arn, account = situation.need("RoleArn"), situation.account.identity.account
    if arn.split(":")[4:5] != [account]:
        text = f"The role must be one of account {account}, got {arn}."
        yield to_fix(text, "Correct RoleArn, or sign in to the role's account.")
    elif situation.role is None:
        yield to_fix(f"There is no role {arn}.", "Make it, or correct RoleArn.")
    elif _trusts(situation.role["AssumeRolePolicyDocument"]):
        yield ok(f"{arn} trusts {SERVICE}")
    else:
        text = f"{arn} must trust {SERVICE}, or no job can use it."
        yield to_fix(text, f"Allow sts:AssumeRole to the service {SERVICE} in its trust policy.")


def permissions_of_the_role(situation: Situation) -> Iterator[Finding]:
    """Check that it may do what the pipeline's jobs do."""
    if situation.role is None:
        text = "There is no such role, so nothing was asked."
        raise CannotTellError(text, "Make the role first.")
    wanted = [one for one in JOBS if not _features(situation).isdisjoint(one.users)]
    yield from _verdicts(situation, situation.need("RoleArn"), wanted, "role")


def your_permissions(situation: Situation) -> Iterator[Finding]:
    """Check that whoever calls the commands may do what they do."""
    principal = _principal(situation)
    if principal.endswith(":root"):
        yield ok("the account's root user may do everything")
        return
    absent = {*KEYS} - {*situation.project.settings.aws.ids}
    if not (situation.project.root / "infrastructure").is_dir():
        absent |= {"stack"}
    if own_table(situation.project, situation.deployment.environment) is None:
        absent |= {"database", "table"}
    wanted = [one for one in COMMANDS if one.resource not in absent]
    yield from _verdicts(situation, principal, wanted, "user or role")


def _verdicts(
    situation: Situation, principal: str, wanted: Iterable[Permission], whose: str
) -> Iterator[Finding]:
    needed = [*wanted]
    refused = denied(situation, principal, needed)
    by_key = [one for one in refused if one.action.startswith("kms:")]
    others = [one for one in refused if one not in by_key]
    if others:
        users = ", ".join(dict.fromkeys(user for one in others for user in one.users))
        text = f"{principal} may not {_actions(others)}, which is needed for {users}."
        yield to_fix(
            text, f"Allow it in a policy of that {whose}; bucket policies are not seen here."
        )
    if by_key:
        text = f"{principal} may not {_actions(by_key)} by its own policies."
        yield unknown(text, "See whether the key's policy allows it: that counts as well.")
    if not refused:
        yield ok(f"{principal} is allowed all {len({one.action for one in needed})} actions")


def _actions(permissions: Iterable[Permission]) -> str:
    return ", ".join(dict.fromkeys(one.action for one in permissions))


def _features(situation: Situation) -> set[str]:
    """Return what the pipeline consists of, as `JOBS` calls it."""
    settings = situation.project.settings
    found = {str(step["Type"]) for step in all_steps(situation.definition["Steps"])}
    kind, _, _ = str(situation.values.get(TRACKING, "")).rpartition(":")[2].partition("/")
    by_setting = {
        "athena": "Workgroup" in situation.values,
        "unload": settings.pipeline.data.source == "athena",
        "mlflow app": kind == "mlflow-app",
        "mlflow server": kind == "mlflow-tracking-server",
        "experiments": settings.pipeline.tracking in ("experiments", "both")
        or situation.values.get(TRACKING) == EXPERIMENTS,
        "network": settings.aws.network is not None,
    }
    return found | {*settings.aws.ids} | {name for name, used in by_setting.items() if used}


def _trusts(policy: dict[str, Any]) -> bool:
    """Return whether a trust policy lets SageMaker in; conditions are taken to hold."""
    return any(
        statement.get("Effect") == "Allow"
        and not _ASSUME.isdisjoint(_listed(statement.get("Action")))
        and not {SERVICE, "*"}.isdisjoint(_services(statement.get("Principal")))
        for statement in _listed(policy.get("Statement"))
    )


def _services(principal: Any) -> list[Any]:
    return _listed(principal.get("Service") if isinstance(principal, dict) else principal)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _principal(situation: Situation) -> str:
    """Return the user or role behind the caller, whose policies can be simulated.

    Raises:
        CannotTellError: There is none, as for a federated user.
        UserError: IAM does not tell the role behind a session.
    """
    arn = situation.account.identity.arn
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    if kind in ("root", "user"):
        return arn
    if kind != "assumed-role":
        text = f"IAM cannot simulate the permissions of {arn}."
        raise CannotTellError(text, "Sign in as a user or a role.")
    name = rest.partition("/")[0]
    client = situation.account.client("iam")
    found = ask(client, "get_role", ("NoSuchEntity",), RoleName=name)
    if found is None:
        raise CannotTellError(f"IAM knows no role {name}, which {arn} is of.", "Sign in anew.")
    return str(found["Role"]["Arn"])
