"""A published release is offered to the projects that are there, whatever happens to one."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.config import Config

from studio.publishing import command
from studio.publishing.offers import PATIENCE, PAUSE, list_offers, offer_updates
from studio.publishing.placing.bucket import Published
from studio.publishing.placing.seeds import CONTRACT
from tests.baking import ROOT

BUCKET, OTHER = "amzn-s3-demo-bucket", "amzn-s3-demo-other-bucket"
OLD, NEW = "bundles/template-1.4.0-0123456789ab.zip", "bundles/template-1.5.0-ba9876543210.zip"
PUBLISHED = Published("1.5.0", "c" * 40, BUCKET, NEW, "templates/x.yaml", "https://…", "arn:…")


@dataclass
class CodeBuild:
    """CodeBuild, behind a real client: botocore's model validates what it is asked.

    Attributes:
        projects: Name → project, as BatchGetProjects gives it.
        ends: Slug → status and what the seed exports; those that are missing go on for ever.
        looks: How often a build is looked at before it ends.
        room: How many builds there may be at once.
        refused: Codes of errors of StartBuild, by slug, one for each attempt.
    """

    projects: dict[str, dict[str, Any]] = field(default_factory=dict)
    ends: dict[str, tuple[str, str]] = field(default_factory=dict)
    looks: int = 2
    room: int = 100
    refused: dict[str, list[str]] = field(default_factory=dict)
    started: list[dict[str, Any]] = field(default_factory=list)
    running: Counter[str] = field(default_factory=Counter)
    most: int = 0

    region = "eu-west-1"
    number = "111122223333"

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        config = Config(retries={"total_max_attempts": 1})
        client = boto3.client(service, region_name=self.region, config=config, **keys)
        client.meta.events.register("before-call.codebuild", self._answer)
        return client

    def _answer(self, model: Any, params: Mapping[str, Any], **_: Any) -> tuple[Any, Any]:
        asked = json.loads(params["body"])
        answer = getattr(self, model.name)(asked)
        status = 400 if "Error" in answer else 200
        return type("Response", (), {"status_code": status})(), answer

    def ListProjects(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        names = sorted(self.projects)
        start = int(asked.get("nextToken", 0))
        more = {"nextToken": str(start + 100)} if start + 100 < len(names) else {}
        return {"projects": names[start : start + 100], **more}

    def BatchGetProjects(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        assert len(asked["names"]) <= 100
        return {"projects": [self.projects[name] for name in asked["names"]]}

    def StartBuild(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = asked["projectName"]
        if codes := self.refused.get(slug_of(name)):
            return {"Error": {"Code": codes.pop(0), "Message": "no"}}
        if len(self.running) >= self.room:
            return {"Error": {"Code": "AccountLimitExceededException", "Message": "full"}}
        self.started.append(asked)
        self.running[f"{name}:1"] = 0
        self.most = max(self.most, len(self.running))
        return {"build": {"id": f"{name}:1", "buildStatus": "IN_PROGRESS"}}

    def BatchGetBuilds(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"builds": [self._build(build_id) for build_id in asked["ids"]]}

    def _build(self, build_id: str) -> dict[str, Any]:
        self.running[build_id] += 1
        end = self.ends.get(slug_of(build_id.partition(":")[0]))
        if end is None or self.running[build_id] < self.looks:
            return {"id": build_id, "buildStatus": "IN_PROGRESS"}
        del self.running[build_id]
        exported = [{"name": "SEED_RESULT", "value": end[1]}]
        return {"id": build_id, "buildStatus": end[0], "exportedEnvironmentVariables": exported}


def slug_of(name: str) -> str:
    return name.removeprefix("sagemaker-").removesuffix("-dev-seed")


def project(slug: str, location: str = f"{BUCKET}/{OLD}", **variables: str) -> dict[str, Any]:
    given = {"PROJECT_SLUG": slug, "RELEASE": "1.4.0", "SOURCE_CONTROL": "github", **variables}
    listed = [{"name": name, "value": value} for name, value in given.items()]
    return {
        "name": f"sagemaker-{slug}-dev-seed",
        "source": {"type": "S3", "location": location},
        "environment": {"environmentVariables": listed},
    }


def account(*projects: dict[str, Any], **more: Any) -> CodeBuild:
    return CodeBuild({each["name"]: each for each in projects}, **more)


@dataclass
class Output:
    """What is printed, and how long was waited."""

    lines: dict[str, list[str]] = field(default_factory=dict)
    waited: float = 0

    def report(self, title: str, lines: Iterable[str]) -> None:
        self.lines[title] = list(lines)

    def pause(self, seconds: float) -> None:
        self.waited += seconds


def offered(codebuild: CodeBuild) -> tuple[bool, Output]:
    output = Output()
    return offer_updates(codebuild, PUBLISHED, output.report, output.pause), output  # type: ignore[arg-type]


def test_each_project_of_the_template_is_started_with_the_new_bundle() -> None:
    strangers = [
        project("elsewhere", f"{OTHER}/{OLD}"),
        {**project("renamed"), "name": "sagemaker-other-dev-seed"},
        {**project("another"), "name": "sagemaker-another-dev-build"},
        {"name": "sagemaker-bare-dev-seed"},
    ]
    codebuild = account(
        project("churn"), project("prices"), *strangers,
        ends={
            "churn": ("SUCCEEDED", "offered: template 1.5.0 on the branch template-1.5.0"),
            "prices": ("SUCCEEDED", "unchanged: the project is at template 1.5.0."),
        },
    )  # fmt: skip
    good, output = offered(codebuild)
    assert good
    variables = [
        {"name": "RELEASE", "value": "1.5.0", "type": "PLAINTEXT"},
        {"name": "SEED_REQUEST", "value": "Update", "type": "PLAINTEXT"},
    ]
    assert codebuild.started == [
        {
            "projectName": f"sagemaker-{slug}-dev-seed",
            "sourceLocationOverride": f"{BUCKET}/{NEW}",
            "environmentVariablesOverride": variables,
        }
        for slug in ("churn", "prices")
    ]
    assert output.lines == {
        "Offers": [
            "churn: offered: template 1.5.0 on the branch template-1.5.0",
            "prices: unchanged: the project is at template 1.5.0.",
        ],
        "Summary": ["1 offered, 1 unchanged"],
    }


def test_one_projects_failure_does_not_stop_the_others() -> None:
    refused = (
        "refused: `commit` in .cruft.json must be one of the template up to 1.5.0. Publish it."
    )
    codebuild = account(
        *map(project, ("broken", "denied", "fine", "silent")),
        ends={
            "broken": ("FAILED", refused),
            "fine": ("SUCCEEDED", "offered: template 1.5.0 on the branch template-1.5.0"),
        },
        refused={"denied": ["AccessDeniedException"]},
    )
    good, output = offered(codebuild)
    assert not good
    broken, denied, fine, silent = output.lines["Offers"]
    assert broken.startswith(f"broken: {refused}")
    assert "AWS denies codebuild:StartBuild on sagemaker-denied-dev-seed" in denied
    assert fine == "fine: offered: template 1.5.0 on the branch template-1.5.0"
    assert silent.startswith("silent: CodeBuild does not say how its build ended.")
    assert output.lines["Summary"] == ["3 not offered, 1 offered"]
    assert output.waited == pytest.approx(PATIENCE, abs=2 * PAUSE)


def test_projects_without_need_are_not_started() -> None:
    codebuild = account(
        project("archive", SOURCE_CONTROL="none"), project("current", f"{BUCKET}/{NEW}")
    )
    good, output = offered(codebuild)
    assert good
    assert codebuild.started == []
    assert output.lines["Offers"][0].startswith("archive: unchanged: it has no repository; run ")
    assert output.lines["Summary"] == ["2 unchanged"]


def test_a_few_are_built_at_once_and_a_full_account_is_waited_for() -> None:
    slugs = [f"project-{number:03}" for number in range(120)]
    ends = dict.fromkeys(slugs, ("SUCCEEDED", "offered: it"))
    many = account(*map(project, slugs), ends=ends, looks=1)
    good, output = offered(many)
    assert good
    assert many.most == 10
    assert output.lines["Summary"] == ["120 offered"]
    full = account(*map(project, slugs[:4]), ends=ends, room=1)
    good, output = offered(full)
    assert good
    assert full.most == 1
    assert [each["projectName"] for each in full.started] == sorted(full.projects)[:4]


def test_dry_run_starts_nothing_and_lists_them() -> None:
    codebuild, output = (
        account(project("churn"), project("archive", SOURCE_CONTROL="none")),
        Output(),
    )
    list_offers(codebuild, PUBLISHED, output.report)  # type: ignore[arg-type]
    assert codebuild.started == []
    assert output.lines["Offers"][1] == "churn: 1.4.0, would be offered"
    assert output.lines["Offers"][0].startswith("archive: unchanged: ")


def test_account_without_projects_is_said() -> None:
    good, output = offered(account())
    assert good
    assert output.lines == {"Offers": ["no project of this template here"]}


def test_variables_of_the_seed_are_those_of_the_contract() -> None:
    """Those of 1.4.0, the first release in Studio: a later one may add, and never takes away."""

    class Loader(yaml.SafeLoader):
        """Reads CloudFormation's tags as plain values."""

    def plain(loader: Any, _suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return loader.construct_scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_mapping(node, deep=True)

    Loader.add_multi_constructor("!", plain)
    text = (ROOT / "studio/project.yaml").read_text(encoding="utf-8")
    seed = yaml.load(text, Loader)["Resources"]["SeedProject"]["Properties"]
    given = seed["Environment"]["EnvironmentVariables"]
    # An !If has a condition, the variable, and AWS::NoValue.
    names = [each["Name"] if isinstance(each, dict) else each[1]["Name"] for each in given]
    assert set(CONTRACT) <= set(names)


@pytest.mark.parametrize(("went_well", "code"), [(True, 0), (False, 1)])
def test_exit_code_says_whether_all_were_offered(
    went_well: bool, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "publish", lambda root, options: went_well)
    assert command.main(ROOT, ["--offer-updates"]) == code


def test_dry_run_without_aws_says_so_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    words = Namespace(profile=None, region="eu-west-1", bucket=BUCKET, stack="sagemaker-projects")
    command._list_offers(PUBLISHED, words)
    printed = capsys.readouterr().out
    assert "which projects there are, AWS did not say:" in printed
    assert "AWS credentials are needed, none were found." in printed
