"""release.yaml for every option: order of stages and actions, approval, roles, limits.

Variables and their namespaces:
https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html
Limits of names and of an action's configuration: CodePipeline's API, as botocore describes it.
Event: https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
"""

from __future__ import annotations

import json
import re
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from deploying import DEPLOY, PACKAGE, RELEASE, RELEASED, TOPIC, released, update
from hypothesis import given, settings
from hypothesis import strategies as st

from sagetabular.infrastructure.templates import evaluate

THREE = {"Dev": "dev", "Staging": "staging", "Production": "prod"}
ACCOUNT = st.sampled_from(["", "210987654321"])
SWITCH = st.sampled_from(["true", "false"])
ANY = st.fixed_dictionaries(
    {
        "Stage": st.sampled_from(["dev", "tools"]),
        "DevAccount": ACCOUNT,
        "StagingAccount": ACCOUNT,
        "ProductionAccount": ACCOUNT,
        "RollBackProduction": SWITCH,
        "AllowSample": SWITCH,
    }
)
LONG = {
    "Project": "a" * 32,
    "Stage": "s" * 7,
    "DevStage": "d" * 7,
    "StagingStage": "t" * 7,
    "ProductionStage": "p" * 7,
    "DevAccount": "2" * 12,
    "StagingAccount": "2" * 12,
    "ProductionAccount": "2" * 12,
}
# What an earlier action says, as long as it may be.
SAID = {
    "Candidate.ModelPackageArn": PACKAGE.replace("housing-dev/3", f"{'g' * 40}/123456"),
    "Candidate.Summary": "s" * 600,
    ".Hosting": "serverless",
    ".ModelName": "m" * 63,
    ".InstanceType": "ml.g6e.48xlarge",
    ".ArtifactBucket": "b" * 63,
    ".Predictions": " ".join(["-1.2345678901234567e-100"] * 4),
}
SERVICE = botocore.session.get_session().get_service_model("codepipeline")


def stages(**parameters: Any) -> dict[str, list[dict[str, Any]]]:
    """Return stage → its actions, in their order."""
    pipeline = released(**parameters)["Release"]["Properties"]
    return {
        stage["Name"]: sorted(stage["Actions"], key=lambda action: action.get("RunOrder", 1))
        for stage in pipeline["Stages"]
    }


def action(stage: str, name: str, **parameters: Any) -> dict[str, Any]:
    (found,) = [one for one in stages(**parameters)[stage] if one["Name"] == name]
    return found


