"""From a file in the lake to a notice with winner and score: a project with all its stacks.

Nothing here tells a Lambda what has happened: EventBridge hears of the upload from S3, and of the
execution from `sagelocal serve`, where the pipeline really runs. Expected numbers are those that
the default project has on a laptop, as they were recorded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from tests.baking import ROOT, generate
from tests.infrastructure.account import NUMBER, Account, eventually
from tests.servers import REGION, serving

GOLDEN = json.loads(
    (ROOT / "packages/sagetabular/tests/golden/leaderboard.json").read_text(encoding="utf-8")
)
STAGE, PIPELINE = "dev", "housing-prices"
CONCERNS = ("data-lake", "roles", "ledger", "triggers")
IMAGES = {
    name: f"{NUMBER}.dkr.ecr.{REGION}.amazonaws.com/{name.lower()}@sha256:{'0' * 64}"
    for name in ("MODEL_IMAGE_URI", "JOBS_IMAGE_URI")
}
Pipeline = Callable[..., str]


@pytest.fixture
def server_program() -> Path:
    """Return a server where each Lambda may do what its role in roles.yaml allows, no more."""
    return Path(__file__).parent / "permissions/enforcing_server.py"


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    """Generate a project with infrastructure that reads what is uploaded, as files."""
    folder = generate(template, tmp_path / "output", {"infrastructure": "full"})
    conf = folder / "conf/pipeline.yaml"
    _change(conf, "  # source: s3 ", "  source: s3 ")
    for line in ("  database: housing", "  table: california", "  query: queries/ingest.sql"):
        _change(conf, f"{line}\n", "")
    _change(folder / "conf/aws.yaml", "  # DataUri: DATA_URI ", "  DataUri: DATA_URI ")
    return folder


@pytest.fixture
def sagemaker(account: Account, tmp_path: Path) -> Iterator[None]:
    """Serve SageMaker, with the objects and the events of the account."""
    url = account.environment["AWS_ENDPOINT_URL"]
    command = [
        *(sys.executable, "-m", "sagelocal", "serve", "--home", str(tmp_path / "sagemaker")),
        *("--port", str(account.sagemaker_port), "--s3", url, "--events", url),
        *("--account", NUMBER, "--region", REGION),
        *("--environment", f"MLFLOW_TRACKING_URI=sqlite:///{tmp_path}/mlflow/mlflow.db"),
    ]
    (tmp_path / "mlflow").mkdir()
    environment = os.environ | account.environment
    with serving(command, account.client("sagemaker").list_pipelines, environment):
        yield


@pytest.fixture
def pipeline(project: Path, account: Account, tmp_path: Path) -> Pipeline:
    """Return what calls `pipeline` in the project and returns what it prints."""

    def call(*words: str, **variables: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", "sagetabular.cli", *words],
            cwd=project,
            env=os.environ | account.environment | {"HOME": str(tmp_path)} | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert ended.returncode == 0, f"{words}: {ended.stdout}\n{ended.stderr}"
        return ended.stdout

    return call


@pytest.mark.timeout(900)
def test_a_file_that_is_uploaded_ends_as_a_notice_of_winner_and_score(
    account: Account, project: Path, pipeline: Pipeline, sagemaker: None
) -> None:
    pipeline("infra", "validate", "--stage", STAGE)
    pipeline("infra", "deploy", *CONCERNS, "--stage", STAGE, "--yes")
    stacks = json.loads(pipeline("infra", "outputs", "--stage", STAGE, "--json"))
    outputs = {name: value for found in stacks.values() for name, value in found.items()}
    notices = _mailbox(account, outputs["NoticeTopicArn"])
    bucket = outputs["DataBucket"]
    values = {
        "SAGEMAKER_PIPELINE_ROLE_ARN": outputs["PipelineRoleArn"],
        "ARTIFACT_BUCKET": outputs["ArtifactBucket"],
        "DATA_URI": f"s3://{bucket}/input/data/training/",
    }
    pipeline("upsert", "--stage", STAGE, **values, **IMAGES)
    pipeline("data", "sample")
    (sample,) = (project / ".pipeline/s3").rglob("*.parquet")

    key = f"input/data/training/{sample.name}"
    account.client("s3").upload_file(str(sample), bucket, key)

    table = account.client("dynamodb")
    item = eventually(lambda: _ended(table, outputs["LedgerTable"]), seconds=600)
    winner, score = GOLDEN["winner"], GOLDEN["score"]
    assert item["status"] == "Succeeded", item
    assert (item["best_model"], item["metric"]) == (winner, "test_r2")
    assert float(item["score"]) == score
    (version,) = account.client("s3").list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    assert item["inputs"]["objects"] == [{"key": key, "version": version["VersionId"]}]

    (notice,) = eventually(lambda: _received(account, notices))
    assert winner in notice["Message"]
    assert f"{score:.4f}"[:5] in notice["Message"]
    executions = account.client("sagemaker").list_pipeline_executions(PipelineName=PIPELINE)
    (execution,) = executions["PipelineExecutionSummaries"]
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    (package,) = account.client("sagemaker").list_model_packages(ModelPackageGroupName=PIPELINE)[
        "ModelPackageSummaryList"
    ]
    assert package["ModelApprovalStatus"] == "PendingManualApproval"


def _change(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, (file, before)
    file.write_text(text.replace(before, after), encoding="utf-8")


def _mailbox(account: Account, topic: str) -> str:
    """Return the address of a queue that gets what a topic sends."""
    sqs = account.client("sqs")
    url: str = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = attributes["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    account.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def _received(account: Account, url: str) -> list[dict[str, Any]]:
    messages = account.client("sqs").receive_message(QueueUrl=url).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


def _ended(dynamodb: Any, table: str) -> Mapping[str, Any]:
    """Return the item of an execution that has ended; nothing while there is none."""
    read = TypeDeserializer().deserialize
    for entry in dynamodb.scan(TableName=table)["Items"]:
        item = {name: read(value) for name, value in entry.items()}
        if item.get("status") in ("Succeeded", "Failed", "Stopped"):
            return item
    return {}
