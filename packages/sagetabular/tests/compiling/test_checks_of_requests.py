from __future__ import annotations

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
    "a misspelt member": (
        lambda at: assign(at.fit, EnableNetworkIsolaton=True),
        "FitRidge.EnableNetworkIsolaton is not a member of CreateTrainingJob, got True. "
        "Did you mean EnableNetworkIsolation?",
    ),
    "a misspelt member far inside": (
        lambda at: assign(at.preprocess["ProcessingResources"]["ClusterConfig"], Count=1),
        "Preprocess.ProcessingResources.ClusterConfig.Count is not a member of "
        "ProcessingClusterConfig, got 1.",
    ),
    "text where a number must stand": (
        lambda at: assign(at.fit["StoppingCondition"], MaxRuntimeInSeconds="60"),
        "FitRidge.StoppingCondition.MaxRuntimeInSeconds must be a whole number, got '60'.",
    ),
    "a number where text must stand": (
        lambda at: assign(at.fit["HyperParameters"], depth=3),
        "FitRidge.HyperParameters.depth must be text, got 3.",
    ),
    "a mapping where a list must stand": (
        lambda at: assign(at.fit, InputDataConfig={"train": "s3://a/b"}),
        "FitRidge.InputDataConfig must be a list, got {'train': 's3://a/b'}.",
    ),
    "a required member missing": (
        lambda at: at.fit.pop("OutputDataConfig"),
        "FitRidge.OutputDataConfig is missing.",
    ),
    "a required member missing far inside": (
        lambda at: at.search["ResourceLimits"].pop("MaxParallelTrainingJobs"),
        "TuneRidge.HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs is "
        "missing.",
    ),
    "a whole number that stands bare in a text's place": (
        lambda at: assign(at.fit["HyperParameters"], job_seed=get("Parameters.Seed")),
        "FitRidge.HyperParameters.job_seed must be string, "
        "but {'Get': 'Parameters.Seed'} is integer.",
    ),
    "a mapping of the response in a text's place": (
        lambda at: assign(at.fit["HyperParameters"], x=get("Steps.TuneRidge.BestTrainingJob")),
        "FitRidge.HyperParameters.x must be string, "
        "but {'Get': 'Steps.TuneRidge.BestTrainingJob'} is structure.",
    ),
    "text in a whole number's place": (
        lambda at: assign(
            at.search["ResourceLimits"], MaxNumberOfTrainingJobs=get("Parameters.Table")
        ),
        "TuneRidge.HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs "
        "must be integer, but {'Get': 'Parameters.Table'} is string.",
    ),
    "a joined text in a whole number's place": (
        lambda at: assign(at.search, RandomSeed=join(get("Parameters.Seed"))),
        "TuneRidge.HyperParameterTuningJobConfig.RandomSeed must be integer, but {'Std:Join': ",
    ),
    "an argument that is too long": (
        lambda at: at.preprocess["AppSpecification"]["ContainerArguments"].append("x" * 257),
        "Preprocess.AppSpecification.ContainerArguments[4] may be at most 256 characters, got 257",
    ),
    "an environment variable of a Processing job that is too long": (
        lambda at: assign(at.preprocess["Environment"], X="x" * 257),
        "Preprocess.Environment.X may be at most 256 characters, got 257: 'xxx",
    ),
    "an environment variable of a Training job that is too long": (
        lambda at: assign(at.fit["Environment"], X="x" * 513),
        "FitRidge.Environment.X may be at most 512 characters, got 513: 'xxx",
    ),
    "a hyperparameter that is too long": (
        lambda at: assign(at.trial["StaticHyperParameters"], note="x" * 2501),
        "TuneRidge.TrainingJobDefinition.StaticHyperParameters.note may be at most 2500 characters",
    ),
    "a hyperparameter whose name is too long": (
        lambda at: assign(at.fit["HyperParameters"], **{"x" * 257: "1"}),
        "FitRidge.HyperParameters key may be at most 256 characters, got 257: 'xxx",
    ),
    "a joined text that is too long whatever is put in": (
        lambda at: assign(
            at.preprocess["Environment"], X=join("x" * 200, get("Parameters.Table"), "x" * 57)
        ),
        "Preprocess.Environment.X may have 256 characters, got 262 and more.",
    ),
    "too many metrics": (
        lambda at: assign(
            at.trial["AlgorithmSpecification"],
            MetricDefinitions=[{"Name": f"m{n}", "Regex": "x"} for n in range(41)],
        ),
        "TuneRidge.TrainingJobDefinition.AlgorithmSpecification.MetricDefinitions "
        "may be at most 40 entries, got 41: ",
    ),
    "a number that is too small": (
        lambda at: assign(at.fit["StoppingCondition"], MaxRuntimeInSeconds=0),
        "FitRidge.StoppingCondition.MaxRuntimeInSeconds must be at least 1, got 0: '0'.",
    ),
    "a number that is too large": (
        lambda at: assign(at.trial["RetryStrategy"], MaximumRetryAttempts=31),
        "TuneRidge.TrainingJobDefinition.RetryStrategy.MaximumRetryAttempts "
        "may be at most 30, got 31: '31'.",
    ),
    "a value that is none of the allowed ones": (
        lambda at: assign(at.search, Strategy="Bayes"),
        "TuneRidge.HyperParameterTuningJobConfig.Strategy must be a value that SageMaker knows, "
        "such as Bayesian, ",
    ),
    "a default that is none of the allowed ones": (
        lambda at: assign(at.parameters["TrainingInstanceType"], DefaultValue="ml.m5.huge"),
        "parameter TrainingInstanceType must be a value that SageMaker knows, such as ml.m5.",
    ),
    "a default that is too small": (
        lambda at: assign(at.parameters["Seed"], DefaultValue=-1),
        "parameter Seed must be at least 0, got -1",
    ),
    "a default that is too long": (
        lambda at: assign(at.parameters["Table"], DefaultValue="x" * 257),
        "parameter Table may be at most 256 characters, got 257: 'xxx",
    ),
    "a name that breaks its pattern": (
        lambda at: assign(at.register, ModelPackageGroupName="test_project"),
        "RegisterRidge.ModelPackageGroupName must match (arn:",
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
