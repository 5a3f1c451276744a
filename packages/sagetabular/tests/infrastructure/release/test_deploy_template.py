"""deploy.yaml for every kind of hosting and option.

Names of metrics, dimensions and namespaces, and their units:
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
Scaling: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code-define.html
What serverless endpoints lack:
https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
Numbers of the scaling policy are those of the systems that this one replaces (row 74).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from deploying import DEPLOY, GIVEN, KEY, PACKAGE, TOPIC, deployed, update
from hypothesis import given, settings
from hypothesis import strategies as st
from projects import TEMPLATE

from sagetabular.infrastructure.templates import evaluate

ALARMS = {"ServerErrors", "ModelErrors", "Latency"}
NETWORK = {"Subnets": "subnet-11111111,subnet-22222222", "SecurityGroups": "sg-33333333"}
SWITCH = st.sampled_from(["true", "false"])
ANY = st.fixed_dictionaries(
    {
        "Stage": st.sampled_from(["dev", "staging", "prod"]),
        "Hosting": st.sampled_from(["instances", "serverless", "batch"]),
        "TrafficShift": st.sampled_from(["ALL_AT_ONCE", "CANARY", "LINEAR"]),
        "InstanceType": st.sampled_from(["ml.m5.large", "ml.c7i.48xlarge"]),
        "MinInstances": st.integers(1, 3),
        "MaxInstances": st.integers(3, 9),
        "MemoryInMB": st.sampled_from([1024, 6144]),
        "NoticeTopicArn": st.sampled_from(["", TOPIC]),
        "Subnets": st.sampled_from(["", NETWORK["Subnets"]]),
        "SecurityGroups": st.just(NETWORK["SecurityGroups"]),
        **dict.fromkeys(
            ["Autoscaling", "ScaleIn", "AutoRollback", "DataCapture", "NetworkIsolation"], SWITCH
        ),
        "EncryptVolumes": SWITCH,
    }
)


def properties(name: str, **parameters: Any) -> dict[str, Any]:
    found: dict[str, Any] = deployed(**parameters)[name]["Properties"]
    return found


def variant(**parameters: Any) -> dict[str, Any]:
    (only,) = properties("EndpointConfig", **parameters)["ProductionVariants"]
    found: dict[str, Any] = only
    return found


def test_the_policy_is_that_of_the_replaced_system() -> None:
    target, policy = properties("ScalableTarget"), properties("ScalingPolicy")
    assert target["ServiceNamespace"] == "sagemaker"
    assert target["ScalableDimension"] == "sagemaker:variant:DesiredInstanceCount"
    assert target["ResourceId"] == "endpoint/<Endpoint.EndpointName>/variant/AllTraffic"
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 4)
    assert policy["PolicyType"] == "TargetTrackingScaling"
    assert policy["ScalingTargetId"] == "<ScalableTarget>"
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "PredefinedMetricSpecification": {
            "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
        },
        "TargetValue": 5000,
        "ScaleOutCooldown": 60,
        "ScaleInCooldown": 300,
        "DisableScaleIn": False,
    }


def test_scaling_in_is_switched_off_and_on_again() -> None:
    """In the replaced system the text "False" was true, so that it stayed off."""
    for said, disabled in (("false", True), ("true", False), ("false", True)):
        policy = properties("ScalingPolicy", ScaleIn=said)
        assert policy["TargetTrackingScalingPolicyConfiguration"]["DisableScaleIn"] is disabled
    off, on = deployed(ScaleIn="false"), deployed(ScaleIn="true")
    assert update(off, on)["updated"] == update(on, off)["updated"] == {"ScalingPolicy"}


def test_scaling_is_optional() -> None:
    """Without it the endpoint has `MinInstances`, so it is updated too."""
    assert update(deployed(), deployed(Autoscaling="false")) == {
        "replaced": set(),
        "updated": {"Endpoint"},
        "added": set(),
        "removed": {"ScalableTarget", "ScalingPolicy"},
    }


def test_burstable_instances_do_not_scale() -> None:
    """SageMaker does not support it, says the page that CDK's pull request 22886 quotes."""
    scaling = {"ScalableTarget", "ScalingPolicy"}
    assert not scaling & deployed(InstanceType="ml.t2.medium").keys()
    for kind in ("ml.m5.large", "ml.c5.t2", "ml.t2x.large"):
        assert scaling <= deployed(InstanceType=kind).keys()


