"""Deploy jobs of GitHub and GitLab, executed as their runners do, with fake tools.

What a runner does by itself is done here: GitHub's action that takes credentials for a token, and
what both set before a script begins. Everything else is the project's own lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.aws.codebuild import Checkout
from tests.aws.server import Server

GITHUB = ".github/workflows/deploy.yml"
GITLAB = ".gitlab-ci.yml"
# Of https://docs.github.com/actions (`shell` unspecified) and GitLab's runner for a shell.
GITHUB_SHELL = ["bash", "-e", "-c"]
GITLAB_SHELL = ["bash", "-eo", "pipefail", "-c"]
TOKEN = "a.token.of-the-runner"
_CREDENTIALS = "aws-actions/configure-aws-credentials"
_NOTHING_TO_DO = ("actions/checkout", "actions/setup-python")
_EXPRESSION = re.compile(r"\$\{\{ vars\.(\w+) \}\}")


@dataclass(frozen=True)
class Job:
    """How a job ended.

    Attributes:
        code: Exit code of the step that failed, else 0.
        output: All that was printed.
        calls: What the tools were asked.
        variables: Names of the variables that the last step had from the job and its runner.
    """

    code: int
    output: str
    calls: list[list[str]]
    variables: set[str]


class GitHub:
    """Executes the workflow that deploys.

    Args:
        checkout: The sources.
        server: The account.
    """

    def __init__(self, checkout: Checkout, server: Server) -> None:
        self._checkout, self._server = checkout, server
        text = (checkout.project / GITHUB).read_text(encoding="utf-8")
        self.workflow: dict[str, Any] = yaml.safe_load(text)

    def run(self, name: str, variables: Mapping[str, str]) -> Job:
        """Run a job whose environment of the repository has these variables."""
        job = self.workflow["jobs"][name]
        given = {"AWS_ENDPOINT_URL": self._server.environment["AWS_ENDPOINT_URL"], **job["env"]}
        output, code = "", 0
        for step in job["steps"]:
            if "run" in step:
                ended = self._checkout.execute(GITHUB_SHELL, step["run"], given)
                output, code = output + ended.stdout, ended.returncode
            elif step["uses"].startswith(_CREDENTIALS):
                assert job["permissions"]["id-token"] == "write"
                given |= self._credentials(step["with"], variables)
            else:
                assert step["uses"].startswith(_NOTHING_TO_DO)
            if code:
                break
        return Job(code, output, self._checkout.calls(), {*given})

    def _credentials(
        self, inputs: Mapping[str, Any], variables: Mapping[str, str]
    ) -> dict[str, str]:
        """Return what the action exports, as its README says."""
        read = {
            name: _EXPRESSION.sub(lambda match: variables[match[1]], str(value))
            for name, value in inputs.items()
        }
        keys = self._server.client("sts").assume_role_with_web_identity(
            RoleArn=read["role-to-assume"], RoleSessionName="GitHubActions", WebIdentityToken=TOKEN
        )["Credentials"]
        return {
            "AWS_REGION": read["aws-region"],
            "AWS_DEFAULT_REGION": read["aws-region"],
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }


class GitLab:
    """Executes jobs of the pipeline.

    Args:
        checkout: The sources.
        server: The account.
    """

    def __init__(self, checkout: Checkout, server: Server) -> None:
        self._checkout, self._server = checkout, server
        text = (checkout.project / GITLAB).read_text(encoding="utf-8")
        self.jobs: dict[str, Any] = yaml.safe_load(text)

    def job(self, name: str) -> dict[str, Any]:
        """Return a job with what it extends."""
        own: dict[str, Any] = self.jobs[name]
        return {**self.jobs[own["extends"]], **own}

    def run(self, name: str, variables: Mapping[str, str]) -> Job:
        """Run a job in a project that has these variables for its environment."""
        job = self.job(name)
        predefined = {
            "CI_PROJECT_DIR": str(self._checkout.project),
            "CI_ENVIRONMENT_NAME": job["environment"],
            "CI_PIPELINE_ID": "4711",
            **dict.fromkeys(job["id_tokens"], TOKEN),
            **variables,
        }
        given = {
            "AWS_ENDPOINT_URL": self._server.environment["AWS_ENDPOINT_URL"],
            **predefined,
            **{name: _expanded(value, predefined) for name, value in job["variables"].items()},
        }
        ended = self._checkout.execute(GITLAB_SHELL, "\n".join(job["script"]), given)
        return Job(ended.returncode, ended.stdout, self._checkout.calls(), {*given})


def _expanded(value: str, known: Mapping[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda match: known[match[1]], value)
