"""Units of several models in one definition: their order, their settings, their ranking."""

from __future__ import annotations

import pytest
from definitions import steps_of
from making_units import BOOST, PIPELINE, PROGRAM, RIDGE, inputs_of, with_unit


def test_the_short_form_of_the_steps_is_the_long_one_to_the_byte(example, compiled):
    sources = {"train": "data.preprocess.train", "test": {"source": "data.preprocess.test"}}
    for file, model in ((RIDGE, "ridge"), (BOOST, "boost")):
        fitted = {"test": sources["test"], "model": f"{model}.fit.model"}
        long = {
            "tune": {"class": "tune", "inputs": {"train": sources["train"]}},
            "fit": {"inputs": {"train": sources["train"]}},
            "evaluate": {"inputs": fitted},
            "register": {},
        }
        example.change(file, "steps", long)
    assert example.compile().definition == compiled.definition
    for file in (RIDGE, BOOST):
        example.change(file, "steps", ["tune", "fit", "evaluate"])
        example.change(file, "inputs", sources)
    assert example.compile().definition == compiled.definition


def test_a_step_counts_more_than_its_model_and_that_more_than_the_project(example):
    example.change(
        PIPELINE,
        "defaults",
        {
            "fit": {"volume_gb": 1, "max_minutes": 1, "environment": {"A": "1", "B": "1"}},
            "tune": {"volume_gb": 9},
            "register": {"description": "ours"},
        },
    )
    defaults = {"fit": {"max_minutes": 2, "environment": {"B": "2", "C": "2"}}}
    example.change(RIDGE, "defaults", defaults)
    fit = {"environment": {"C": "3"}, "instance_type": "ml.m5.large"}
    example.change(RIDGE, "steps", {"tune": {}, "fit": fit, "evaluate": {}})
    steps = steps_of(example.definition())
    ridge, boost = (steps[f"Fit{title}"]["Arguments"] for title in ("Ridge", "Boost"))
    own = {name: ridge["Environment"][name] for name in "ABC"}
    assert own == {"A": "1", "B": "2", "C": "3"}
    assert ridge["ResourceConfig"]["VolumeSizeInGB"] == boost["ResourceConfig"]["VolumeSizeInGB"]
    assert ridge["ResourceConfig"]["VolumeSizeInGB"] == 1
    assert ridge["ResourceConfig"]["InstanceType"] == "ml.m5.large"
    assert boost["ResourceConfig"]["InstanceType"] == {"Get": "Parameters.TrainingInstanceType"}
    assert ridge["StoppingCondition"]["MaxRuntimeInSeconds"] == 120
    assert boost["StoppingCondition"]["MaxRuntimeInSeconds"] == 60
    trial = steps["TuneRidge"]["Arguments"]["TrainingJobDefinition"]
    assert trial["ResourceConfig"]["VolumeSizeInGB"] == 9
    assert steps["RegisterBoost"]["Arguments"]["ModelPackageDescription"] == "ours"


def test_dependencies_become_depends_on(example):
    example.change(
        PIPELINE,
        "dependencies",
        ["ridge >> boost", "data.preprocess >> ridge.tune", "ridge >> boost"],
    )
    steps = steps_of(example.definition())
    waiting = {name: step["DependsOn"] for name, step in steps.items() if "DependsOn" in step}
    assert waiting == {"TuneBoost": ["EvaluateRidge"], "TuneRidge": ["Preprocess"]}


def test_each_step_stands_behind_all_that_it_refers_to(example):
    example.change(RIDGE, "steps", {"tune": {}, "fit": {}, "evaluate": {}, "last": "process"})
    example.write("models/ridge/process.py", PROGRAM)
    example.change(PIPELINE, "dependencies", ["boost >> ridge.last", "ridge.fit >> boost.tune"])
    names = [step["Name"] for step in example.definition()["Steps"]]
    assert names == [
        *("Ingest", "Preprocess", "TuneRidge", "FitRidge", "TuneBoost", "EvaluateRidge"),
        *("FitBoost", "EvaluateBoost", "LastRidge", "Select", "Track", "QualityGate"),
    ]


def test_only_models_that_are_evaluated_are_ranked(example):
    steps, _ = with_unit(example, ["fit"])
    assert steps["Select"]["Arguments"]["AppSpecification"]["ContainerArguments"] == [
        *("--by", "cv", "--models", "boost")
    ]
    assert {"FitRidge", "RegisterBoost"} <= {*steps}
    assert not {"RegisterRidge", "IsRidge", "EvaluateRidge"} & {*steps}


@pytest.mark.parametrize(("count", "groups"), [(9, []), (10, [9, 1]), (19, [9, 9, 1])])
def test_more_than_nine_models_are_collected_first(example, count, groups):
    example.change(PIPELINE, "selection", {"by": "test"})
    names = []
    for number in range(count):
        names.append(f"copy_{number:02}")
        content = {"title": f"Copy{number}", "image": "project", "steps": ["fit", "evaluate"]}
        example.write(f"models/{names[-1]}/model.yaml", content)
        example.write(f"models/{names[-1]}/model.py", "")
    example.change(PIPELINE, "models", names)
    steps = steps_of(example.definition())
    collects = [steps[f"Collect{number}"] for number in range(1, len(groups) + 1)]
    read = [[*inputs_of(step)][1:] for step in collects]
    assert [len(group) for group in read] == groups
    select = steps["Select"]
    arguments = select["Arguments"]["AppSpecification"]["ContainerArguments"]
    if groups:
        assert [name for group in read for name in group] == names
        collections = [f"collect{number}" for number in range(1, len(groups) + 1)]
        assert arguments == ["--by", "test", "--collections", *collections]
        assert [*inputs_of(select)] == ["code", *collections]
    else:
        assert "Collect1" not in steps
        assert [*inputs_of(select)] == ["code", *names]


def test_parameters_that_no_step_refers_to_are_not_declared(example):
    example.change(PIPELINE, "selection", {"by": "test"})
    example.change(PIPELINE, "models", ["ridge"])
    fixed = {"instance_type": "ml.m5.large"}
    example.change(RIDGE, "image", {"uri": "own:1"})
    steps = {"fit": fixed, "evaluate": {}, "register": {"approval": "Approved"}}
    example.change(RIDGE, "steps", steps)
    declared = {item["Name"] for item in example.definition()["Parameters"]}
    absent = {
        "ImageUri", "MaxTrainingJobs", "MaxParallelTrainingJobs", "TrainingInstanceType",
        "ModelApprovalStatus",
    }  # fmt: skip
    assert not absent & declared
    assert {"Folds", "ProcessingInstanceType", "RoleArn"} <= declared


def test_the_code_of_a_model_outside_travels_under_its_name_and_its_changes_are_seen(example):
    for file in ("model.yaml", "model.py"):
        text = (example.root / "models/ridge" / file).read_text(encoding="utf-8")
        example.write(f"../far-away/model/{file}", text)
        (example.root / "models/ridge" / file).unlink()
    example.change("../far-away/model/model.yaml", "name", "far")
    example.change(PIPELINE, "models", ["boost", "../*/model"])
    first = example.compile()
    assert "models/far/model.py" in first.assets.evaluations["far"].files
    assert b"far-away" not in first.definition
    code = example.root / "../far-away/model/model.py"
    code.write_text(code.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    second = example.compile()
    assert second.definition != first.definition
    assert b"models/far/" not in second.definition