@pytest.mark.parametrize(
    ("name", "metric", "statistic", "threshold"),
    [
        ("ServerErrors", "Invocation5XXErrors", {"Statistic": "Average"}, 0.02),
        ("ModelErrors", "InvocationModelErrors", {"Statistic": "Average"}, 0.02),
        # ModelLatency is in microseconds.
        ("Latency", "ModelLatency", {"ExtendedStatistic": "p99"}, 250_000),
    ],
)
def test_alarms_watch_the_metrics_of_the_endpoint(name, metric, statistic, threshold) -> None:
    alarm = properties(name, Stage="prod", MaxErrorRate=0.02, MaxLatencyMilliseconds=250)
    assert alarm["Namespace"] == "AWS/SageMaker"
    assert alarm["MetricName"] == metric
    assert {entry["Name"]: entry["Value"] for entry in alarm["Dimensions"]} == {
        "EndpointName": "sagemaker-housing-prod",
        "VariantName": variant()["VariantName"],
    }
    assert statistic.items() <= alarm.items()
    assert float(alarm["Threshold"]) == threshold
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    # No request is no failure: an idle endpoint can be updated.
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["AlarmActions"] == [TOPIC]
    assert "AlarmActions" not in properties(name, NoticeTopicArn="")


def test_an_update_is_rolled_back_by_all_alarms() -> None:
    deployment = properties("Endpoint")["DeploymentConfig"]
    names = [entry["AlarmName"] for entry in deployment["AutoRollbackConfiguration"]["Alarms"]]
    assert names == ["<ServerErrors>", "<ModelErrors>", "<Latency>"]
    without = properties("Endpoint", AutoRollback="false")["DeploymentConfig"]
    assert "AutoRollbackConfiguration" not in without
    assert deployed(AutoRollback="false").keys() >= ALARMS


@pytest.mark.parametrize(
    ("shift", "size"),
    [("ALL_AT_ONCE", None), ("CANARY", "CanarySize"), ("LINEAR", "LinearStepSize")],
)
def test_traffic_shifts_as_asked(shift, size) -> None:
    given_ = {"StepPercent": 25, "BakeSeconds": 600, "TerminationWaitSeconds": 90}
    policy = properties("Endpoint", TrafficShift=shift, **given_)["DeploymentConfig"]
    policy = policy["BlueGreenUpdatePolicy"]
    routing = policy["TrafficRoutingConfiguration"]
    assert policy["TerminationWaitInSeconds"] == 90
    assert (routing.pop("Type"), routing.pop("WaitIntervalInSeconds")) == (shift, 600)
    assert routing == ({size: {"Type": "CAPACITY_PERCENT", "Value": 25}} if size else {})


@pytest.mark.parametrize("shift", ["ALL_AT_ONCE", "CANARY", "LINEAR"])
def test_the_longest_update_fits_into_what_sagemaker_allows(shift) -> None:
    """28,800 seconds at most, more than all waits together, says the API's page:

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BlueGreenUpdatePolicy.html
    """
    limits = DEPLOY["Parameters"]
    longest = {name: limits[name]["MaxValue"] for name in ("BakeSeconds", "TerminationWaitSeconds")}
    smallest = limits["StepPercent"]["MinValue"]
    config = properties("Endpoint", TrafficShift=shift, StepPercent=smallest, **longest)
    policy = config["DeploymentConfig"]["BlueGreenUpdatePolicy"]
    steps = {"ALL_AT_ONCE": 1, "CANARY": 2, "LINEAR": math.ceil(100 / smallest)}[shift]
    bake = policy["TrafficRoutingConfiguration"]["WaitIntervalInSeconds"]
    waits = steps * bake + policy["TerminationWaitInSeconds"]
    # An hour is left for instances to start.
    assert waits + 3600 <= policy["MaximumExecutionTimeoutInSeconds"] == 28_800


def refused(rule: str, **parameters: Any) -> bool:
    """Return whether a rule of the template refuses parameters."""
    written = DEPLOY["Rules"][rule]
    questions = {"Applies": written["RuleCondition"], "Holds": written["Assertions"][0]["Assert"]}
    template = DEPLOY | {"Conditions": questions, "Resources": {}}
    template["Outputs"] = {name: {"Condition": name, "Value": "x"} for name in questions}
    outputs = evaluate(template, GIVEN | parameters)["Outputs"]
    return "Applies" in outputs and "Holds" not in outputs


def test_steps_are_refused_for_a_single_instance() -> None:
    """A canary has at most half of the instances, says SageMaker's API."""
    rule = "StepsNeedInstances"
    assert refused(rule, TrafficShift="CANARY", MinInstances=1)
    assert refused(rule, TrafficShift="LINEAR", MinInstances=1)
    assert not refused(rule, TrafficShift="CANARY", MinInstances=2)
    assert not refused(rule, TrafficShift="ALL_AT_ONCE", MinInstances=1)
    assert not refused(rule, TrafficShift="CANARY", MinInstances=1, Hosting="serverless")


def test_subnets_without_security_groups_are_refused() -> None:
    rule = "SubnetsNeedGroups"
    assert refused(rule, Subnets=NETWORK["Subnets"])
    assert not refused(rule, **NETWORK)
    assert not refused(rule)


