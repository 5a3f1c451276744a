from __future__ import annotations

import copy

import pytest

from sagetabular.compiling.checks import check_definition, definition_problems
from sagetabular.errors import UserError


def get(reference):
    return {"Get": reference}


def join(*parts):
    return {"Std:Join": {"On": "", "Values": [*parts]}}


def assign(place, **members):
    place.update(members)


# Fault: how it is planted, and the line that it must be reported with (or the start of it).
FAULTS = {
    "a reference to an unknown step": (
        lambda at: assign(at.fit["OutputDataConfig"], S3OutputPath=get("Steps.Split.Output")),
        "FitRidge.OutputDataConfig.S3OutputPath: "
        "'Steps.Split.Output' names no parameter, step or execution variable.",
    ),
    "a reference to an unknown parameter": (
        lambda at: assign(at.fit, RoleArn=get("Parameters.Role")),
        "FitRidge.RoleArn: 'Parameters.Role' names no parameter, step or execution variable.",
    ),
    "a reference to an unknown parameter inside a text": (
        lambda at: assign(at.fit["HyperParameters"], x=join("a", join(get("Parameters.X")))),
        "FitRidge.HyperParameters.x: 'Parameters.X' names no parameter, step or execution",
    ),
    "a reference to an unknown execution variable": (
        lambda at: assign(at.fit["HyperParameters"], x=get("Execution.Id")),
        "FitRidge.HyperParameters.x: 'Execution.Id' names no parameter, step or execution",
    ),
    "a reference to a step as a whole": (
        lambda at: assign(at.fit["HyperParameters"], x=get("Steps.Preprocess")),
        "FitRidge.HyperParameters.x: 'Steps.Preprocess' names no parameter, step or execution",
    ),
    "a reference to an unknown output": (
        lambda at: assign(
            at.fit["OutputDataConfig"],
            S3OutputPath=get(
                "Steps.Preprocess.ProcessingOutputConfig.Outputs['trian'].S3Output.S3Uri"
            ),
        ),
        "FitRidge.OutputDataConfig.S3OutputPath: "
        "\"Steps.Preprocess.ProcessingOutputConfig.Outputs['trian'].S3Output.S3Uri\" "
        "names no output of step 'Preprocess'.",
    ),
    "a reference to all outputs at once": (
        lambda at: assign(
            at.fit["OutputDataConfig"],
            S3OutputPath=get("Steps.Preprocess.ProcessingOutputConfig.Outputs"),
        ),
        "FitRidge.OutputDataConfig.S3OutputPath: "
        "'Steps.Preprocess.ProcessingOutputConfig.Outputs' names no output of step 'Preprocess'.",
    ),
    "a reference to an unknown property file": (
        lambda at: assign(
            at.steps["QualityGate"]["Arguments"]["Conditions"][0],
            LeftValue={
                "Std:JsonGet": {
                    "PropertyFile": get("Steps.Select.PropertyFiles.Ranking"),
                    "Path": "winner",
                }
            },
        ),
        "QualityGate.Conditions[0].LeftValue: "
        "'Steps.Select.PropertyFiles.Ranking' names no property file of step 'Select'.",
    ),
    "a reference to a hyperparameter that is not tuned": (
        lambda at: assign(
            at.fit["HyperParameters"],
            depth=join(get("Steps.TuneRidge.BestTrainingJob.TunedHyperParameters['depth']")),
        ),
        "FitRidge.HyperParameters.depth: "
        "\"Steps.TuneRidge.BestTrainingJob.TunedHyperParameters['depth']\" "
        "names no hyperparameter that step 'TuneRidge' tunes.",
    ),
    "a reference to all tuned hyperparameters at once": (
        lambda at: assign(
            at.fit["HyperParameters"],
            depth=get("Steps.TuneRidge.BestTrainingJob.TunedHyperParameters"),
        ),
        "FitRidge.HyperParameters.depth: 'Steps.TuneRidge.BestTrainingJob.TunedHyperParameters' "
        "names no hyperparameter that step 'TuneRidge' tunes.",
    ),
    "a property that the response does not have": (
        lambda at: assign(at.container, ModelDataUrl=get("Steps.FitRidge.ModelArtifacts.S3Uri")),
        "RegisterRidge.InferenceSpecification.Containers[0].ModelDataUrl: "
        "'Steps.FitRidge.ModelArtifacts.S3Uri': the service's response has no 'S3Uri'.",
    ),
    "a property of a property that is text": (
        lambda at: assign(at.container, ModelDataUrl=get("Steps.FitRidge.TrainingJobName.Uri")),
        "RegisterRidge.InferenceSpecification.Containers[0].ModelDataUrl: "
        "'Steps.FitRidge.TrainingJobName.Uri': the service's response has no 'Uri'.",
    ),
    "a property of a condition": (
        lambda at: assign(at.fit["HyperParameters"], x=get("Steps.QualityGate.Result")),
        "FitRidge.HyperParameters.x: "
        "'Steps.QualityGate.Result': a Condition step has no such property.",
    ),
    "steps that wait for each other": (
        lambda at: assign(at.steps["Ingest"], DependsOn=["Preprocess"]),
        "Steps wait for each other: ",
    ),
    "a step that depends on a Fail step": (
        lambda at: assign(at.steps["Ingest"], DependsOn=["Fail"]),
        "Ingest can not depend on Fail, which is a Fail step.",
    ),
    "a member of a step that there is not": (
        lambda at: assign(at.steps["FitRidge"], CacheConfg={"Enabled": True}),
        "FitRidge: a Training step has no member 'CacheConfg'",
    ),
    "a step name twice": (
        lambda at: at.definition["Steps"].append(copy.deepcopy(at.steps["FitRidge"])),
        "the step name 'FitRidge' stands 2 times.",
    ),
    "a step name twice, once inside a condition": (
        lambda at: assign(at.steps["Fail"], Name="Ingest"),
        "the step name 'Ingest' stands 2 times.",
    ),
    "a dependency on an unknown step": (
        lambda at: assign(at.steps["FitRidge"], DependsOn=["Ingest", "Split"]),
        "FitRidge.DependsOn names no step: 'Split'.",
    ),
    "a cache of a condition": (
        lambda at: assign(at.steps["QualityGate"], CacheConfig={"Enabled": True}),
        "QualityGate: a Condition step has neither cache nor retries.",
    ),
    "a cache of a condition inside a condition": (
        lambda at: assign(at.steps["IsRidge"], CacheConfig={"Enabled": True}),
        "IsRidge: a Condition step has neither cache nor retries.",
    ),
    "retries of Fail": (
        lambda at: assign(at.steps["Fail"], RetryPolicies=[]),
        "Fail: a Fail step has neither cache nor retries.",
    ),
    "a parameter that nothing uses": (
        lambda at: at.definition["Parameters"].append({"Name": "Unused", "Type": "String"}),
        "the parameter 'Unused' is used nowhere: setting it would do nothing.",
    ),
    "a property file of an unknown output": (
        lambda at: at.steps["Select"]["PropertyFiles"][0].update(OutputName="selections"),
        "Select.PropertyFiles names no output of the step: 'selections'.",
    ),
    "a step of unknown type": (
        lambda at: assign(at.steps["FitRidge"], Type="Trainin"),
        "FitRidge: there is no step type 'Trainin'.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("plant", "report"), FAULTS.values(), ids=FAULTS.keys())
def test_a_planted_fault_is_reported(definition, parts_of, plant, report):
    assert definition_problems(definition) == []
    plant(parts_of(definition))
    problems = definition_problems(definition)
    assert any(problem.startswith(report) for problem in problems), problems
    with pytest.raises(UserError, match="^The compiled definition breaks a rule of SageMaker: "):
        check_definition(definition)
