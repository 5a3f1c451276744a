"""The deploy jobs of GitHub and GitLab, executed against a local AWS server."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.aws.codebuild import Checkout
from tests.aws.full_project import (
    NAME,
    NUMBER,
    check_started,
    deploy_outputs,
    deploy_repositories,
    project,
)
from tests.aws.server import Server
from tests.aws.workflows import GitHub, GitLab, Job
from tests.servers import REGION

DEPLOY_ROLE = f"arn:aws:iam::{NUMBER}:role/sagemaker-{NAME}-dev-deploy"
VARIABLES = {"AWS_ROLE_ARN": DEPLOY_ROLE, "AWS_REGION": REGION}


def check_job(server: Server, job: Job, stage: str, commit: str, engine: str) -> None:
    """Check that a job pushed both images and started the stage's pipeline."""
    assert job.code == 0, job.output
    check_started(server, stage, commit)
    assert len([call for call in job.calls if call[:2] == [engine, "push"]]) == 2
    assert "ARTIFACT_BUCKET" not in job.variables  # it comes from the stacks


def test_github_deploys_to_dev_and_does_the_same_for_prod_after_it(
    template: Path, server: Server, tmp_path: Path
) -> None:
    made = project(template, tmp_path, "github")
    checkout = Checkout(made, server, tmp_path)
    commit, github = checkout.commit("Start"), GitHub(checkout, server)
    jobs = github.workflow["jobs"]
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        **{"check": None, "dev": "check", "prod": "dev"}
    }
    assert jobs["dev"]["steps"] == jobs["prod"]["steps"]
    for stage in ("dev", "prod"):
        assert jobs[stage]["environment"] == stage
        assert jobs[stage]["env"] == {"PIPELINE_STAGE": stage}
    deploy_repositories(server, made, "dev")
    deploy_outputs(server, "dev")
    check_job(server, github.run("dev", VARIABLES), "dev", commit, "docker")


def test_gitlab_deploys_to_prod_by_hand_after_dev_which_it_does_the_same_for(
    template: Path, server: Server, tmp_path: Path
) -> None:
    made = project(template, tmp_path, "gitlab")
    checkout = Checkout(made, server, tmp_path)
    commit, gitlab = checkout.commit("Start"), GitLab(checkout, server)
    dev, prod = gitlab.job("dev"), gitlab.job("prod")
    assert (prod["needs"], dev["script"]) == (["dev"], prod["script"])
    assert [rule.get("when") for rule in (*dev["rules"], *prod["rules"])] == [None, "manual"]
    assert (dev["environment"], prod["environment"]) == ("dev", "prod")
    deploy_repositories(server, made, "prod")
    deploy_outputs(server, "prod")
    job = gitlab.run("prod", VARIABLES)
    check_job(server, job, "prod", commit, "buildah")
    assert ["apt-get", "install", "-qq", "-y", "buildah"] in job.calls
    assert (made / ".cache/aws-token").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("source_control", ["github", "gitlab"])
def test_a_job_whose_stacks_are_missing_says_so_and_starts_nothing(
    template: Path, server: Server, tmp_path: Path, source_control: str
) -> None:
    made = project(template, tmp_path, source_control)
    checkout = Checkout(made, server, tmp_path)
    checkout.commit("Start")
    runner = (GitHub if source_control == "github" else GitLab)(checkout, server)
    job = runner.run("dev", VARIABLES)
    assert job.code != 0
    assert f"sagemaker-{NAME}-dev" in job.output
    assert "deploy" not in {call[1] for call in job.calls if call[0] == "make"}
    assert server.client("sagemaker").list_pipelines()["PipelineSummaries"] == []


def test_no_workflow_knows_a_secret_and_jobs_that_deploy_alone_get_a_token(
    full_project: Path,
) -> None:
    for path in (full_project / ".github/workflows").glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        assert "secrets." not in text and "ACCESS_KEY" not in text
        jobs = yaml.safe_load(text)["jobs"]
        with_token = {name for name, job in jobs.items() if "id-token" in str(job)}
        assert with_token <= {"dev", "prod"}