def test_captured_data_is_encrypted_and_off_by_default() -> None:
    assert "DataCaptureConfig" not in properties("EndpointConfig")
    capture = properties("EndpointConfig", DataCapture="true", CapturePercent=5, Stage="prod")
    capture = capture["DataCaptureConfig"]
    assert capture["EnableCapture"] is True
    assert capture["InitialSamplingPercentage"] == 5
    assert capture["DestinationS3Uri"] == "s3://artefacts/endpoints/sagemaker-housing-prod"
    assert capture["KmsKeyId"] == KEY
    assert [entry["CaptureMode"] for entry in capture["CaptureOptions"]] == ["Input", "Output"]


def test_a_vpc_and_isolation_are_options() -> None:
    network = properties("Model", **NETWORK)["VpcConfig"]
    assert network == {
        "Subnets": ["subnet-11111111", "subnet-22222222"],
        "SecurityGroupIds": ["sg-33333333"],
    }
    assert "VpcConfig" not in properties("Model")
    assert properties("Model")["EnableNetworkIsolation"] is True
    assert properties("Model", NetworkIsolation="false")["EnableNetworkIsolation"] is False


def test_serverless_has_no_settings_of_instances() -> None:
    resources = deployed(Hosting="serverless", DataCapture="true", **NETWORK)
    assert resources.keys() == {"Model", "EndpointConfig", "Endpoint"} | ALARMS
    endpoint, model = resources["Endpoint"]["Properties"], resources["Model"]["Properties"]
    assert endpoint.keys() == {"EndpointName", "EndpointConfigName", "Tags"}
    assert resources["EndpointConfig"]["Properties"].keys() == {"ProductionVariants", "Tags"}
    assert "VpcConfig" not in model and model["EnableNetworkIsolation"] is False
    assert variant(Hosting="serverless", MemoryInMB=4096, MaxConcurrency=7) == {
        "VariantName": "AllTraffic",
        "ModelName": "<Model.ModelName>",
        "InitialVariantWeight": 1,
        "ServerlessConfig": {"MemorySizeInMB": 4096, "MaxConcurrency": 7},
    }


def test_the_documented_transform_job_is_one() -> None:
    page = (TEMPLATE.parent / "docs/infrastructure/deployment.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    shape = SERVICES["sagemaker"].operation_model("CreateTransformJob").input_shape
    report = ParamValidator().validate(json.loads(text), shape)
    assert not report.has_errors(), report.generate_report()


def test_batch_has_the_model_alone() -> None:
    batch = evaluate(DEPLOY, GIVEN | {"Hosting": "batch"} | NETWORK)
    assert batch["Resources"].keys() == {"Model"}
    assert "VpcConfig" in batch["Resources"]["Model"]["Properties"]
    assert "EndpointName" not in batch["Outputs"]
    assert batch["Outputs"]["ModelName"]["Value"] == "<Model.ModelName>"
    assert batch["Outputs"]["Hosting"]["Value"] == "batch"


@pytest.mark.parametrize(
    ("kind", "fits"),
    [
        ("ml.m5.large", True), ("ml.c7i.48xlarge", True), ("ml.p6-b200.48xlarge", True),
        ("ml.g6e.xlarge", True), ("m5.large", False), ("ml.m5", False), ("ml.M5.large", False),
        ("ml.m5.large,ml.c5.large", False),
    ],
)  # fmt: skip
def test_types_of_instances_are_checked_by_form(kind, fits) -> None:
    pattern = DEPLOY["Parameters"]["InstanceType"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, kind)) is fits


def test_another_version_replaces_model_and_configuration_and_updates_the_endpoint() -> None:
    """An endpoint that was replaced would be gone while the new one starts."""
    for hosting in ("instances", "serverless"):
        old = deployed(Hosting=hosting)
        new = deployed(Hosting=hosting, ModelPackageArn=PACKAGE.replace("/3", "/4"))
        change = update(old, new)
        assert change.pop("replaced") == {"Model", "EndpointConfig"}
        assert change.pop("updated") == {"Endpoint"}
        assert not any(change.values())


def test_the_same_version_again_changes_nothing() -> None:
    assert not any(update(deployed(), deployed()).values())


def test_an_update_keeps_how_many_instances_there_are() -> None:
    endpoint = properties("Endpoint")
    assert endpoint["RetainAllVariantProperties"] is True
    assert "ExcludeRetainedVariantProperties" not in endpoint
    # The new number is the autoscaling's; the configuration's is for a new endpoint.
    assert variant(MinInstances=2)["InitialInstanceCount"] == 2


