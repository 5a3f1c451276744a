"""The release's smoke test asks real models, deployed as deploy.yaml says, on this machine.

Their server is that of the images; SageMaker's protocol before it is that of `sagelocal serve`.
"""

from __future__ import annotations

import io
import json
import sys
import time

import boto3
import pandas as pd
import pytest
from botocore.client import BaseClient
from calling import NUMBERS, make_table
from projects import TEMPLATE

from sagelocal import LocalSageMaker, ServeCommand
from sagelocal.endpoint import Endpoint
from sagelocal.storage.archives import pack
from sagetabular.infrastructure.templates import evaluate, read_template
from sagetabular.jobs.rows.baseline import write_baseline
from sagetabular.lambdas.smoke_test import NotReadyError, SmokeTestError, handler
from sagetabular.serving.model import load_model

pytestmark = pytest.mark.slow
TOWN = [*NUMBERS[:2], "town", "age"]
NAME = "sagemaker-housing-dev"
DEPLOY = read_template(TEMPLATE / "infrastructure/deploy.yaml")
GIVEN = {
    "Project": "housing",
    "KeyArn": "arn:aws:kms:eu-west-1:000000000000:key/1",
    "ArtifactBucket": "artefacts",
    "EndpointRoleArn": "arn:aws:iam::000000000000:role/sagemaker-housing-dev-endpoint",
    **dict.fromkeys(("NoticeTopicArn", "Subnets", "SecurityGroups"), ""),
}


class Stage:
    """A registry of models, and an endpoint that one of them is deployed to.

    Args:
        home: Of the registry.
        code: Where the models' code is found.
        scratch: A folder.
    """

    def __init__(self, home, code, scratch) -> None:
        variables = {"PYTHONPATH": str(code), "MODEL_SERVER_WORKERS": "1"}
        serve = ServeCommand((sys.executable, "-m", "sagetabular.serving"), variables)
        self.sagemaker = LocalSageMaker(home, serve=serve)
        self._scratch = scratch
        self._versions = 0

    def register(self, folder, columns, **changes) -> str:
        """Register a fitted model with its manifest and baseline; return its ARN."""
        self._versions += 1
        place, scratch = f"s3://local/{self._versions}", self._scratch / str(self._versions)
        write_baseline(make_table()[0][columns], scratch)
        pack(folder, scratch / "model.tar.gz")
        manifest = json.loads((folder / "manifest.json").read_text()) | changes
        for name, body in {
            "model.tar.gz": (scratch / "model.tar.gz").read_bytes(),
            "evaluate/manifest.json": json.dumps(manifest).encode(),
            "baseline/statistics.json": (scratch / "statistics.json").read_bytes(),
        }.items():
            self.sagemaker.storage.put_bytes(f"{place}/{name}", body)
        client = boto3.client("sagemaker")
        if self._versions == 1:
            client.create_model_package_group(ModelPackageGroupName="housing-dev")
        uris = {"ModelQuality": "evaluate/evaluation.json"}
        uris["ModelDataQuality"] = "baseline/statistics.json"
        container = {"Image": "image", "ModelDataUrl": f"{place}/model.tar.gz"}
        types = ("SupportedContentTypes", "SupportedResponseMIMETypes")
        specification = {"Containers": [container], **{name: ["text/csv"] for name in types}}
        return client.create_model_package(
            ModelPackageGroupName="housing-dev",
            InferenceSpecification=specification,
            ModelMetrics={
                kind: {"Statistics": {"ContentType": "application/json", "S3Uri": f"{place}/{uri}"}}
                for kind, uri in uris.items()
            },
        )["ModelPackageArn"]

    def deploy(self, package: str) -> None:
        """Do what CloudFormation does for another version: two resources anew, one updated."""
        parameters = GIVEN | {"ModelPackageArn": package}
        resources = evaluate(DEPLOY, parameters)["Resources"]
        word = f"version-{package.rpartition('/')[2]}"
        text = json.dumps({name: one["Properties"] for name, one in resources.items()})
        for reference in ("<Model.ModelName>", "<EndpointConfig.EndpointConfigName>"):
            text = text.replace(reference, word)
        made, client = json.loads(text), boto3.client("sagemaker")
        client.create_model(ModelName=word, **made["Model"])
        client.create_endpoint_config(EndpointConfigName=word, **made["EndpointConfig"])
        endpoint = made["Endpoint"]
        assert endpoint["EndpointName"] == NAME
        retains, tags = endpoint.pop("RetainAllVariantProperties"), endpoint.pop("Tags")
        if self._versions == 1:
            client.create_endpoint(**endpoint, Tags=tags)
        else:
            client.update_endpoint(**endpoint, RetainAllVariantProperties=retains)

    def ask(self, **more):
        """Run the smoke test until the endpoint is there."""
        end = time.monotonic() + 120
        while True:
            try:
                return handler({"EndpointName": NAME, **more}, None)
            except NotReadyError:
                assert time.monotonic() < end
                time.sleep(0.2)


