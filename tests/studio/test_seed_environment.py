"""What the template takes the seed takes: no answer is refused in its build."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from studio.seed.answers import read_answers
from tests.studio.assembled import made
from tests.studio.test_parameters import PARAMETERS, everything


def variables(answers: dict[str, str]) -> dict[str, Any]:
    """Return the environment of the seed's build."""
    build = made(**answers)["Resources"]["SeedProject"]["Properties"]
    found = {e["Name"]: e["Value"] for e in build["Environment"]["EnvironmentVariables"]}
    if found.get("REPOSITORY_URL") == "<CodeCommitRepository.CloneUrlHttp>":
        # https://docs.aws.amazon.com/codecommit/latest/userguide/regions.html
        host = "https://git-codecommit.eu-west-1.amazonaws.com"
        found["REPOSITORY_URL"] = f"{host}/v1/repos/{found['REPOSITORY']}"
    # CodeBuild sets it.
    return {**found, "AWS_REGION": "eu-west-1"}


@given(everything([*PARAMETERS]))
@settings(max_examples=30, deadline=None)
def test_every_answer_that_the_template_takes_the_seed_takes(answers: dict[str, str]) -> None:
    given_ = variables(answers)
    found = read_answers(given_)
    assert found.project_name == (answers["ProjectName"] or answers["SageMakerProjectName"])
    assert found.project_slug == answers["SageMakerProjectName"]
    assert found.branch == answers["Branch"]
    assert bool(found.repository) == (answers["SourceControl"] != "none")
    if answers["Repository"]:
        assert found.repository_url.endswith(f"/{answers['Repository']}.git")
