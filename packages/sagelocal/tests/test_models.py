from __future__ import annotations

from pathlib import Path

import pytest
from building import ROLE

from sagelocal.errors import DefinitionError, StorageError
from sagelocal.models import ModelStore, model_name
from sagelocal.storage.buckets import Storage

ARTEFACT = "s3://bucket/models/job/output/model.tar.gz"
REQUEST = {
    "PrimaryContainer": {"Image": "image", "ModelDataUrl": ARTEFACT, "Environment": {"A": "b"}},
    "ExecutionRoleArn": ROLE,
    "EnableNetworkIsolation": True,
}
STEP = {"Name": "Create", "Type": "Model", "Arguments": REQUEST}


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    storage = Storage(tmp_path / "s3")
    storage.put_bytes(ARTEFACT, b"model")
    return storage


@pytest.fixture
def models(tmp_path: Path, storage: Storage) -> ModelStore:
    return ModelStore(tmp_path / "executions" / "20260102-000000-0000", storage)


def test_a_step_makes_a_model_that_later_steps_know_by_name(start, sagemaker, build) -> None:
    sagemaker.storage.put_bytes(ARTEFACT, b"model")
    echo = build.processing("Echo", "import sys; assert sys.argv[1].startswith('pipelines-')")
    echo["Arguments"]["AppSpecification"]["ContainerArguments"] = [
        {"Get": "Steps.Create.ModelName"}
    ]
    record = start(STEP, echo)
    assert record.status == "Succeeded"
    response = record.steps["Create"].response
    assert response["ModelName"] == f"pipelines-{record.id}-Create"
    assert response["PrimaryContainer"] == REQUEST["PrimaryContainer"]
    assert response["ModelArn"].endswith(f":model/{response['ModelName']}")
    assert (record.directory / "models" / f"{response['ModelName']}.json").is_file()


@pytest.mark.parametrize("name", ["mine", "a", "My-Model-1", "m" * 40, "m" * 63])
def test_a_name_in_the_definition_is_what_the_names_of_all_executions_begin_with(
    start, sagemaker, name: str
) -> None:
    """The SDK keeps it in the definition as a prefix: `PipelineDefinitionConfig`."""
    sagemaker.storage.put_bytes(ARTEFACT, b"model")
    steps = [
        {"Name": step, "Type": "Model", "Arguments": {**REQUEST, "ModelName": name}}
        for step in ("Create", "Again")
    ]
    records = [start(*steps) for _ in range(2)]
    assert [record.status for record in records] == ["Succeeded"] * 2, records
    made = {
        record.steps[step].response["ModelName"]
        for record in records
        for step in ("Create", "Again")
    }
    assert len(made) == 4
    assert all(one.startswith(name[:40]) and len(one) <= 63 for one in made)


@pytest.mark.parametrize("name", ["a_b", "-a", "a" * 64])
def test_a_prefix_that_is_no_name_is_refused(start, sagemaker, name: str) -> None:
    sagemaker.storage.put_bytes(ARTEFACT, b"model")
    step = {**STEP, "Arguments": {**REQUEST, "ModelName": name}}
    try:
        reason = start(step).failure_reason
    except DefinitionError as error:
        reason = str(error)
    assert "ModelName" in reason or "not a name for a model" in reason


def test_each_execution_makes_a_model_of_its_own(start, sagemaker) -> None:
    sagemaker.storage.put_bytes(ARTEFACT, b"model")
    names = {start(STEP).steps["Create"].response["ModelName"] for _ in range(2)}
    assert len(names) == 2


def test_a_model_goes_with_the_execution_that_made_it(start, sagemaker, models) -> None:
    sagemaker.storage.put_bytes(ARTEFACT, b"model")
    record = start(STEP)
    start(STEP)
    sagemaker.clean(keep=1)
    assert not record.directory.exists()
    with pytest.raises(DefinitionError, match="There is no model pipelines-"):
        models.describe(record.steps["Create"].response["ModelName"])


def test_a_step_without_its_artefact_fails_and_names_it(start) -> None:
    record = start(STEP)
    assert record.failure_reason == f"Step Create: there is no model artefact at {ARTEFACT}."


def test_a_folder_is_no_artefact(models: ModelStore) -> None:
    container = {"Image": "image", "ModelDataUrl": "s3://bucket/models/job"}
    with pytest.raises(StorageError, match="there is no model artefact"):
        models.create({"PrimaryContainer": container}, step="S", default_name="m")


def test_models_of_other_executions_are_found(tmp_path: Path, models, storage) -> None:
    other = ModelStore(tmp_path / "executions" / "20260101-000000-0000", storage)
    made = other.create({**REQUEST, "ModelName": "mine"}, step="S", default_name="m")
    assert models.describe("mine") == made


def test_a_name_belongs_to_one_model_which_only_its_own_step_makes_again(
    tmp_path: Path, models: ModelStore, storage: Storage
) -> None:
    request = {**REQUEST, "ModelName": "mine"}
    models.create(request, step="S", default_name="m")
    models.create({**request, "ExecutionRoleArn": "other"}, step="S", default_name="m")
    assert models.describe("mine")["ExecutionRoleArn"] == "other"
    other = ModelStore(tmp_path / "executions" / "20260103-000000-0000", storage)
    for store, step in ((models, "T"), (other, "S")):
        with pytest.raises(DefinitionError, match=f"Step {step}: there is a model mine already"):
            store.create(request, step=step, default_name="m")


@pytest.mark.parametrize("name", ["../x", "a/b", "-a", "a_b", "*", "a" * 64, 5])
def test_a_name_that_the_service_does_not_allow_is_refused(models: ModelStore, name) -> None:
    with pytest.raises(DefinitionError, match="not a name for a model"):
        models.create({**REQUEST, "ModelName": name}, step="S", default_name="m")


@pytest.mark.parametrize("name", ["../x", "*", "none", ""])
def test_there_is_no_model_of_a_name_that_was_never_made(models: ModelStore, name: str) -> None:
    models.create(REQUEST, step="S", default_name="m")
    with pytest.raises(DefinitionError, match="There is no model"):
        models.describe(name)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "PrimaryContainer or Containers"),
        ({"PrimaryContainer": {"Image": "i"}, "Containers": [{"Image": "i"}]}, "or Containers"),
        ({"PrimaryContainer": {"ModelPackageName": "p"}}, "needs an Image, got ModelPackageName"),
        ({"Containers": [{"Image": "i"}, {"Mode": "x"}]}, "needs an Image, got Mode"),
    ],
)
def test_containers_that_cannot_run_are_refused(models: ModelStore, request_, message) -> None:
    with pytest.raises(DefinitionError, match=message):
        models.create(request_, step="S", default_name="m")


def test_names_made_of_steps_fit_the_service_and_stay_apart() -> None:
    assert model_name("pipelines-1-Create_A") == "pipelines-1-Create-A"
    long = [model_name(f"pipelines-1-{'x' * 60}{end}") for end in "ab"]
    assert len(set(long)) == 2
    assert all(len(name) <= 63 for name in long)
