"""What jobs and commands need, each of its resource, is allowed by the roles of roles.yaml.

Resources are those that `pipeline doctor` asks IAM about: so it finds nothing missing.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sagetabular.aws.permissions import COMMANDS, JOBS
from sagetabular.doctor import simulation
from tests.infrastructure.permissions.deciding import ROLES, arn, asked, decide

PROJECT, STAGE = "housing-prices", "dev"
NAME = f"{PROJECT}-{STAGE}"
# What pipeline and group are called: as `pipeline infra` has it, and as a project made in Studio.
PIPELINES = [NAME, f"{PROJECT}-p-abcdefghijkl"]
KEY = arn("kms", "key/dev")
# What a request says in the account, as `simulation` finds it out.
CONTEXT = {
    "iam:PassedToService": "sagemaker.amazonaws.com",
    "cloudwatch:namespace": "/aws/sagemaker/TrainingJobs",
    "kms:GrantIsForAWSResource": "true",
    "aws:ResourceTag/project": PROJECT,
    "aws:ResourceTag/stage": STAGE,
}


def situation(pipeline: str, tracking: str) -> Any:
    """A project of which all that the doctor asks for is set."""
    values = {
        "Bucket": f"sagemaker-{NAME}-data-lake-artifactbucket-x",
        "RoleArn": f"arn:aws:iam::{ROLES.ACCOUNT}:role/sagemaker-{NAME}-pipeline",
        "TrackingUri": arn("sagemaker", tracking),
        "Database": "lake",
        "Table": "california",
        "Workgroup": f"sagemaker-{NAME}",
    }

    def place(service: str, rest: str, *, everywhere: bool = False) -> str:
        return arn(service, rest)

    return SimpleNamespace(
        deployment=SimpleNamespace(pipeline=pipeline, given={"ModelPackageGroup": pipeline}),
        project=SimpleNamespace(
            stage=STAGE, settings=SimpleNamespace(pipeline=SimpleNamespace(name=PROJECT))
        ),
        prefix=PROJECT,
        values=values,
        need=values.__getitem__,
        arn=place,
    )


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name image and key without asking."""

    def repository_of(project: Any, target: str) -> str:
        return f"sagemaker-{NAME}/model"

    def key_arn(situation: Any, parameter: str) -> str:
        return KEY

    monkeypatch.setattr(simulation, "repository_of", repository_of)
    monkeypatch.setattr(simulation, "_key_arn", key_arn)


def names(pipeline: str) -> dict[str, str]:
    """Values of roles.yaml's parameters that name pipeline and group."""
    return {"PipelineName": pipeline, "ModelPackageGroup": pipeline}


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("tracking", ["mlflow-app/app-1", "mlflow-tracking-server/ours"])
def test_the_doctor_finds_all_permissions(ministack: Path, tracking: str, pipeline: str) -> None:
    server = "server" in tracking
    options = {
        **ROLES.EVERYTHING,
        **names(pipeline),
        "Workgroup": f"sagemaker-{NAME}",
        "MlflowArn": arn("sagemaker", tracking) if server else "",
    }
    role = ROLES.roles(PROJECT, STAGE, **options)["pipeline"]
    other = "mlflow app" if server else "mlflow server"
    needed = [one for one in JOBS if other not in one.users]
    where = situation(pipeline, tracking)
    requests = [
        asked(role, one.action, simulation.arn_of(where, one.resource), context=CONTEXT)
        for one in needed
    ]
    assert refused(ministack, requests) == []


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("actor", ["build", "deploy"])
def test_a_build_may_do_what_its_commands_do(ministack: Path, actor: str, pipeline: str) -> None:
    options = {**ROLES.EVERYTHING, **names(pipeline)}
    role, where = ROLES.roles(PROJECT, STAGE, **options)[actor], situation(pipeline, "none")
    requests = [
        asked(role, one.action, simulation.arn_of(where, one.resource), context=CONTEXT)
        for one in COMMANDS
        if {"upsert", "run", "image push"}.intersection(one.users)
        and one.action != "ecr:CreateRepository"  # build.yaml makes them
    ]
    assert refused(ministack, requests) == []


def refused(ministack: Path, requests: list[dict[str, Any]]) -> list[str]:
    """Return what is not allowed, action and resource."""
    decided = zip(requests, decide(ministack, requests), strict=True)
    return [f"{one['action']} {one['resource']}" for one, word in decided if word != "Allow"]
