"""The state machine of workflow.yaml, executed by moto's interpreter in an account that is made up.

What SageMaker's statuses and errors are called: its API reference,
https://docs.aws.amazon.com/sagemaker/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sagetabular.infrastructure.templates import evaluate, read_template
from tests.baking import ROOT
from tests.servers import environment

HERE = Path(__file__).parent
TEMPLATE = ROOT / "{{cookiecutter.project_slug}}/infrastructure/workflow.yaml"
ROLE = "arn:aws:iam::123456789012:role"
PARAMETERS = {
    "Project": "housing",
    "Stage": "prod",
    "PipelineName": "housing-prod",
    "ModelPackageGroup": "housing-prod",
    "KeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1",
    "ArtifactBucket": "artefacts",
    "WorkflowRoleArn": f"{ROLE}/workflow",
    "ReleaseRoleArn": f"{ROLE}/release",
    "EndpointRoleArn": f"{ROLE}/endpoint",
    "NoticeTopicArn": "arn:aws:sns:eu-west-1:123456789012:notices",
}
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/housing-prod"
# Of an execution that was aborted: nobody knows it any more.
GONE = "arn:aws:states:eu-west-1:123456789012:execution:workflow:gone"
# Without retries of the client's own: the state machine's are what counts.
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_MAX_ATTEMPTS": "1",
}
VPC = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"]}
THROTTLED = "ThrottlingException"
NO_ROOM = "ResourceLimitExceeded"

# The name of a scenario → what is special about it: see interpreter.py.
SCENARIOS: dict[str, dict[str, Any]] = {
    "new": {},
    "update": {
        "before": {"status": "InService", "instances": 3},
        "endpoint": ["Updating", "InService"],
    },
    "busy endpoint": {"before": {"status": "Updating", "instances": 2}},
    "failed endpoint": {"before": {"status": "Failed", "instances": 1}},
    "dead endpoint": {"before": {"status": "OutOfService", "instances": 1}},
    "pipeline fails": {"pipeline": ["Executing", "Failed"]},
    "pipeline stops": {"pipeline": ["Executing", "Stopping", "Stopped"]},
    "pipeline in part": {"pipeline": ["CompletedWithFailures"]},
    "pipeline too long": {"pipeline": ["Executing"], "input": {"PipelineTimeoutSeconds": 600}},
    "pipeline runs": {"running": True},
    "no start values": {"start_values": False},
    "own parameters": {"input": {"PipelineParameters": [{"Name": "Folds", "Value": "3"}]}},
    "nothing registered": {"packages": []},
    "pending": {"packages": [{"approval": "PendingManualApproval"}]},
    "pending at once": {
        "packages": [{"approval": "PendingManualApproval"}],
        "input": {"Package": "registered"},
    },
    "rejected at once": {
        "packages": [{"approval": "Rejected"}],
        "input": {"Package": "registered"},
    },
    "others too": {
        "packages": [
            {"approval": "Approved", "execution": "older"},
            {"approval": "Approved"},
            {"approval": "Approved", "execution": "newer"},
        ]
    },
    "approval": {
        "ready": {"approval": "Approved"},
        "input": {"source": "aws.sagemaker", "detail": {"ModelPackageArn": f"{PACKAGE}/1"}},
    },
    "throttled": {
        "errors": {
            "StartPipelineExecution": [THROTTLED, THROTTLED],
            "CreateModel": [THROTTLED],
            "CreateEndpoint": [NO_ROOM],
        }
    },
    "no room": {"errors": {"StartPipelineExecution": [NO_ROOM] * 9}},
    "denied": {"errors": {"CreateModel": ["AccessDeniedException"] * 9}},
    "endpoint fails": {"endpoint": ["Creating", "Failed"]},
    "endpoint rolls back": {
        "before": {"status": "InService", "instances": 1},
        "endpoint": ["Updating", "RollingBack"],
    },
    "endpoint rolled back": {
        "before": {"status": "InService", "instances": 1},
        "endpoint": ["Updating", "InService (rolled back)"],
    },
    "endpoint too long": {"endpoint": ["Creating"], "input": {"EndpointTimeoutSeconds": 600}},
    "smoke test fails": {"smoke_test": False},
    "smoke test fails after update": {
        "smoke_test": False,
        "before": {"status": "InService", "instances": 1},
        "endpoint": ["Updating", "InService"],
    },
    "no autoscaling": {"input": {"Autoscaling": False}},
    "no autoscaling any more": {
        "before": {"status": "InService", "instances": 3, "scaled": True},
        "endpoint": ["Updating", "InService"],
        "input": {"Autoscaling": False},
    },
    "scaling denied": {
        "before": {"status": "InService", "instances": 3, "scaled": True},
        "endpoint": ["Updating", "InService"],
        "input": {"Autoscaling": False},
        "errors": {"DeregisterScalableTarget": ["AccessDeniedException"] * 9},
    },
    "burstable": {"input": {"InstanceType": "ml.t2.medium"}},
    "burstable now": {
        "before": {"status": "InService", "instances": 3, "scaled": True},
        "endpoint": ["Updating", "InService"],
        "input": {"InstanceType": "ml.t2.medium"},
    },
    "NVMe volumes": {"input": {"InstanceType": "ml.m5d.large", "EncryptVolumes": False}},
    "text for encryption": {"input": {"EncryptVolumes": "false"}},
    "scale-in off": {"input": {"DisableScaleIn": True}},
    "text for a boolean": {"input": {"DisableScaleIn": "False"}},
    "text for a number": {"input": {"MaxInstances": "4"}},
    "no JSON": {"settings": "{'DisableScaleIn': False}"},
    "in a VPC": {"input": {"VpcConfig": VPC}},
    "no lock": {"without": "Lock"},
    "no topic": {"without": "Topic"},
    "registry denied": {"errors": {"ListModelPackages": ["AccessDeniedException"] * 9}},
    "bounds crossed": {"input": {"MinInstances": 5}},
    "half an instance": {"input": {"MinInstances": 1.5}},
    "second": {"holder": "running", "other": "RUNNING"},
    "after an abort": {"holder": GONE},
}


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """Execute all scenarios, in one process of moto's environment."""
    evaluated = evaluate(read_template(TEMPLATE), PARAMETERS)["Resources"]
    machine = evaluated["Workflow"]["Properties"]
    names = machine["DefinitionSubstitutions"] | {
        "Settings": evaluated["Settings"]["Properties"]["Name"],
        "Lock": evaluated["Lock"]["Properties"]["TableName"],
        "SmokeTest": evaluated["SmokeTest"]["Properties"]["FunctionName"],
    }
    definition = json.dumps(machine["Definition"])
    for name, value in names.items():
        definition = definition.replace(f"${{{name}}}", value)
    settings = {"settings": evaluated["Settings"]["Properties"]["Value"]}
    scenarios = {name: settings | scenario for name, scenario in SCENARIOS.items()}
    given = {"definition": json.loads(definition), "names": names, "scenarios": scenarios}
    python = environment("moto-workflow", HERE / "moto.lock") / "bin/python"
    done = subprocess.run(
        [python, HERE / "interpreter.py"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def calls(result: dict[str, Any], operation: str) -> list[dict[str, Any]]:
    """Return what an operation was called with, each time."""
    return [parameters for name, parameters in result["calls"] if name == operation]


def test_it_goes_from_the_pipeline_to_a_scaled_endpoint(results: dict[str, Any]) -> None:
    result = results["new"]
    assert result["status"] == "SUCCEEDED", result["cause"]
    order = [name for name, _ in result["calls"]]
    expected = [
        "startPipelineExecution", "listModelPackages", "createModel", "createEndpointConfig",
        "createEndpoint", "invoke", "registerScalableTarget", "putScalingPolicy", "publish",
    ]  # fmt: skip
    assert [name for name in order if name in expected] == expected
    (model,), (configuration,) = calls(result, "createModel"), calls(result, "createEndpointConfig")
    assert model["Containers"] == [{"ModelPackageName": f"{PACKAGE}/1"}]
    assert model["EnableNetworkIsolation"] is True
    (variant,) = configuration["ProductionVariants"]
    assert variant["ModelName"] == model["ModelName"] == configuration["EndpointConfigName"]
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.m5.large", 1)
    (notice,) = result["notices"]
    assert notice["Subject"] == "sagemaker-housing-prod serves a new model"
    assert f"{PACKAGE}/1" in notice["Message"]
    assert result["lock"] is None
    output = {"EndpointName": "sagemaker-housing-prod", "ModelPackageArn": f"{PACKAGE}/1"}
    assert json.loads(result["output"]) == output
    # Two looks at the pipeline and two at the endpoint, a minute after one another.
    assert result["waited"] == [60] * 4


def test_names_fit_and_are_new_every_time(results: dict[str, Any]) -> None:
    names = [
        calls(result, "createModel")[0]["ModelName"]
        for result in results.values()
        if calls(result, "createModel")
    ]
    assert len({*names}) == len(names)
    assert {len(name) - len("sagemaker-housing-prod-") for name in names} == {12}


def test_what_upsert_left_starts_the_pipeline_once(results: dict[str, Any]) -> None:
    (start,) = results["new"]["started"]
    assert start["PipelineName"] == "housing-prod"
    assert start["PipelineParameters"] == [{"Name": "ImageUri", "Value": "the-image"}]
    assert 32 <= len(start["ClientRequestToken"]) <= 128
    tokens = {
        call["ClientRequestToken"] for call in calls(results["throttled"], "startPipelineExecution")
    }
    assert len(tokens) == 1, "a retry must not start a second execution"
    (own,) = results["own parameters"]["started"]
    assert own["PipelineParameters"] == [{"Name": "Folds", "Value": "3"}]


def test_an_update_keeps_the_current_number_of_instances(results: dict[str, Any]) -> None:
    """Row 73; `InitialInstances` is 1."""
    result = results["update"]
    assert result["status"] == "SUCCEEDED", result["cause"]
    assert not calls(result, "createEndpoint")
    (configuration,) = calls(result, "createEndpointConfig")
    assert configuration["ProductionVariants"][0]["InitialInstanceCount"] == 3
    (update,) = result["updates"]
    assert update == {
        "EndpointName": "sagemaker-housing-prod",
        "EndpointConfigName": configuration["EndpointConfigName"],
        "RetainAllVariantProperties": True,
    }


def test_an_endpoint_that_changes_is_waited_for(results: dict[str, Any]) -> None:
    result = results["busy endpoint"]
    assert result["status"] == "SUCCEEDED", result["cause"]
    assert result["states"].count("Wait for rest") == 1
    assert len(result["updates"]) == 1


def test_an_endpoint_whose_creation_failed_is_made_anew(results: dict[str, Any]) -> None:
    result = results["failed endpoint"]
    assert result["status"] == "SUCCEEDED", result["cause"]
    assert len(calls(result, "deleteEndpoint")) == len(calls(result, "createEndpoint")) == 1


@pytest.mark.parametrize(
    "scenario", ["pending at once", "approval", "others too", "after an abort"]
)
def test_it_succeeds_too(results: dict[str, Any], scenario: str) -> None:
    assert results[scenario]["status"] == "SUCCEEDED", results[scenario]["cause"]


def test_an_approval_deploys_its_package_and_trains_nothing(results: dict[str, Any]) -> None:
    result = results["approval"]
    assert not result["started"]
    (model,) = calls(result, "createModel")
    assert model["Containers"] == [{"ModelPackageName": f"{PACKAGE}/1"}]


def test_the_package_is_that_of_this_execution(results: dict[str, Any]) -> None:
    (model,) = calls(results["others too"], "createModel")
    assert model["Containers"] == [{"ModelPackageName": f"{PACKAGE}/2"}]


# Scenario → error, what its cause must say, and the step that the notice names.
FAILURES = {
    "pipeline fails": ("Pipeline.Failed", "is Failed: Step failure: TuneRidge.", "Run pipeline"),
    "pipeline stops": ("Pipeline.Stopped", "is Stopped: SageMaker names no reason", "Run pipeline"),
    "pipeline in part": ("Pipeline.CompletedWithFailures", "CompletedWithFailures", "Run pipeline"),
    "pipeline too long": ("Pipeline.Timeout", "was stopped after 600 seconds", "Run pipeline"),
    "pipeline runs": ("Pipeline.Running", "execution/other is running", "Run pipeline"),
    "no start values": (
        "Pipeline.NoStartValues",
        "artefacts/housing-prod/start.json",
        "Run pipeline",
    ),
    "no room": ("Pipeline.Error", "SageMaker.ResourceLimitExceededException", "Run pipeline"),
    "nothing registered": ("Package.None", "registered nothing", "Pick package"),
    "pending": ("Package.PendingManualApproval", f"{PACKAGE}/1 is Pending", "Pick package"),
    "rejected at once": ("Package.Rejected", f"{PACKAGE}/1 is Rejected", "Pick package"),
    "dead endpoint": ("Endpoint.OutOfService", "OutOfService and cannot be", "Deploy"),
    "denied": ("Deployment.Error", "SageMaker.SageMakerException", "Deploy"),
    "endpoint fails": ("Endpoint.Failed", "sagemaker-housing-prod is Failed", "Deploy"),
    "endpoint rolls back": ("Endpoint.RollingBack", "is RollingBack", "Deploy"),
    "endpoint rolled back": ("Endpoint.RolledBack", "has gone back to old-conf", "Deploy"),
    "endpoint too long": ("Endpoint.Timeout", "still Creating after 600 seconds", "Deploy"),
    "registry denied": ("Package.Error", "SageMaker.SageMakerException", "Pick package"),
    "bounds crossed": ("Settings.Type", '"MinInstances":5', "Check settings"),
    "half an instance": ("Autoscaling.Error", "MinCapacity", "Autoscaling"),
    "no lock": ("Lock.Error", "ResourceNotFoundException", "Take lock"),
    "smoke test fails": ("Test.Error", "3 of 10 rows have no answer", "Smoke test"),
    "smoke test fails after update": ("Test.Error", "3 of 10 rows", "Smoke test"),
    "text for a boolean": ("Settings.Type", '"DisableScaleIn":"False"', "Check settings"),
    "text for a number": ("Settings.Type", '"MaxInstances":"4"', "Check settings"),
    "text for encryption": ("Settings.Type", '"EncryptVolumes":"false"', "Check settings"),
    "scaling denied": ("Autoscaling.Error", "as the scenario says", "Autoscaling"),
    "no JSON": ("Settings.Error", "Read settings failed", "Read settings"),
    "second": ("Workflow.Running", "is running; start again", "Take lock"),
}


@pytest.mark.parametrize("scenario", FAILURES)
def test_a_failure_names_step_and_cause_and_tells_people(
    results: dict[str, Any], scenario: str
) -> None:
    result, (error, cause, step) = results[scenario], FAILURES[scenario]
    assert (result["status"], result["error"]) == ("FAILED", error), result["cause"]
    assert result["cause"].startswith(f"{step} failed: ")
    assert cause in result["cause"]
    (notice,) = result["notices"]
    assert notice["Subject"] == f"sagemaker-housing-prod workflow failed: {step}"
    assert result["cause"] in notice["Message"]
    assert result["execution"] in notice["Message"]
    # The next execution may start.
    assert result["lock"] == SCENARIOS[scenario].get("holder") or scenario == "second"


def test_every_scenario_is_judged() -> None:
    judged = {"new", "update", "busy endpoint", "failed endpoint", "own parameters", "throttled"}
    judged |= {"pending at once", "approval", "others too", "after an abort", "in a VPC"}
    judged |= {"no autoscaling", "scale-in off", "no topic", "burstable"}
    judged |= {"no autoscaling any more", "burstable now", "NVMe volumes"}
    assert judged | {*FAILURES} == {*SCENARIOS}


def test_an_execution_that_takes_too_long_is_stopped(results: dict[str, Any]) -> None:
    result = results["pipeline too long"]
    assert len(result["stopped"]) == 1
    assert sum(result["waited"]) == 600
    assert not results["pipeline fails"]["stopped"]


def test_calls_are_repeated_by_class_of_error(results: dict[str, Any]) -> None:
    """Row 68: throttling after seconds, a lack of room after minutes, each later than the last."""
    result = results["throttled"]
    assert result["status"] == "SUCCEEDED", result["cause"]
    assert result["retried"] == [10, 15, 10, 60]
    assert results["no room"]["retried"] == [60, 90, 135, 202.5, 303.75]
    assert len(calls(results["denied"], "createModel")) == 6


def test_a_model_that_fails_its_test_is_taken_back(results: dict[str, Any]) -> None:
    first, back = results["smoke test fails after update"]["updates"]
    assert first["EndpointConfigName"] != back["EndpointConfigName"] == "old-configuration"
    assert not results["smoke test fails"]["updates"], "a new endpoint has nothing to go back to"


def test_booleans_and_numbers_stay_what_they_are(results: dict[str, Any]) -> None:
    """Rows 62 and 74: `False` stays false, from the parameter to Application Auto Scaling."""
    scaling = results["new"]["scaling"]
    assert scaling["targets"] == [[1, 4]]
    (policy,) = scaling["policies"]
    assert policy == {
        "TargetValue": 5000,
        "PredefinedMetricSpecification": {
            "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
        },
        "ScaleOutCooldown": 60,
        "ScaleInCooldown": 300,
        "DisableScaleIn": False,
    }
    (off,) = results["scale-in off"]["scaling"]["policies"]
    assert off["DisableScaleIn"] is True


@pytest.mark.parametrize(
    "scenario", ["no autoscaling", "no autoscaling any more", "burstable", "burstable now"]
)
def test_what_is_not_to_scale_scales_no_more(results: dict[str, Any], scenario: str) -> None:
    """Policies go with their target:

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
    """
    result = results[scenario]
    assert result["status"] == "SUCCEEDED", result["cause"]
    assert result["scaling"] == {"targets": [], "policies": []}
    assert len(calls(result, "deregisterScalableTarget")) == 1, "a target that is not there"
    assert not result["retried"]


def test_volumes_are_encrypted_unless_the_type_refuses_a_key(results: dict[str, Any]) -> None:
    """KmsKeyId: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html"""
    (encrypted,) = calls(results["new"], "createEndpointConfig")
    assert encrypted["KmsKeyId"] == PARAMETERS["KeyArn"]
    assert results["NVMe volumes"]["status"] == "SUCCEEDED", results["NVMe volumes"]["cause"]
    (plain,) = calls(results["NVMe volumes"], "createEndpointConfig")
    assert "KmsKeyId" not in plain
    assert plain["ProductionVariants"][0]["InstanceType"] == "ml.m5d.large"
    assert plain.keys() | {"KmsKeyId"} == encrypted.keys()


def test_settings_that_are_wrong_start_nothing(results: dict[str, Any]) -> None:
    for scenario in (
        "text for a boolean",
        "text for a number",
        "no JSON",
        "second",
        "pipeline runs",
    ):
        assert not results[scenario]["started"]
        assert not calls(results[scenario], "createModel")


def test_the_model_may_be_in_a_vpc(results: dict[str, Any]) -> None:
    (model,) = calls(results["in a VPC"], "createModel")
    assert model["VpcConfig"] == VPC
    assert "VpcConfig" not in calls(results["new"], "createModel")[0]


def test_a_failure_is_one_though_nobody_can_be_told(results: dict[str, Any]) -> None:
    result = results["no topic"]
    assert (result["status"], result["error"]) == ("FAILED", "Notice.Error")
    assert result["cause"].startswith("Notice failed: ")
    assert (result["notices"], result["lock"]) == ([], None)


def test_every_state_is_entered(results: dict[str, Any]) -> None:
    entered = {state for result in results.values() for state in result["states"]}
    machine = read_template(TEMPLATE)["Resources"]["Workflow"]["Properties"]["Definition"]
    assert {*machine["States"]} == entered
