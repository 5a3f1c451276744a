"""Models, their packages and groups, and the jobs that made them."""

from __future__ import annotations

import pytest
from building import BUCKET, ROLE, Build
from clients import refused
from small_steps import after

from sagelocal import LocalSageMaker

ACCOUNT = "arn:aws:sagemaker:eu-west-1:000000000000"
FIT = (
    "import os, pathlib, sys\n"
    "print('cv:r2=' + sys.argv[sys.argv.index('-x') + 1] + ';')\n"
    "pathlib.Path(os.environ['SM_MODEL_DIR'], 'x').write_text('')\n"
)
SPECIFICATION = {
    "Containers": [{"Image": "image", "ModelDataUrl": f"{BUCKET}/model.tar.gz"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


@pytest.fixture
def register(client):
    """Register versions of a group, which is created before, and return their ARNs."""

    def versions(group: str, count: int = 1) -> list[str]:
        client.create_model_package_group(ModelPackageGroupName=group)
        request = {"ModelPackageGroupName": group, "InferenceSpecification": SPECIFICATION}
        return [client.create_model_package(**request)["ModelPackageArn"] for _ in range(count)]

    return versions


def test_a_package_is_described_by_arn_and_by_name(client, register) -> None:
    first, second = register("houses", 2)
    assert (first, second) == tuple(f"{ACCOUNT}:model-package/houses/{n}" for n in (1, 2))
    for name in (second, "houses/2"):
        found = client.describe_model_package(ModelPackageName=name)
        assert found["ModelPackageArn"] == second
        assert (found["ModelPackageGroupName"], found["ModelPackageVersion"]) == ("houses", 2)
        assert found["InferenceSpecification"] == SPECIFICATION
        assert found["ModelApprovalStatus"] == "PendingManualApproval"
        assert found["ModelPackageStatus"] == "Completed"
    for name in ("houses/3", "houses", f"{ACCOUNT}:model-package/other/1"):
        with refused("ValidationException", "does not exist"):
            client.describe_model_package(ModelPackageName=name)
    with refused("ValidationException", "does not exist"):
        client.create_model_package(ModelPackageGroupName="other")
    with refused("ValidationException", "give ModelPackageGroupName"):
        client.create_model_package(ModelPackageName="other")


def test_a_package_is_approved_and_its_properties_change(client, register) -> None:
    (arn,) = register("houses")
    client.update_model_package(
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription="good",
        CustomerMetadataProperties={"a": "1", "b": "2"},
        ModelLifeCycle={"Stage": "Production", "StageStatus": "Approved"},
    )
    client.update_model_package(
        ModelPackageArn=arn,
        CustomerMetadataProperties={"b": "3"},
        CustomerMetadataPropertiesToRemove=["a"],
        AdditionalInferenceSpecificationsToAdd=[{"Name": "big", "Containers": [{"Image": "i"}]}],
    )
    found = client.describe_model_package(ModelPackageName=arn)
    assert (found["ModelApprovalStatus"], found["ApprovalDescription"]) == ("Approved", "good")
    assert found["CustomerMetadataProperties"] == {"b": "3"}
    assert found["ModelLifeCycle"]["Stage"] == "Production"
    assert [entry["Name"] for entry in found["AdditionalInferenceSpecifications"]] == ["big"]
    assert found["LastModifiedTime"] >= found["CreationTime"]
    with refused("ValidationException", "ModelApprovalStatus must be a value"):
        client.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Maybe")


def test_packages_are_listed_by_group_status_and_order(client, register) -> None:
    arns = register("houses", 3)
    register("other")
    client.update_model_package(ModelPackageArn=arns[1], ModelApprovalStatus="Approved")

    def listed(**request) -> list[str]:
        found = client.list_model_packages(ModelPackageGroupName="houses", **request)
        return [package["ModelPackageArn"] for package in found["ModelPackageSummaryList"]]

    assert listed() == arns
    # How the newest approved package is looked for.
    newest = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 1}
    assert listed(**newest) == arns[2:]
    assert listed(**newest, ModelApprovalStatus="Approved") == [arns[1]]
    assert listed(ModelApprovalStatus="Rejected") == []
    assert len(client.list_model_packages()["ModelPackageSummaryList"]) == 4
    with refused("ValidationException", "does not exist"):
        client.list_model_packages(ModelPackageGroupName="nothing")


def test_groups_are_created_described_tagged_and_listed(client, register) -> None:
    tags = [{"Key": "a", "Value": "1"}]
    made = client.create_model_package_group(
        ModelPackageGroupName="empty", ModelPackageGroupDescription="words", Tags=tags
    )
    assert made["ModelPackageGroupArn"] == f"{ACCOUNT}:model-package-group/empty"
    assert client.list_tags(ResourceArn=made["ModelPackageGroupArn"])["Tags"] == tags
    found = client.describe_model_package_group(ModelPackageGroupName="empty")
    assert found["ModelPackageGroupDescription"] == "words"
    assert found["ModelPackageGroupStatus"] == "Completed"
    register("houses")
    with refused("ValidationException", "already exists"):
        client.create_model_package_group(ModelPackageGroupName="houses")
    for request, names in (
        ({"SortBy": "Name"}, ["empty", "houses"]),
        ({"SortBy": "Name", "SortOrder": "Descending"}, ["houses", "empty"]),
        ({"NameContains": "ous"}, ["houses"]),
    ):
        groups = client.list_model_package_groups(**request)["ModelPackageGroupSummaryList"]
        assert [group["ModelPackageGroupName"] for group in groups] == names
    with refused("ValidationException", "does not exist"):
        client.describe_model_package_group(ModelPackageGroupName="nothing")


@pytest.mark.slow
def test_the_jobs_and_models_of_a_pipeline_are_described(
    client, create, run, sagemaker: LocalSageMaker, build: Build
) -> None:
    build.put_code(sagemaker.storage, fit=FIT)
    training = build.training_request(x="0.5")
    best = {"Get": "Steps.Tune.BestTrainingJob.TrainingJobName"}
    data = {"Std:Join": {"On": "/", "Values": [f"{BUCKET}/models", best, "output/model.tar.gz"]}}
    model = {"PrimaryContainer": {"Image": "image", "ModelDataUrl": data}, "ExecutionRoleArn": ROLE}
    create(
        {"Name": "Fit", "Type": "Training", "Arguments": training},
        {"Name": "Tune", "Type": "Tuning", "Arguments": build.tuning_request(3, 1)},
        {"Name": "Model", "Type": "Model", "Arguments": model, **after("Tune")},
    )
    execution = run()
    reasons = [step.failure_reason for step in sagemaker.executions()[0].steps.values()]
    assert execution["PipelineExecutionStatus"] == "Succeeded", reasons
    prefix = f"pipelines-{execution['PipelineExecutionArn'].rpartition('/')[2]}"
    arn = execution["PipelineExecutionArn"]
    steps = client.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    arns = {step["StepName"]: next(iter(step["Metadata"].values()))["Arn"] for step in steps}
    fit = client.describe_training_job(TrainingJobName=f"{prefix}-Fit")
    assert (fit["TrainingJobArn"], fit["TrainingJobStatus"]) == (arns["Fit"], "Completed")
    assert fit["FinalMetricDataList"][0]["Value"] == 0.5
    tuning = {"HyperParameterTuningJobName": f"{prefix}-Tune"}
    tune = client.describe_hyper_parameter_tuning_job(**tuning)
    assert tune["HyperParameterTuningJobArn"] == arns["Tune"]
    assert tune["TrainingJobStatusCounters"]["Completed"] == 3
    assert tune["ObjectiveStatusCounters"] == {"Succeeded": 3, "Pending": 0, "Failed": 0}

    def trials(**request) -> list[dict]:
        listing = client.list_training_jobs_for_hyper_parameter_tuning_job
        return listing(**tuning, **request)["TrainingJobSummaries"]

    names = [trial["TrainingJobName"] for trial in trials()]
    assert names == sorted(names)
    assert len(names) == 3
    ranked = trials(SortBy="FinalObjectiveMetricValue", SortOrder="Descending", MaxResults=1)
    assert ranked[0]["TrainingJobName"] == tune["BestTrainingJob"]["TrainingJobName"]
    assert trials(StatusEquals="Failed") == []
    winner = client.describe_training_job(TrainingJobName=ranked[0]["TrainingJobName"])
    assert winner["HyperParameters"]["x"] == ranked[0]["TunedHyperParameters"]["x"]
    assert winner["TuningJobArn"] == arns["Tune"]
    artefact = winner["ModelArtifacts"]["S3ModelArtifacts"]
    assert sagemaker.storage.exists(artefact)
    found = client.describe_model(ModelName=arns["Model"].rpartition("/")[2])
    assert found["ModelArn"] == arns["Model"]
    assert found["PrimaryContainer"]["ModelDataUrl"] == artefact


def test_a_job_or_model_that_there_is_not_is_not_found(client) -> None:
    name = "pipelines-20260101-000000-abcd-Fit"
    for kind in ("training", "processing", "transform"):
        member = f"{kind.capitalize()}JobName"
        for unknown in (name, "other"):
            with refused("ValidationException", "Requested resource not found"):
                getattr(client, f"describe_{kind}_job")(**{member: unknown})
    with refused("ResourceNotFound", "no hyper-parameter-tuning-job"):
        client.list_training_jobs_for_hyper_parameter_tuning_job(HyperParameterTuningJobName="x")
    with refused("ValidationException", "Could not find model"):
        client.describe_model(ModelName="nothing")