@pytest.fixture
def new_stage(tmp_path, monkeypatch):
    """Makes a stage whose models' code lies in a folder."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    real, opened = BaseClient._make_api_call, []

    def make(code) -> Stage:
        stage = Stage(tmp_path / "home", code, tmp_path / "scratch")
        endpoint = Endpoint(stage.sagemaker, region="eu-west-1")
        opened.append(endpoint.__enter__())
        for service in ("SAGEMAKER", "SAGEMAKER_RUNTIME"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", endpoint.url)

        def answered(client, operation, request):
            if operation != "GetObject":
                return real(client, operation, request)
            uri = f"s3://{request['Bucket']}/{request['Key']}"
            return {"Body": io.BytesIO(stage.sagemaker.storage.read_bytes(uri))}

        monkeypatch.setattr(BaseClient, "_make_api_call", answered)
        return stage

    yield make
    for endpoint in opened:
        endpoint.__exit__(None, None, None)


def typical(folder) -> float:
    """What a model itself says of its typical row: a number, or the largest probability."""
    served = load_model(folder)
    row = pd.DataFrame([served.manifest.typical])[served.manifest.features]
    return float(served.code.predict(served.model, row)[0].max())


def test_versions_are_deployed_tried_and_replaced_in_place(new_stage, model_folders) -> None:
    stage = new_stage(TEMPLATE)
    first = stage.register(model_folders["xgboost_and_town"], TOWN)
    stage.deploy(first)
    found = stage.ask(ModelPackageArn=first)
    predictions = [float(text) for text in found["Predictions"].split()]
    assert found["passed"] and found["rows"] == len(predictions) == 4
    expected = pytest.approx(typical(model_folders["xgboost_and_town"]), rel=1e-9)
    assert predictions[0] == predictions[3] == expected
    # A model that looks at its rows says different things of the smallest and the largest.
    assert len({*predictions}) == 3

    second = stage.register(model_folders["decision_tree"], NUMBERS)
    stage.deploy(second)
    found = stage.ask(ModelPackageArn=second)
    answer = float(found["Predictions"].split()[0])
    assert answer == pytest.approx(typical(model_folders["decision_tree"]), rel=1e-9)
    with pytest.raises(SmokeTestError, match=r"must serve .*/1, serves .*/2"):
        stage.ask(ModelPackageArn=first)

    renamed = ["halls", *NUMBERS[1:]]
    changes = {"features": renamed, "typical": dict.fromkeys(renamed)}
    stage.deploy(third := stage.register(model_folders["decision_tree"], NUMBERS, **changes))
    with pytest.raises(SmokeTestError, match=r"must answer 200, got 400: .*rooms"):
        stage.ask(ModelPackageArn=third)


@pytest.mark.parametrize("name", ["two_and_town", "odd"])
def test_a_model_of_classes_passes_and_one_of_others_fails(new_stage, class_folders, name) -> None:
    folder, columns = class_folders[name], TOWN if name == "two_and_town" else NUMBERS
    stage = new_stage(folder.parent)
    stage.deploy(stage.register(folder, columns))
    found = stage.ask()
    predictions = [float(text) for text in found["Predictions"].split()]
    assert predictions[0] == pytest.approx(typical(folder), rel=1e-9)
    assert found["rows"] == len(predictions) == 4
    stage.deploy(second := stage.register(folder, columns, classes=["good", "bad"]))
    with pytest.raises(SmokeTestError, match="labels of good, bad"):
        stage.ask(ModelPackageArn=second)