def resolved(text: str) -> str:
    """Return a configuration with the values of its variables."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        return SAID.get(name) or SAID[f".{name.partition('.')[2]}"]

    return re.sub(r"#\{([^}]*)\}", value, text)


@settings(max_examples=40, deadline=None)
@given(chosen=ANY)
def test_a_person_approves_after_staging_and_before_production_in_every_option(chosen) -> None:
    found = stages(**chosen)
    assert [*found] == ["Source", "Candidate", "Dev", "Staging", "Approval", "Production"]
    kinds = {
        name: [(one["Name"], one["ActionTypeId"]["Provider"]) for one in actions]
        for name, actions in found.items()
    }
    deploy, test = ("Deploy", "CloudFormation"), ("SmokeTest", "Lambda")
    assert kinds["Dev"] == kinds["Staging"] == [deploy, test]
    assert kinds["Approval"] == [("Approve", "Manual")]
    assert kinds["Production"] == [("Check", "Lambda"), deploy, test]
    orders = [one.get("RunOrder", 1) for one in found["Production"]]
    assert orders == [1, 2, 3]
    assert [one["RunOrder"] for one in found["Dev"]] == [1, 2]
    assert [one["RunOrder"] for one in found["Staging"]] == [1, 2]


@settings(max_examples=40, deadline=None)
@given(chosen=ANY)
def test_every_stage_gets_the_version_that_was_picked(chosen) -> None:
    for stage in THREE:
        configuration = action(stage, "Deploy", **chosen)["Configuration"]
        overrides = json.loads(configuration["ParameterOverrides"])
        assert overrides == {"ModelPackageArn": "#{Candidate.ModelPackageArn}"}
        test = action(stage, "SmokeTest", **chosen)["Configuration"]
        asked = json.loads(test["UserParameters"])
        assert asked["ModelPackageArn"] == "#{Candidate.ModelPackageArn}"
    check = action("Production", "Check", **chosen)["Configuration"]
    assert json.loads(check["UserParameters"]) == {
        "ModelPackageArn": "#{Candidate.ModelPackageArn}",
        "Production": True,
    }


@pytest.mark.parametrize("account", ["", "210987654321"])
@pytest.mark.parametrize("stage", THREE)
def test_a_stage_is_deployed_with_the_roles_of_its_account(stage, account) -> None:
    """Across accounts the action has a role there; the stack's role is there in any case."""
    chosen = {f"{stage}Account": account}
    deploy = action(stage, "Deploy", **chosen)
    there = f"arn:aws:iam::{account or '123456789012'}:role/sagemaker-housing-{THREE[stage]}"
    assert deploy["Configuration"]["RoleArn"] == f"{there}-formation"
    assert deploy.get("RoleArn") == (f"{there}-delivery" if account else None)
    asked = json.loads(action(stage, "SmokeTest", **chosen)["Configuration"]["UserParameters"])
    assert asked["RoleArn"] == (f"{there}-release" if account else "")
    for other in THREE.keys() - {stage}:
        assert "RoleArn" not in action(other, "Deploy", **chosen)


def test_a_stage_is_its_own_stack_with_its_own_settings() -> None:
    for stage, name in THREE.items():
        configuration = action(stage, "Deploy")["Configuration"]
        assert configuration["StackName"] == f"sagemaker-housing-{name}-deploy"
        assert configuration["TemplatePath"] == "Settings::deploy.yaml"
        assert configuration["TemplateConfiguration"] == f"Settings::{name}.json"
        asked = json.loads(action(stage, "SmokeTest")["Configuration"]["UserParameters"])
        assert asked["EndpointName"] == f"sagemaker-housing-{name}"


def test_a_failed_stack_of_production_is_never_deleted() -> None:
    """REPLACE_ON_FAILURE deletes a stack whose update could not be rolled back."""
    modes = {name: action(name, "Deploy")["Configuration"]["ActionMode"] for name in THREE}
    assert modes.pop("Production") == "CREATE_UPDATE"
    assert {*modes.values()} == {"REPLACE_ON_FAILURE"}


def test_each_stage_must_predict_as_the_one_before() -> None:
    expected = {
        stage: json.loads(action(stage, "SmokeTest")["Configuration"]["UserParameters"]).get(
            "Expected"
        )
        for stage in THREE
    }
    assert expected == {
        "Dev": None,
        "Staging": "#{SmokeDev.Predictions}",
        "Production": "#{SmokeStaging.Predictions}",
    }


def test_every_variable_is_said_by_an_earlier_action() -> None:
    """Names are those of the Lambdas' results and of deploy.yaml's outputs that every kind has."""
    always = {name for name, one in DEPLOY["Outputs"].items() if "Condition" not in one}
    spoken = {
        "Candidate": {"ModelPackageArn", "Version", "Summary"},
        **{f"Deploy{stage}": always for stage in THREE},
        **{f"Smoke{stage}": {"Predictions"} for stage in THREE},
    }
    known: dict[str, set[str]] = {}
    asked = 0
    for actions in stages().values():
        for one in actions:
            for name in re.findall(r"#\{([^}]*)\}", json.dumps(one["Configuration"])):
                namespace, _, variable = name.partition(".")
                assert variable in known[namespace], name
                asked += 1
            if "Namespace" in one:
                known[one["Namespace"]] = spoken.pop(one["Namespace"])
    assert asked >= 20 and not spoken


