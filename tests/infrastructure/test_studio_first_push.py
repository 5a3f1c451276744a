"""A project that was created in Studio: its first push trains, the second learns from own data.

The stack is the assembled template's, the sample lies where the seed puts it, and CodeBuild's
phases are executed with the environment and with the role that the template gives to the build.
Roles count: the server refuses what their policies do not allow, and what SageMaker is asked is
decided afterwards. The pipeline really runs, by `sagelocal serve` and a local Athena.

Expected scores: of the sample those that a laptop has, as recorded; of the own table, the share of
its variance that is planted and no noise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sagetabular.infrastructure.columns import glue_columns
from sagetabular.infrastructure.sample import sample_of
from sagetabular.infrastructure.templates import evaluate, read_template
from sagetabular.project import Project
from sagetabular.settings import load_project
from tests.aws.codebuild import CodeBuild
from tests.baking import ROOT, generate
from tests.infrastructure.account import NUMBER, Account, eventually
from tests.infrastructure.permissions.deciding import arn, asked, decide
from tests.infrastructure.sagemaker_recorder import Asked, recorded
from tests.infrastructure.studio_project import StudioProject
from tests.servers import REGION, LocalAccount, free_port, serving

SLUG, IDENTIFIER = "city-houses", "p-abc123def456"
PIPELINE = f"{SLUG}-{IDENTIFIER}"
PROJECT_ARN = f"arn:aws:sagemaker:{REGION}:{NUMBER}:project/{SLUG}"
# Those that SageMaker gives to a project, and one of its owner.
TAGS = {"sagemaker:project-name": SLUG, "sagemaker:project-id": IDENTIFIER, "team": "housing"}
ALL_WELL = {"install": 0, "pre_build": 0, "build": 0}
GOLDEN = json.loads(
    (ROOT / "packages/sagetabular/tests/golden/leaderboard.json").read_text(encoding="utf-8")
)
SAMPLE = "input/data/training/part-0.csv"
NOISE = 5.0
DATABASE = "sagemaker_p_abc123def456"
LAKE = {"Database": DATABASE, "Table": "training", "Workgroup": f"sagemaker-{SLUG}-dev"}
OWNER = "testing"  # access key of the account's owner
PASSED = {"iam:PassedToService": "sagemaker.amazonaws.com"}


@pytest.fixture
def server_program() -> Path:
    """Return a server where roles count, whose Athena knows UNLOAD."""
    return Path(__file__).parent / "studio_lake_server.py"


class Repository:
    """The project's repository, and the build server that a push reaches.

    Args:
        folder: Of the project.
        account: Where it is built.
        stack: What the project's template made.
        work: Folder for the checkouts of builds.
    """

    def __init__(self, folder: Path, account: Account, stack: StudioProject, work: Path) -> None:
        self.folder, self._account, self._stack, self._work = folder, account, stack, work
        self._pushes = 0
        self._git("init", "-q")

    def push(self, message: str) -> Any:
        """Commit everything and build the commit as CodePipeline hands it on; it must succeed."""
        self._pushes += 1
        self._git("add", ".")
        own = ("-c", "user.name=T", "-c", "user.email=t@example.org")
        self._git(*own, "commit", "-qm", message)
        commit = self._git("rev-parse", "HEAD")
        sources = self._work / f"push-{self._pushes}/src"
        self._git("clone", "-q", ".", str(sources))
        codebuild = CodeBuild(sources, self._account, sources.parent)
        codebuild.leave_git()
        variables = {"CODEBUILD_RESOLVED_SOURCE_VERSION": commit, **self._stack.environment}
        build = codebuild.build(**{**variables, **self._stack.credentials("build")})
        assert build.phases == ALL_WELL, build.output
        return build

    def pipeline(self, *words: str) -> None:
        """Call `pipeline` on the data scientist's laptop."""
        command = [sys.executable, "-m", "sagetabular.cli", *words]
        variables = {**os.environ, "HOME": str(self._work)}
        ended = subprocess.run(
            command, cwd=self.folder, env=variables, check=False, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stderr

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    """Render the project with the answers that Studio's form would give to the seed."""
    answers = {
        "project_name": "City Houses",
        "project_slug": SLUG,
        "aws_region": REGION,
        "source_control": "codecommit",
    }
    return generate(template, tmp_path / "output", answers)


@pytest.fixture
def stack(account: Account, default_project: Path) -> StudioProject:
    """Create the project, with the columns of the template's own table.

    Its roles are bounded by the organisation's policy.
    """
    parameters = {
        "SageMakerProjectName": SLUG,
        "SageMakerProjectId": IDENTIFIER,
        "SourceControl": "codecommit",
    }
    columns = glue_columns(load_project(default_project).pipeline.data)
    organisation = read_template(ROOT / "studio/organisation.yaml")
    given = {"StudioRoleArns": f"arn:aws:iam::{NUMBER}:role/studio"}
    boundary = evaluate(organisation, given, NUMBER, REGION)["Resources"]["Boundary"]
    document = boundary["Properties"]["PolicyDocument"]
    return StudioProject(account, columns, document, parameters)


@pytest.fixture
def sagemaker(account: Account, stack: StudioProject, tmp_path: Path) -> Iterator[Asked]:
    """Serve SageMaker, whose jobs have the role of the pipeline; yield what it is asked."""
    url, behind = account.environment["AWS_ENDPOINT_URL"], free_port()
    (tmp_path / "mlflow").mkdir()
    role = {**account.environment, **stack.credentials("pipeline")}
    variables = {
        **{name: value for name, value in role.items() if "SAGEMAKER" not in name},
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow/mlflow.db",
    }
    command = [
        *(sys.executable, "-m", "sagelocal", "serve", "--home", str(tmp_path / "sagemaker")),
        *("--port", str(behind), "--s3", url, "--account", NUMBER, "--region", REGION),
        *(f"--environment={name}={value}" for name, value in variables.items()),
    ]
    answers = LocalAccount(behind).client("sagemaker").list_pipelines
    with (
        serving(command, answers, os.environ | role),
        recorded(account.sagemaker_port, behind, {PROJECT_ARN: TAGS}) as found,
    ):
        yield found


@pytest.mark.timeout(1500)
def test_the_first_push_trains_and_the_second_learns_from_own_data(
    account: Account,
    ministack: Path,
    stack: StudioProject,
    project: Path,
    sagemaker: Asked,
    tmp_path: Path,
) -> None:
    s3, bucket = account.client("s3"), stack.resources["DataLakeDataBucket"]["Properties"]
    place = {"Bucket": bucket["BucketName"]}
    repository = Repository(project, account, stack, tmp_path)
    repository.pipeline("data", "sample")
    s3.put_object(**place, Key=SAMPLE, Body=sample_of(Project(project))[1])

    build = repository.push("Create the project")

    assert "training follows" not in build.output, "the stack's columns are the project's"
    told = registered(account, 1)["CustomerMetadataProperties"]
    # Athena has the optional column too, empty: so the rows have another hash and another split.
    assert told["model"] == GOLDEN["winner"]
    assert abs(float(told["score"]) - GOLDEN["score"]) < 0.05
    assert told["data"] == f"{DATABASE}.training"
    check_names(account, stack)

    table = own_table(tmp_path / "own.csv")
    repository.pipeline("init", str(tmp_path / "own.csv"), "--target", "price", "--yes")
    repository.pipeline("data", "export", "-o", str(tmp_path / "part-0.csv"))
    conf = project / "conf/pipeline.yaml"
    text = conf.read_text(encoding="utf-8")
    assert text.count("trials: 20 ") == 1
    conf.write_text(text.replace("trials: 20 ", "trials: 2 "), encoding="utf-8")
    s3.upload_file(str(tmp_path / "part-0.csv"), bucket["BucketName"], SAMPLE)

    build = repository.push("Learn from our houses")

    assert f"{DATABASE}.training follows conf/pipeline.yaml now:" in build.output
    told = registered(account, 2)["CustomerMetadataProperties"]
    planted = 1 - NOISE**2 / table["price"].var()
    assert planted - 0.1 < float(told["score"]) < planted + 0.05
    assert told["target"] == "price"
    assert refused(ministack, stack, "build", sagemaker) == []

    sagemaker.clear()
    arn = newest(account)["PipelineExecutionArn"]
    assert invoke(account, "ledger", ended(arn))["outcome"] == "recorded"
    (item,) = account.client("dynamodb").scan(TableName=f"sagemaker-{SLUG}-dev-ledger")["Items"]
    assert (item["status"]["S"], item["best_model"]["S"]) == ("Succeeded", told["model"])
    assert refused(ministack, stack, "ledger", sagemaker) == []

    sagemaker.clear()
    assert invoke(account, "start", {"trigger": "manual", "id": "1"})["outcome"] == "started"
    values = parameters_of(account, newest(account)["PipelineExecutionArn"])
    assert {name: values[name] for name in LAKE} == LAKE
    assert refused(ministack, stack, "trigger", sagemaker) == []


def check_names(account: Account, stack: StudioProject) -> None:
    """Check that pipeline, group, registry and what triggers look for are the template's own."""
    resources, sagemaker = stack.resources, account.client("sagemaker")
    group = resources["SharingGroup"]["Properties"]["ModelPackageGroupName"]
    assert group == PIPELINE
    described = sagemaker.describe_pipeline(PipelineName=PIPELINE)
    assert described["RoleArn"] == stack.role("pipeline").arn
    tags = sagemaker.list_tags(ResourceArn=described["PipelineArn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == TAGS
    values = parameters_of(account, newest(account)["PipelineExecutionArn"])
    assert {name: values[name] for name in (*LAKE, "ModelPackageGroup", "TrackingUri")} == {
        **LAKE,
        "ModelPackageGroup": PIPELINE,
        "TrackingUri": "experiments",
    }
    for parameter, logical in (("ImageUri", "BuildModel"), ("JobsImageUri", "BuildJobs")):
        repository = resources[f"{logical}Repository"]["Properties"]["RepositoryName"]
        assert f"/{repository}@sha256:" in values[parameter]


def newest(account: Account) -> Any:
    """Return the execution that was started last."""
    found = account.client("sagemaker").list_pipeline_executions(PipelineName=PIPELINE)
    return max(found["PipelineExecutionSummaries"], key=lambda one: one["StartTime"])


def parameters_of(account: Account, execution: str) -> dict[str, str]:
    """Return the values that an execution was started with."""
    found = account.client("sagemaker").list_pipeline_parameters_for_execution(
        PipelineExecutionArn=execution
    )
    return {entry["Name"]: entry["Value"] for entry in found["PipelineParameters"]}


def invoke(account: Account, name: str, event: dict[str, Any]) -> Any:
    """Return what a function of the project answers."""
    function = f"sagemaker-{SLUG}-dev-{name}"
    answer = account.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    content = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, content
    return content


def ended(execution: str) -> dict[str, Any]:
    """Return SageMaker's event of the end of an execution."""
    return {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Building Pipeline Execution Status Change",
        "time": datetime.now(UTC).isoformat(),
        "detail": {
            "pipelineArn": execution.partition("/execution/")[0],
            "pipelineExecutionArn": execution,
            "currentPipelineExecutionStatus": "Succeeded",
        },
    }


def refused(ministack: Path, stack: StudioProject, actor: str, calls: Asked) -> list[str]:
    """Return what SageMaker was asked with a role that its policies do not allow."""
    role, own = stack.role(actor), [call for call in calls if call.caller != OWNER]
    assert own
    limited = {"boundary": stack.boundary}
    requests = [
        asked(role, f"sagemaker:{call.operation}", resource_of(call.request), **limited)
        for call in own
    ]
    requests += [
        asked(role, "iam:PassRole", call.request["RoleArn"], context=PASSED, **limited)
        for call in own
        if "RoleArn" in call.request
    ]
    decided = zip(requests, decide(ministack, requests), strict=True)
    return [f"{one['action']} {one['resource']}" for one, word in decided if word != "Allow"]


def resource_of(request: Mapping[str, Any]) -> str:
    """Return the ARN of what a request is about."""
    for member in ("ResourceArn", "PipelineExecutionArn", "ModelPackageName"):
        if member in request:
            return str(request[member])
    if "ProcessingJobName" in request:
        return arn("sagemaker", f"processing-job/{request['ProcessingJobName']}")
    return arn("sagemaker", f"pipeline/{request['PipelineName']}")


def own_table(file: Path) -> pd.DataFrame:
    """Write a table with other columns, an id first: a function of two of them, and noise."""
    random = np.random.default_rng(7)
    size, rooms = random.uniform(20, 120, 800).round(1), random.integers(1, 6, 800)
    town = random.choice(["centre", "harbour", "hill, east"], 800)
    price = 2 * size + 40 * (town == "centre") + random.normal(0, NOISE, 800)
    identifiers = random.permutation(800) + 7_000_000
    columns = {
        "id": identifiers,
        "town": town,
        "size (m2)": size,
        "rooms": rooms,
        "price": price.round(2),
    }
    table = pd.DataFrame(columns)
    table.to_csv(file, index=False)
    return table


def registered(account: Account, count: int) -> Any:
    """Wait for the end of the newest of so many executions, and return what it registered."""
    sagemaker = account.client("sagemaker")

    def ended() -> Any:
        found = sagemaker.list_pipeline_executions(PipelineName=PIPELINE)
        states = [one["PipelineExecutionStatus"] for one in found["PipelineExecutionSummaries"]]
        assert len(states) == count
        return states if "Executing" not in states else None

    states = eventually(ended, seconds=600)
    assert states == ["Succeeded"] * count, states
    listed = sagemaker.list_model_packages(ModelPackageGroupName=PIPELINE)
    packages = sorted(listed["ModelPackageSummaryList"], key=lambda one: one["ModelPackageVersion"])
    assert len(packages) == count
    return sagemaker.describe_model_package(ModelPackageName=packages[-1]["ModelPackageArn"])