@pytest.mark.parametrize(
    "fixed", [{"Autoscaling": "false"}, {"InstanceType": "ml.t2.medium"}], ids=str
)
def test_an_endpoint_that_does_not_scale_has_the_instances_of_its_settings(fixed) -> None:
    """Retained properties win over the configuration's, says the page of UpdateEndpoint:

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
    """
    assert properties("Endpoint", **fixed)["RetainAllVariantProperties"] is False
    change = update(deployed(MinInstances=1, **fixed), deployed(MinInstances=3, **fixed))
    assert (change["replaced"], change["updated"]) == ({"EndpointConfig"}, {"Endpoint"})
    assert variant(MinInstances=3, **fixed)["InitialInstanceCount"] == 3


def test_more_instances_and_steps_take_two_deployments() -> None:
    """The endpoint is updated before its autoscaling, which refers to it, has more instances."""
    resources = deployed(MinInstances=2, TrafficShift="CANARY")
    assert "<Endpoint." in resources["ScalableTarget"]["Properties"]["ResourceId"]
    page = (TEMPLATE.parent / "docs/infrastructure/deployment.md").read_text(encoding="utf-8")
    for text in (DEPLOY["Parameters"]["TrafficShift"]["Description"], page):
        assert "two deployments" in text


def test_what_is_replaced_has_no_name_of_its_own() -> None:
    """CloudFormation makes the new one before the old one goes: one name would be taken."""
    assert "ModelName" not in properties("Model")
    assert "EndpointConfigName" not in properties("EndpointConfig")


@settings(max_examples=60, deadline=None)
@given(before=ANY, after=ANY)
def test_no_option_replaces_an_endpoint_or_its_scaling(before, after) -> None:
    after = after | {"Stage": before["Stage"]}
    change = update(deployed(**before), deployed(**after))
    assert change["replaced"] <= {"Model", "EndpointConfig"}
    assert not change["replaced"] & {"Endpoint"}


@settings(max_examples=60, deadline=None)
@given(chosen=ANY)
def test_every_combination_is_what_the_services_take(chosen) -> None:
    """Checked against botocore's description of the calls that CloudFormation makes."""
    resources = deployed(**chosen)
    expected = {"Model"}
    if chosen["Hosting"] != "batch":
        expected |= {"EndpointConfig", "Endpoint"} | ALARMS
    if chosen["Hosting"] == "instances" and chosen["Autoscaling"] == "true":
        expected |= {"ScalableTarget", "ScalingPolicy"}
    assert resources.keys() == expected
    for resource in resources.values():
        assert not problems(resource), resource


CALLS = {
    "AWS::SageMaker::Model": ("sagemaker", "CreateModel"),
    "AWS::SageMaker::EndpointConfig": ("sagemaker", "CreateEndpointConfig"),
    "AWS::SageMaker::Endpoint": ("sagemaker", "CreateEndpoint"),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "PutMetricAlarm"),
    "AWS::ApplicationAutoScaling::ScalableTarget": (
        "application-autoscaling",
        "RegisterScalableTarget",
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": ("application-autoscaling", "PutScalingPolicy"),
}
SERVICES = {
    name: botocore.session.get_session().get_service_model(name)
    for name in {service for service, _ in CALLS.values()}
}


def problems(resource: dict[str, Any]) -> str:
    """Return what the service would refuse of a resource; names that CloudFormation makes count."""
    service, call = CALLS[resource["Type"]]
    given_ = dict(resource["Properties"])
    assert given_.pop("RetainAllVariantProperties", True) in (True, False)
    if resource["Type"].endswith("Model"):
        given_ |= {"ModelName": "made"}
    if resource["Type"].endswith("EndpointConfig"):
        given_ |= {"EndpointConfigName": "made"}
    if resource["Type"].endswith("ScalingPolicy"):
        assert given_.pop("ScalingTargetId") == "<ScalableTarget>"
        given_ |= {"ServiceNamespace": "sagemaker", "ResourceId": "x", "ScalableDimension": "y"}
    if "Threshold" in given_:
        given_["Threshold"] = float(given_["Threshold"])
    shape = SERVICES[service].operation_model(call).input_shape
    return str(ParamValidator().validate(given_, shape).generate_report())


def test_names_fit_the_longest_project() -> None:
    """Endpoint 63 letters, alarm 255, policy 256: limits of the services' APIs."""
    long = {"Project": "a" * 32, "Stage": "s" * 7}
    resources = deployed(**long)
    assert len(resources["Endpoint"]["Properties"]["EndpointName"]) <= 63
    assert all(len(resources[name]["Properties"]["AlarmName"]) <= 255 for name in ALARMS)


def test_every_parameter_is_grouped_and_labelled() -> None:
    interface = DEPLOY["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(DEPLOY["Parameters"])
    assert interface["ParameterLabels"].keys() == DEPLOY["Parameters"].keys()
    assert all(entry["Description"] for entry in DEPLOY["Parameters"].values())