def test_the_approver_is_told_what_and_where() -> None:
    configuration = action("Approval", "Approve")["Configuration"]
    assert configuration["NotificationArn"] == TOPIC
    assert "#{Candidate.Summary}" in configuration["CustomData"]
    link = configuration["ExternalEntityLink"]
    assert link.startswith("https://") and link.endswith("endpoints/sagemaker-housing-staging")


def test_production_goes_back_if_asked() -> None:
    def failing(**parameters: Any) -> dict[str, Any]:
        pipeline = released(**parameters)["Release"]["Properties"]
        return {stage["Name"]: stage.get("OnFailure") for stage in pipeline["Stages"]}

    found = failing()
    assert found.pop("Production") == {"Result": "ROLLBACK"}
    assert not any(found.values())
    assert not any(failing(RollBackProduction="false").values())


def test_releases_wait_for_each_other() -> None:
    pipeline = released()["Release"]["Properties"]
    assert (pipeline["PipelineType"], pipeline["ExecutionMode"]) == ("V2", "QUEUED")


def test_a_change_of_settings_starts_no_release() -> None:
    source = action("Source", "Settings")["Configuration"]
    assert source["PollForSourceChanges"] == "false"
    assert source["S3ObjectKey"] == "infrastructure/release.zip"


@settings(max_examples=40, deadline=None)
@given(chosen=ANY)
def test_codepipeline_takes_every_combination(chosen) -> None:
    """Checked against botocore's description of CreatePipeline, and lengths."""
    for parameters in (chosen, chosen | LONG):
        properties = released(**parameters)["Release"]["Properties"]
        pipeline = lowered(properties) | {"version": 1}
        store = pipeline["artifactStore"]
        store["encryptionKey"] = {
            name.lower(): text for name, text in store["encryptionKey"].items()
        }
        shape = SERVICE.operation_model("CreatePipeline").input_shape
        report = ParamValidator().validate({"pipeline": pipeline}, shape)
        assert not report.has_errors(), report.generate_report()
        assert len(pipeline["name"]) <= SERVICE.shape_for("PipelineName").metadata["max"]
        for actions in stages(**parameters).values():
            for one in actions:
                for value in one["Configuration"].values():
                    assert len(resolved(str(value))) <= 1000, value


