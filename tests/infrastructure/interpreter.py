"""Execute a state machine with moto's interpreter, in an account that a scenario describes.

Run in the environment of `moto.lock`: `python interpreter.py < JSON > JSON`. What goes in is
`{"definition": …, "names": …, "scenarios": {name: scenario}}`, what comes out is name → result.
A scenario says what the account holds and how SageMaker behaves, see `Account`.

moto runs no pipeline and knows neither UpdateEndpoint nor StopPipelineExecution: those are here. So
is DeregisterScalableTarget, which there keeps policies and has an error of another name.
Nobody waits: how long the machine would have waited is recorded instead.
"""

from __future__ import annotations

import json
import sys
import time
import types
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from moto import mock_aws
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk as sdk,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import wait_function
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import json_path

ACCOUNT, REGION = "123456789012", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
CONFIG = {"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}
NAME = "d2ac5eb9-9a35-4a0f-a27a-6a3fb1a0c9d4"
OLD = "old-configuration"
# What Step Functions calls services in the names of their errors, by the SDK for Java:
# https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
ERROR_NAMES = {"sagemaker": "SageMaker", "ssm": "Ssm", "s3": "S3"}
ERROR_NAMES |= {"applicationautoscaling": "ApplicationAutoScaling"}
BOTO_NAMES = {"applicationautoscaling": "application-autoscaling"}
# Actions whose errors a scenario may script, with the methods that answer them.
ACTIONS = {
    "StartPipelineExecution": "start_pipeline_execution",
    "DescribePipelineExecution": "describe_pipeline_execution",
    "StopPipelineExecution": "stop_pipeline_execution",
    "ListModelPackages": "list_model_packages",
    "CreateModel": "create_model",
    "CreateEndpointConfig": "create_endpoint_config",
    "CreateEndpoint": "create_endpoint",
    "UpdateEndpoint": "update_endpoint",
    "DeregisterScalableTarget": "deregister_scalable_target",
}
OF_SCALING = {"deregister_scalable_target"}


class Account:
    """An account, and what SageMaker does in it.

    Args:
        scenario: `settings`, the parameter's text; `input` of the execution; `start_values`, false
            where `pipeline upsert` has left none; `pipeline`, the statuses that an execution has
            one after the other; `running`, true for another execution that runs; `packages` that
            it registers, `{"approval", "execution"}`; `endpoint`, the statuses after a deployment;
            `before`, `{"status", "instances"}` of an endpoint that is there, and `scaled`, true if
            it scales; `errors`, action → codes, one for each call; `smoke_test`, false if it
            fails; `holder` of the lock; `without`, a resource that is not there.
        names: Of the resources.
    """

    def __init__(self, scenario: dict[str, Any], names: dict[str, str]) -> None:
        self.scenario, self.names = scenario, names
        self.pipeline = list(scenario.get("pipeline", ["Executing", "Succeeded"]))
        self.endpoint = list(scenario.get("endpoint", ["Creating", "InService"]))
        self.errors = {name: list(codes) for name, codes in scenario.get("errors", {}).items()}
        self.started: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.stopped: list[str] = []
        self.waited: list[float] = []
        self.retried: list[float] = []

    def client(self, service: str) -> Any:
        return _raw_client(service)

    def make(self) -> None:
        """Make what the state machine finds."""
        names, scenario, sagemaker = self.names, self.scenario, self.client("sagemaker")
        settings = scenario["settings"]
        self.client("ssm").put_parameter(Name=names["Settings"], Value=settings, Type="String")
        key = {"AttributeName": "lock"}
        self.client("dynamodb").create_table(
            TableName=self._name("Lock"),
            AttributeDefinitions=[{**key, "AttributeType": "S"}],
            KeySchema=[{**key, "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        if "holder" in scenario:
            item = {"lock": {"S": "workflow"}, "holder": {"S": self._holder()}}
            self.client("dynamodb").put_item(TableName=names["Lock"], Item=item)
        self._make_topic()
        self._make_start_values()
        sagemaker.create_pipeline(
            PipelineName=names["Pipeline"],
            PipelineDefinition="{}",
            ClientRequestToken="1" * 32,
            RoleArn=ROLE,
        )
        sagemaker.create_model_package_group(ModelPackageGroupName=names["Group"])
        if "ready" in scenario:
            package = scenario["ready"]
            sagemaker.create_model_package(
                ModelPackageGroupName=names["Group"], ModelApprovalStatus=package["approval"]
            )
        if scenario.get("before"):
            self._make_endpoint(scenario["before"])
        self._make_function()

    def _holder(self) -> str:
        """Return who has the lock: an execution that runs, or the one that the scenario names."""
        if self.scenario["holder"] != "running":
            return str(self.scenario["holder"])
        machines = self.client("stepfunctions")
        queue = self.client("sqs").create_queue(QueueName="tokens")["QueueUrl"]
        wait = {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": queue, "MessageBody.$": "$$.Task.Token"},
            "End": True,
        }
        definition = {"StartAt": "Wait", "States": {"Wait": wait}}
        arn = machines.create_state_machine(
            name="other", definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        return str(machines.start_execution(stateMachineArn=arn)["executionArn"])

    def _name(self, resource: str) -> str:
        """Return what a resource is called; something else if the scenario is without it."""
        return "other" if self.scenario.get("without") == resource else self.names[resource]

    def _make_topic(self) -> None:
        topic = self.client("sns").create_topic(Name=self._name("Topic").rsplit(":", 1)[-1])
        queue = self.client("sqs").create_queue(QueueName="notices")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:notices"
        self.client("sns").subscribe(TopicArn=topic["TopicArn"], Protocol="sqs", Endpoint=arn)
        self.queue = queue

    def _make_start_values(self) -> None:
        s3, names = self.client("s3"), self.names
        where = {"LocationConstraint": REGION}
        s3.create_bucket(Bucket=names["Bucket"], CreateBucketConfiguration=where)
        if self.scenario.get("start_values", True):
            values = [{"Name": "ImageUri", "Value": "the-image"}]
            key = f"{names['Pipeline']}/start.json"
            body = json.dumps({"parameters": {}, "PipelineParameters": values})
            s3.put_object(Bucket=names["Bucket"], Key=key, Body=body.encode())

    def _make_endpoint(self, before: dict[str, Any]) -> None:
        sagemaker = self.client("sagemaker")
        sagemaker.create_model(ModelName="old", ExecutionRoleArn=ROLE)
        variant = {"VariantName": "AllTraffic", "ModelName": "old", "InstanceType": "ml.m5.large"}
        variant |= {"InitialInstanceCount": before["instances"]}
        sagemaker.create_endpoint_config(EndpointConfigName=OLD, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=self.names["Endpoint"], EndpointConfigName=OLD)
        self._endpoint().endpoint_status = before["status"]
        if before.get("scaled"):
            self._make_scaling()

    def _make_scaling(self) -> None:
        """Let the endpoint scale, as an earlier execution did."""
        variant = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{self.names['Endpoint']}/variant/AllTraffic",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }
        scaling = self.client("application-autoscaling")
        scaling.register_scalable_target(**variant, MinCapacity=2, MaxCapacity=8)
        metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
        scaling.put_scaling_policy(
            **variant,
            PolicyName=self.names["Endpoint"],
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 9.0,
                "PredefinedMetricSpecification": metric,
            },
        )

    def _make_function(self) -> None:
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        self.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument=trust)
        self.client("lambda").create_function(
            FunctionName=self.names["SmokeTest"],
            Runtime="python3.13",
            Role=ROLE,
            Handler="index.handler",
            Code={"ZipFile": b"not run"},
        )

    def _endpoint(self) -> Any:
        return sagemaker_backends[ACCOUNT][REGION].endpoints[self.names["Endpoint"]]

    # What SageMaker answers in place of moto.

    def start_pipeline_execution(self, response: Any, moto: Callable[[Any], Any]) -> Any:
        answer = moto(response)
        names = ("PipelineName", "PipelineParameters", "ClientRequestToken")
        self.started.append({name: response._get_param(name) for name in names})
        return answer

    def describe_pipeline_execution(self, response: Any, moto: Callable[[Any], Any]) -> Any:
        arn = response._get_param("PipelineExecutionArn")
        status = self.pipeline.pop(0) if len(self.pipeline) > 1 else self.pipeline[0]
        answer = {
            "PipelineExecutionArn": arn,
            "PipelineExecutionStatus": status,
            "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
        }
        if status == "Failed":
            answer["FailureReason"] = "Step failure: TuneRidge."
        if status == "Succeeded":
            self._register(arn)
        return ActionResult(answer)

    def _register(self, execution: str) -> None:
        """Register what the scenario says, the newest last."""
        for package in self.scenario.get("packages", [{"approval": "Approved"}]):
            self.client("sagemaker").create_model_package(
                ModelPackageGroupName=self.names["Group"],
                ModelApprovalStatus=package["approval"],
                CustomerMetadataProperties={"execution_arn": package.get("execution", execution)},
            )

    def stop_pipeline_execution(self, response: Any, moto: object) -> Any:
        arn = response._get_param("PipelineExecutionArn")
        self.stopped.append(arn)
        return ActionResult({"PipelineExecutionArn": arn})

    def list_pipeline_executions(self, response: Any, moto: Callable[[Any], Any]) -> Any:
        if not self.scenario.get("running"):
            return moto(response)
        arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/p/execution/other"
        summary = {"PipelineExecutionArn": arn, "PipelineExecutionStatus": "Executing"}
        return ActionResult({"PipelineExecutionSummaries": [summary]})

    def create_endpoint(self, response: Any, moto: Callable[[Any], Any]) -> Any:
        answer = moto(response)
        self._endpoint().endpoint_status = "Creating"
        return answer

    def update_endpoint(self, response: Any, moto: object) -> Any:
        names = ("EndpointName", "EndpointConfigName", "RetainAllVariantProperties")
        self.updates.append({name: response._get_param(name) for name in names})
        self._endpoint().endpoint_status = "Updating"
        self._endpoint().endpoint_config_name = self.updates[-1]["EndpointConfigName"]
        return ActionResult({"EndpointArn": self._endpoint().arn})

    def describe_endpoint(self, response: Any, moto: Callable[[Any], Any]) -> Any:
        """Answer with the next status, if a deployment is on its way."""
        endpoint = self._endpoint()
        waiting = endpoint.endpoint_status in ("Creating", "Updating")
        if waiting and (self.updates or not self.scenario.get("before")):
            status = self.endpoint.pop(0) if len(self.endpoint) > 1 else self.endpoint[0]
            endpoint.endpoint_status = status.removesuffix(" (rolled back)")
            if status != endpoint.endpoint_status:
                endpoint.endpoint_config_name = OLD
        elif waiting:
            # Another's change, which ends.
            answer, endpoint.endpoint_status = moto(response), "InService"
            return answer
        return moto(response)

    def deregister_scalable_target(self, response: Any, moto: Callable[[Any], Any]) -> Any:
        """Take policies away with their target, and say by AWS's name that there is none.

        https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
        """
        request = json.loads(response.body)
        backend = applicationautoscaling_backends[ACCOUNT][REGION]
        if request["ResourceId"] not in backend.targets.get(request["ScalableDimension"], {}):
            raise JsonRESTError("ObjectNotFoundException", "No scalable target found")
        backend.policies.clear()
        return moto(response)

    def invoke(self, body: str, headers: dict[str, Any]) -> bytes:
        """Answer as the smoke test does: with what it was asked, or an error."""
        if self.scenario.get("smoke_test", True):
            return body.encode()
        headers["x-amz-function-error"] = "Unhandled"
        return b'{"errorType": "SmokeTestError", "errorMessage": "3 of 10 rows have no answer"}'

    # What came of it.

    def notices(self) -> list[dict[str, str]]:
        messages = self.client("sqs").receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        bodies = [json.loads(message["Body"]) for message in messages.get("Messages", [])]
        return [{key: body.get(key, "") for key in ("Subject", "Message")} for body in bodies]

    def scaling(self) -> dict[str, Any]:
        client = self.client("application-autoscaling")
        targets = client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
        policies = client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
        tracking = "TargetTrackingScalingPolicyConfiguration"
        return {
            "targets": [[each["MinCapacity"], each["MaxCapacity"]] for each in targets],
            "policies": [policy[tracking] for policy in policies],
        }

    def lock(self) -> str | None:
        key = {"lock": {"S": "workflow"}}
        found = self.client("dynamodb").get_item(TableName=self._name("Lock"), Key=key)
        return found["Item"]["holder"]["S"] if "Item" in found else None


def patch(account: Account) -> None:
    """Let a scenario's account answer in place of moto."""
    for method in {*ACTIONS.values(), "describe_endpoint", "list_pipeline_executions"}:
        setattr(_responses(method), method, _answered(account, method))
    LambdaSimpleBackend.invoke = _invoked(account)
    wait_function.WaitFunction._wait_interval = _waited(account)
    retrier_decl.time = types.SimpleNamespace(sleep=account.retried.append)
    sdk._SERVICE_ERROR_NAMES.update(ERROR_NAMES)
    sdk.boto_client_for = client_for
    json_path.parse = _parse_path
    AmazonStateLanguageParser.parse = staticmethod(_parse_machine)


def _invoked(account: Account) -> Callable[..., bytes]:
    def invoke(
        backend: object, function_name: str, qualifier: str, body: Any, headers: Any,
        response_headers: dict[str, Any],
    ) -> bytes:  # fmt: skip
        return account.invoke(body, response_headers)

    return invoke


def _waited(account: Account) -> Callable[..., None]:
    def wait(function: object, env: object, wait_seconds: int) -> None:
        account.waited.append(wait_seconds)

    return wait


@cache
def _raw_client(service: str) -> Any:
    """Return the client of a service: one for all scenarios, as making one takes long."""
    return boto3.client(service, region_name=REGION)


def client_for(region: str, service: str, state_credentials: object = None) -> Any:
    """Return a client that answers the state machine as Step Functions does.

    GetObject gives text there, and all names begin with a capital.
    """
    client = _raw_client(BOTO_NAMES.get(service, service))
    if service not in ("stepfunctions", "s3"):
        return client
    operation = {"s3": "get_object", "stepfunctions": "describe_execution"}[service]
    adapted = _as_in_step_functions(service, getattr(client, operation))
    return types.SimpleNamespace(**{operation: adapted})


def _as_in_step_functions(service: str, operation: Any) -> Any:
    def call(**request: Any) -> Any:
        if service == "stepfunctions":
            request = {name[0].lower() + name[1:]: value for name, value in request.items()}
            return {name[0].upper() + name[1:]: v for name, v in operation(**request).items()}
        answer = operation(**request)
        return {"Body": answer["Body"].read().decode()} if "Body" in answer else answer

    return call


# Parsing takes as long as everything else: what was parsed is kept.
_parse_path = cache(json_path.parse)
_parse_machine = cache(AmazonStateLanguageParser.parse)
_MOTO: dict[str, Any] = {}


def _responses(method: str) -> Any:
    return ApplicationAutoScalingResponse if method in OF_SCALING else SageMakerResponse


def _answered(account: Account, method: str) -> Callable[[Any], Any]:
    moto = _MOTO.setdefault(method, getattr(_responses(method), method, None))
    action = {name: action for action, name in ACTIONS.items()}.get(method)
    own = getattr(account, method, lambda response, original: original(response))

    def answer(response: Any) -> Any:
        codes = account.errors.get(action or "", [])
        if codes:
            raise JsonRESTError(codes.pop(0), "as the scenario says")
        return own(response, moto)

    return answer


def execute(
    definition: dict[str, Any], names: dict[str, str], scenario: dict[str, Any]
) -> dict[str, Any]:
    """Execute the state machine in a new account, and return what came of it."""
    with mock_aws(config=CONFIG):
        account = Account(scenario, names)
        patch(account)
        account.make()
        machines = account.client("stepfunctions")
        arn = machines.create_state_machine(
            name="workflow", definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        execution = machines.start_execution(
            stateMachineArn=arn, name=NAME, input=json.dumps(scenario.get("input", {}))
        )["executionArn"]
        while (ended := machines.describe_execution(executionArn=execution))["status"] == "RUNNING":
            time.sleep(0.02)
        return _result(account, machines, execution, ended)


def _result(account: Account, machines: Any, execution: str, ended: Any) -> dict[str, Any]:
    events = machines.get_execution_history(executionArn=execution)["events"]
    entered = [
        e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e
    ]
    tasks = [e["taskScheduledEventDetails"] for e in events if "taskScheduledEventDetails" in e]
    return {
        "status": ended["status"],
        "error": ended.get("error"),
        "cause": ended.get("cause"),
        "output": ended.get("output"),
        "states": entered,
        "calls": [[task["resource"], json.loads(task["parameters"])] for task in tasks],
        "started": account.started,
        "stopped": account.stopped,
        "updates": account.updates,
        "waited": account.waited,
        "retried": account.retried,
        "notices": account.notices(),
        "scaling": account.scaling(),
        "lock": account.lock(),
        "execution": execution,
    }


def main() -> None:
    """Read scenarios, and write their results."""
    given = json.load(sys.stdin)
    results = {
        name: execute(given["definition"], given["names"], scenario)
        for name, scenario in given["scenarios"].items()
    }
    json.dump(results, sys.stdout, default=str)


if __name__ == "__main__":
    main()
