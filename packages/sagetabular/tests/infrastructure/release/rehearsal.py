"""A release walked through as CodePipeline does it: its own template, and its own Lambdas.

CloudFormation's part is the evaluated deploy.yaml. The account holds what a test registers.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from answered_calls import AnsweredCalls, job
from botocore.response import StreamingBody
from deploying import GIVEN, PACKAGE, TEMPLATE, released, update

from sagetabular.infrastructure.bundle import release_bundle
from sagetabular.infrastructure.templates import evaluate, parse_template

_GROUP = "housing-dev"
_MANIFEST = {"features": ["rooms"], "typical": {"rooms": 3}, "classes": []}
_NAMED = re.compile(r"<(\w+)[.\w]*>")
OWN = {"data": "housing.california", "data_fingerprint": "a" * 64}
MADE_UP = {"data": "made-up housing sample (6,000 rows, seed 23)"}


@dataclass
class Account:
    """What there is: registered versions, stacks, and what their endpoints say.

    Attributes:
        approvals: Of the versions, from 1.
        noted: Metadata of each version.
        stacks: Name → resources, with the names that they have.
        changes: Stack and version of each deployment that changed something.
        answers: Stage → what its endpoint answers; else four numbers.
        actions: Those that ran, `Stage/Action`, in their order.
        failure: What the last failed action said.
        asked: Texts that somebody was asked to approve.
    """

    approvals: list[str] = field(default_factory=list)
    noted: list[dict[str, str]] = field(default_factory=list)
    stacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    failure: str = ""
    asked: list[str] = field(default_factory=list)

    def register(self, approval: str = "Approved", noted: dict[str, str] = OWN) -> None:
        """Add a version."""
        self.approvals.append(approval)
        self.noted.append(noted)

    def serves(self, stage: str) -> str:
        """Return the version behind the endpoint of a stage; nothing if there is none."""
        stack = self.stacks.get(f"sagemaker-housing-{stage}-deploy")
        if stack is None:
            return ""
        package = stack["Model"]["Properties"]["PrimaryContainer"]["ModelPackageName"]
        return str(package.rpartition("/")[2])

    def respond(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a call."""
        if operation == "ListModelPackages":
            versions = range(1, len(self.approvals) + 1)
            shown = [one for one in versions if self.approvals[one - 1] == "Approved"]
            return {"ModelPackageSummaryList": [self._package(one) for one in shown]}
        if operation == "DescribeModelPackage":
            version = int(request["ModelPackageName"].rpartition("/")[2])
            uri = {"Statistics": {"S3Uri": "s3://b/evaluate/evaluation.json"}}
            noted = {"CustomerMetadataProperties": self.noted[version - 1]}
            return self._package(version) | noted | {"ModelMetrics": {"ModelQuality": uri}}
        if operation == "GetObject":
            body = json.dumps(_MANIFEST).encode()
            return {"Body": StreamingBody(io.BytesIO(body), len(body))}
        return self._of_endpoint(operation, request)

    def _package(self, version: int) -> dict[str, Any]:
        return {
            "ModelPackageGroupName": _GROUP,
            "ModelPackageVersion": version,
            "ModelPackageArn": f"{PACKAGE[:-1]}{version}",
            "ModelApprovalStatus": self.approvals[version - 1],
        }

    def _of_endpoint(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a call about an endpoint; names below it are that of its stack."""
        stack = next(iter(request.values())) if operation != "InvokeEndpoint" else ""
        if operation == "DescribeEndpoint":
            name = f"{request['EndpointName']}-deploy"
            assert name in self.stacks, f"Could not find endpoint {request['EndpointName']}."
            return {"EndpointStatus": "InService", "EndpointConfigName": name}
        if operation == "DescribeEndpointConfig":
            return {"ProductionVariants": [{"VariantName": "AllTraffic", "ModelName": stack}]}
        if operation == "DescribeModel":
            return {
                "PrimaryContainer": self.stacks[stack]["Model"]["Properties"]["PrimaryContainer"]
            }
        assert operation == "InvokeEndpoint", operation
        stage = request["EndpointName"].rpartition("-")[2]
        body = json.dumps({"predictions": self.answers.get(stage, [1, 1, 1, 1])}).encode()
        return {"Body": StreamingBody(io.BytesIO(body), len(body))}


class Release:
    """The release of an account.

    Args:
        account: The account.
        patch: Sets variables of the Lambdas' environment.
        calls: What the Lambdas' clients call.
        parameters: Of release.yaml.
    """

    def __init__(
        self, account: Account, patch: Any, calls: AnsweredCalls, **parameters: Any
    ) -> None:
        self.account, self._patch, self._calls = account, patch, calls
        self._resources = released(**parameters)
        text = (TEMPLATE / "infrastructure/deploy.yaml").read_text(encoding="utf-8")
        given = {name: value for name, value in GIVEN.items() if name != "ModelPackageArn"}
        stages = ("dev", "staging", "prod")
        self._bundle = release_bundle(text, {stage: given | {"Stage": stage} for stage in stages})
        self._variables: dict[str, str] = {}
        self._succeeded: dict[str, str] = {}

    def run(self, person: Any = lambda: True) -> str:
        """Run all stages and return how that ends.

        Args:
            person: Is asked for approval.
        """
        self._variables.clear()
        for stage in self._resources["Release"]["Properties"]["Stages"]:
            if not self._passes(stage, person):
                return "Failed"
        self._succeeded = dict(self._variables)
        return "Succeeded"

    def roll_back(self) -> str:
        """Run the last stage with the variables of the last release that succeeded.

        https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-rollback.html
        """
        self._variables = dict(self._succeeded)
        last = self._resources["Release"]["Properties"]["Stages"][-1]
        return "Succeeded" if self._passes(last, lambda: True) else "Failed"

    def _passes(self, stage: dict[str, Any], person: Any) -> bool:
        for action in sorted(stage["Actions"], key=lambda one: one.get("RunOrder", 1)):
            self.account.actions.append(f"{stage['Name']}/{action['Name']}")
            found = self._act(action, person)
            if found is None:
                return False
            spoken = {f"{action.get('Namespace')}.{name}": one for name, one in found.items()}
            self._variables |= spoken
        return True

    def _act(self, action: dict[str, Any], person: Any) -> dict[str, str] | None:
        configuration = {
            name: re.sub(r"#\{([^}]*)\}", lambda match: self._variables[match[1]], value)
            for name, value in action["Configuration"].items()
        }
        kind = action["ActionTypeId"]["Provider"]
        if kind == "S3":
            return {}
        if kind == "Manual":
            self.account.asked.append(configuration["CustomData"])
            return {} if person() else None
        if kind == "CloudFormation":
            return self._deploy(configuration)
        return self._invoke(configuration)

    def _deploy(self, configuration: dict[str, str]) -> dict[str, str]:
        """Deploy a stack; return its outputs, with the stack's name as that of the model."""
        archive = zipfile.ZipFile(io.BytesIO(self._bundle))
        place = configuration["TemplateConfiguration"].removeprefix("Settings::")
        template = parse_template(archive.read("deploy.yaml").decode(), "deploy.yaml")
        parameters = json.loads(archive.read(place))["Parameters"]
        parameters |= json.loads(configuration["ParameterOverrides"])
        evaluated, name = evaluate(template, parameters), configuration["StackName"]
        change = update(self.account.stacks.get(name, {}), evaluated["Resources"])
        if any(change.values()):
            version = parameters["ModelPackageArn"].rpartition("/")[2]
            self.account.changes.append((name, version))
        self.account.stacks[name] = evaluated["Resources"]
        outputs = evaluated["Outputs"].items()
        return {key: _NAMED.sub(name, str(output["Value"])) for key, output in outputs}

    def _invoke(self, configuration: dict[str, str]) -> dict[str, str] | None:
        """Run a Lambda as CodePipeline does, and return the variables that it answers with."""
        function = self._resources[configuration["FunctionName"].strip("<>")]["Properties"]
        module = function["Code"]["ZipFile"].rpartition("# ")[2]
        for name, value in function.get("Environment", {}).get("Variables", {}).items():
            self._patch.setenv(name, value)
        event = job(json.loads(configuration.get("UserParameters", "{}")))
        before = len(self._calls.calls)
        import_module(module).handler(event, None)
        made = self._calls.calls[before:]
        ((operation, answer),) = [one for one in made if one[0].startswith("PutJob")]
        if operation == "PutJobFailureResult":
            self.account.failure = answer["failureDetails"]["message"]
            return None
        variables: dict[str, str] = answer.get("outputVariables", {})
        return variables
