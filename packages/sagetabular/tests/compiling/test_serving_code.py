"""The code that an artefact carries to an image of AWS."""

from __future__ import annotations

from definitions import steps_of

from sagetabular.jobs.models.saving import pack_serving_code

BOOST, RIDGE = "models/boost/model.yaml", "models/ridge/model.yaml"
SCRIPT_MODE = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv",
    "PIP_NO_BUILD_ISOLATION": "0",
    "PIP_NO_INDEX": "1",
}


def requests_of(example):
    """Step → its request."""
    steps = steps_of(example.definition())
    return {name: step.get("Arguments", {}) for name, step in steps.items()}


def channels(request):
    return [channel["ChannelName"] for channel in request["InputDataConfig"]]


def variables(request):
    (container,) = request["InferenceSpecification"]["Containers"]
    return container.get("Environment")


def test_a_model_that_an_image_of_aws_serves_is_registered_with_the_code_in_it(example):
    found = requests_of(example)
    assert channels(found["FitBoost"]) == ["train", "code", "serving"]
    assert variables(found["RegisterBoost"]) == SCRIPT_MODE
    assert channels(found["TuneBoost"]["TrainingJobDefinition"]) == ["train", "code"]


def test_a_model_that_the_projects_own_image_serves_carries_no_code(example):
    found = requests_of(example)
    assert channels(found["FitRidge"]) == ["train", "code"]
    assert variables(found["RegisterRidge"]) is None


def test_variables_of_the_registration_count_more(example):
    own = {"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "application/json", "LOUD": "1"}
    example.change(BOOST, "defaults", {"register": {"environment": own}})
    assert variables(requests_of(example)["RegisterBoost"]) == {**SCRIPT_MODE, **own}


def test_a_created_model_serves_a_transform_in_the_same_way(example):
    transform = {"inputs": {"data": "data.preprocess.test"}}
    units = {"train": {}, "create": {}, "transform": transform, "evaluate": {}}
    example.change(BOOST, "steps", units)
    example.change(BOOST, "tuning", remove=True)
    example.change(BOOST, "hyperparameters", {"depth": 3})
    example.change("conf/pipeline.yaml", "selection", {"by": "test"})
    found = requests_of(example)
    assert channels(found["TrainBoost"]) == ["train", "code", "serving"]
    assert found["CreateBoost"]["PrimaryContainer"]["Environment"] == SCRIPT_MODE


def test_a_program_of_ones_own_decides_what_lies_in_its_artefact(example):
    example.write("models/boost/own.py", "")
    example.change(BOOST, "steps", {"train": {"entry_point": "own.py"}, "evaluate": {}})
    example.change("conf/pipeline.yaml", "selection", {"by": "test"})
    found = requests_of(example)
    assert channels(found["TrainBoost"]) == ["train", "code"]
    assert variables(found["RegisterBoost"]) is None


def test_a_model_of_another_folder_is_served_with_the_code_of_the_one_that_fitted_it(example):
    example.change(BOOST, "image", "project")
    register = {"inputs": {"model": "boost.fit.model"}, "image": {
        "framework": "xgboost", "version": "3.2-0"}}  # fmt: skip
    steps = {"tune": {}, "fit": {}, "evaluate": {}, "register": register}
    example.change(RIDGE, "steps", steps)
    assert [*example.compile().assets.serving] == ["boost"]


def test_the_code_is_what_serving_imports_and_no_web_server(compiled):
    files = compiled.assets.serving["boost"].files
    serving = "sagetabular/serving"
    assert {"inference.py", "setup.py", "models/boost/model.py"} <= {*files}
    assert {f"{serving}/aws_image.py", f"{serving}/formats/parquet_body.py"} <= {*files}
    assert not {f"{serving}/{name}.py" for name in ("server", "worker")} & {*files}
    assert not [name for name in files if name.startswith(f"{serving}/http/")]
    assert not [name for name in files if name.startswith("models/ridge")]


def test_another_server_repeats_the_fit_and_no_trial(example, package):
    before = example.compile().assets
    package.append("serving/formats/answers.py", "\n# changed\n")
    after = example.compile().assets
    assert after.serving["boost"].key != before.serving["boost"].key
    assert after.model_archives == before.model_archives
    assert after.jobs == before.jobs


def test_a_fit_packs_the_code_beside_the_model(tmp_path):
    code = tmp_path / "input/data/serving/sagetabular/serving"
    code.mkdir(parents=True)
    (tmp_path / "model").mkdir()
    (code / "model.py").write_text("x = 1\n")
    (code / "model.py").chmod(0o444)
    pack_serving_code(tmp_path)
    packed = tmp_path / "model/code/sagetabular/serving/model.py"
    assert packed.read_text() == "x = 1\n"
    packed.write_text("a container may change its own files")


def test_a_fit_without_the_channel_packs_nothing(tmp_path):
    (tmp_path / "model").mkdir()
    pack_serving_code(tmp_path)
    assert list((tmp_path / "model").iterdir()) == []