def lowered(value: Any) -> Any:
    """Return properties with the names that the API has: of lower case, but for configurations."""
    if isinstance(value, list):
        return [lowered(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    return {
        key[0].lower() + key[1:]: entry if key == "Configuration" else lowered(entry)
        for key, entry in value.items()
    }


def test_lambdas_are_encrypted_logged_and_say_what_they_need() -> None:
    resources = released(AllowSample="true", LogDays=90)
    for name, what in (("Candidate", "candidate"), ("SmokeTest", "smoke-test")):
        function = resources[f"{name}Function"]["Properties"]
        logs = resources[f"{name}Logs"]
        assert function["FunctionName"] == f"sagemaker-housing-dev-{what}"
        assert function["KmsKeyArn"] == logs["Properties"]["KmsKeyId"]
        assert function["LoggingConfig"] == {"LogGroup": f"<{name}Logs>"}
        assert logs["Properties"]["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}"
        assert logs["Properties"]["RetentionInDays"] == 90
        assert logs["DeletionPolicy"] == logs["UpdateReplacePolicy"] == "Retain"
        marker = f"# sagetabular.lambdas.{what.replace('-', '_')}"
        assert function["Code"]["ZipFile"].endswith(marker)
    variables = resources["CandidateFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["MODEL_PACKAGE_GROUP"] == "housing-dev"
    assert variables["ALLOW_SAMPLE"] == "true"


def test_how_a_release_ends_is_told() -> None:
    rule = released()["Ends"]["Properties"]
    assert rule["EventPattern"] == {
        "source": ["aws.codepipeline"],
        "detail-type": ["CodePipeline Pipeline Execution State Change"],
        "detail": {"pipeline": ["<Release>"], "state": ["FAILED", "SUCCEEDED", "STOPPED"]},
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == TOPIC
    template = target["InputTransformer"]["InputTemplate"]
    asked = set(re.findall(r"<(\w+)>", template))
    assert asked == {*target["InputTransformer"]["InputPathsMap"]}
    # EventBridge takes a text in quotes.
    assert template.startswith('"') and template.endswith('"') and "\n" not in template


# The sample of the page above, for a release that has failed.
EVENT = {
    "version": "0",
    "id": "01234567-EXAMPLE",
    "detail-type": "CodePipeline Pipeline Execution State Change",
    "source": "aws.codepipeline",
    "account": "123456789012",
    "time": "2026-11-30T22:03:07Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:codepipeline:eu-west-1:123456789012:<Release>"],
    "detail": {
        "pipeline": "<Release>",
        "execution-id": "12345678-1234-5678-abcd-12345678abcd",
        "start-time": "2026-11-30T22:03:07.000Z",
        "state": "FAILED",
        "version": 1.0,
        "pipeline-execution-attempt": 1.0,
    },
}


def heard(event: dict[str, Any]) -> bool:
    """Return whether the rule's pattern matches, which has lists of whole values alone."""

    def matches(pattern: Any, value: Any) -> bool:
        if isinstance(pattern, list):
            return value in pattern
        return all(matches(part, (value or {}).get(name)) for name, part in pattern.items())

    return matches(released()["Ends"]["Properties"]["EventPattern"], event)


def test_the_rule_hears_of_this_release_alone() -> None:
    assert heard(EVENT)
    detail = EVENT["detail"]
    assert heard(EVENT | {"detail": detail | {"state": "SUCCEEDED"}})
    for state in ("STARTED", "RESUMED", "CANCELED", "SUPERSEDED", "failed"):
        assert not heard(EVENT | {"detail": detail | {"state": state}})
    assert not heard(EVENT | {"detail": detail | {"pipeline": "sagemaker-other-dev-release"}})
    assert not heard(EVENT | {"detail": {"state": "FAILED"}})
    for kind in ("Stage", "Action"):
        near = f"CodePipeline {kind} Execution State Change"
        assert not heard(EVENT | {"detail-type": near})
    assert not heard(EVENT | {"source": "codepipeline.amazonaws.com"})


def test_names_fit_the_longest_project() -> None:
    """Lambda 64 letters, CodePipeline 100, rule 64, role 64, stack 128."""
    resources = released(**LONG)
    assert len(resources["Release"]["Properties"]["Name"]) <= 100
    assert len(resources["Ends"]["Properties"]["Name"]) <= 64
    for name in ("CandidateFunction", "SmokeTestFunction"):
        assert len(resources[name]["Properties"]["FunctionName"]) <= 64
    roles = set(re.findall(r":role/([\w-]+)", json.dumps(resources["Release"])))
    assert len(roles) == 9 + 1 and all(len(role) <= 64 for role in roles)
    assert len(action("Staging", "Deploy", **LONG)["Configuration"]["StackName"]) <= 128


@settings(max_examples=30, deadline=None)
@given(before=ANY, after=ANY)
def test_no_option_replaces_anything(before, after) -> None:
    after = after | {"Stage": before["Stage"]}
    change = update(released(**before), released(**after))
    assert not change["replaced"] and not change["added"] and not change["removed"]


def test_the_output_is_what_an_approval_starts() -> None:
    outputs = evaluate(RELEASE, RELEASED)["Outputs"]
    arn = outputs["ReleasePipelineArn"]["Value"]
    assert arn == "arn:aws:codepipeline:eu-west-1:123456789012:<Release>"


def test_every_parameter_is_grouped_and_labelled() -> None:
    interface = RELEASE["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(RELEASE["Parameters"])
    assert interface["ParameterLabels"].keys() == RELEASE["Parameters"].keys()
    assert all(entry["Description"] for entry in RELEASE["Parameters"].values())
