"""A project with infrastructure is built with what its own template sets."""

from __future__ import annotations

from pathlib import Path

from tests.aws.codebuild import CodeBuild
from tests.aws.full_project import (
    COMMIT,
    NAME,
    check_started,
    deploy_repositories,
    project,
    repositories,
    variables_of_codebuild,
)
from tests.aws.server import Server

ALL_WELL = {"install": 0, "pre_build": 0, "build": 0}


def test_codebuild_builds_what_codepipeline_hands_on(
    template: Path, server: Server, tmp_path: Path
) -> None:
    made = project(template, tmp_path, "codecommit")
    codebuild = CodeBuild(made, server, tmp_path)
    codebuild.commit("Start")
    codebuild.leave_git()
    names = deploy_repositories(server, made, "dev")
    assert names == [f"sagemaker-{NAME}-dev/jobs", f"sagemaker-{NAME}-dev/model"]
    build = codebuild.build(**variables_of_codebuild(made, "dev"))
    assert build.phases == ALL_WELL, build.output
    check_started(server, "dev", COMMIT)
    assert len(build.docker("push")) == 2
    assert repositories(server) == names  # what the stack made was used, and nothing beside it
