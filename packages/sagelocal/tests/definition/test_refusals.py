"""One mutation each of a definition that is accepted: what it is refused with, and by which rule.

The sources of the rules: `API` is the page of that name in SageMaker's API reference, `sdk` the
SDK's repository aws/sagemaker-python-sdk: an issue, or an integration test that runs on AWS.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from building import ROLE, Build
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagelocal import DefinitionError, LocalSageMaker, SageLocalError, Storage
from sagelocal.definition import parse_definition
from sagelocal.definition.requests import check_requests

REMOVE = object()


def get(text: str) -> dict[str, Any]:
    return {"Get": text}


def join(*values: object) -> dict[str, Any]:
    return {"Std:Join": {"On": "", "Values": list(values)}}


def json_get(path: str, file: str = "Steps.Prepare.PropertyFiles.Counted") -> dict[str, Any]:
    return {"Std:JsonGet": {"PropertyFile": get(file), "Path": path}}


SOURCE = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
OUTPUT = "Steps.Prepare.ProcessingOutputConfig.Outputs['data'].S3Output.S3Uri"
TRAINING = {
    "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
    "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": SOURCE}}],
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
    "ResourceConfig": CLUSTER,
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    "RoleArn": ROLE,
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "Prepare": {
        "AppSpecification": {
            "ImageUri": "image",
            "ContainerEntrypoint": ["python3", "run.py"],
            "ContainerArguments": [join(get("Parameters.Rows"))],
        },
        "Environment": {"A": "b"},
        "ProcessingInputs": [
            {
                "InputName": "in",
                "S3Input": {**SOURCE, "LocalPath": "/opt/ml/processing/in", "S3InputMode": "File"},
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "data",
                    "S3Output": {
                        "S3Uri": "s3://bucket/out",
                        "LocalPath": "/opt/ml/processing/out",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        "ProcessingResources": {"ClusterConfig": CLUSTER},
        "RoleArn": ROLE,
    },
    "Fit": {**TRAINING, "HyperParameters": {"a": "1"}},
    "Tune": {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2},
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "r2"},
            "ParameterRanges": {
                "IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "9"}]
            },
        },
        "TrainingJobDefinition": {**TRAINING, "StaticHyperParameters": {"b": "2"}},
    },
    "Create": {"PrimaryContainer": {"Image": "image"}, "ExecutionRoleArn": ROLE},
    "Score": {
        "ModelName": get("Steps.Create.ModelName"),
        "TransformInput": {"DataSource": {"S3DataSource": SOURCE}},
        "TransformOutput": {"S3OutputPath": "s3://bucket/scores"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    },
    "Register": {"ModelPackageGroupName": "group", "ModelApprovalStatus": "Approved"},
    "Gate": {
        "Conditions": [
            {"Type": "GreaterThan", "LeftValue": json_get("rows"), "RightValue": 5},
            {"Type": "Equals", "LeftValue": get("Parameters.Name"), "RightValue": "x"},
        ],
        "IfSteps": [],
        "ElseSteps": [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "few"}}],
    },
}
TYPES = ["Processing", "Training", "Tuning", "Model", "Transform", "RegisterModel", "Condition"]
FILE = {"PropertyFileName": "Counted", "OutputName": "data", "FilePath": "n.json"}
VALID: dict[str, Any] = {
    "Version": "2020-12-01",
    "Parameters": [
        {"Name": "Rows", "Type": "Integer", "DefaultValue": 10},
        {"Name": "Rate", "Type": "Float", "DefaultValue": 0.5},
        {"Name": "Keep", "Type": "Boolean", "DefaultValue": True},
        {"Name": "Name", "Type": "String", "DefaultValue": "x"},
    ],
    "Steps": [
        {"Name": name, "Type": kind, "Arguments": arguments}
        for (name, arguments), kind in zip(ARGUMENTS.items(), TYPES, strict=True)
    ],
}
VALID["Steps"][0]["PropertyFiles"] = [FILE]

LOW = "Arguments.Conditions.0.LeftValue"
CONFIG = "Tune.Arguments.HyperParameterTuningJobConfig"
TRIAL = "Tune.Arguments.TrainingJobDefinition"
APPLICATION = "Prepare.Arguments.AppSpecification"
CLUSTER_OF = "Prepare.Arguments.ProcessingResources.ClusterConfig"
OUT = "Prepare.Arguments.ProcessingOutputConfig.Outputs.0"
TYPED = "sdk #3078, dg build-and-manage-properties: cannot assign property reference"

# Place, what stands there instead, what the refusal says, the source of the rule.
REFUSED: list[tuple[str, Any, str, str]] = [
    # Members
    (
        "Prepare.Arguments.ProcessingOutputs", [],
        "ProcessingOutputs is not a member of CreateProcessingJob, got [].\n"
        "Did you mean ProcessingOutputConfig or ProcessingInputs?", "API CreateProcessingJob",
    ),
    ("Prepare.Arguments.Inputs", {}, "Inputs is not a member", "API CreateProcessingJob"),
    (f"{CLUSTER_OF}.InstanceCounts", 1, "mean InstanceCount or", "API ProcessingClusterConfig"),
    ("Fit.Arguments.EnableNetworkIsolaton", True, "mean EnableNetworkIsolation?",
     "API CreateTrainingJob"),
    (f"{TRIAL}.HyperParameters", {}, "StaticHyperParameters",
     "API HyperParameterTrainingJobDefinition"),
    ("Register.Arguments.ModelPackageName", "m", "ModelPackageName is not a member", "sdk #3472"),
    ("Create.Arguments.PrimaryContainer.AdditionalModelDataSources", [], "#4994", "sdk #4994"),
    ("Score.Arguments.Instances", 2, "Instances is not a member", "API CreateTransformJob"),
    ("Prepare.CacheConfg", {}, "mean CacheConfig?", "sdk #2746: unknown property"),
    ("Prepare.CacheConfig", {"Enabled": True, "Expires": "P1D"}, "no member 'Expires'",
     "sdk #2746: unknown property"),
    ("Prepare.CacheConfig", {"Enabled": "true", "ExpireAfter": "P1D"}, "true or false",
     "dg pipelines-caching"),
    ("Gate.CacheConfig", {"Enabled": True}, "no member 'CacheConfig'", "dg pipelines-caching"),
    ("Gate.Arguments.Else", [], "Else is not a member", "sdk condition_step.py"),
    ("Gate.Arguments.Conditions.0.Expression", 1, "has no member Expression", "sdk #2746"),
    ("Stop.Arguments.Message", "x", "mean ErrorMessage?", "sdk fail_step.py"),
    ("Step", [], "has no member 'Step'", "published JSON schema: additionalProperties"),
    ("Metadata", [], "Metadata must be an object", "published JSON schema"),
    ("Fit.DisplayName", 5, "DisplayName must be text, got 5", "published JSON schema"),
    ("Parameters.0.Default", 1, "mean DefaultValue?", "published JSON schema"),
    # What must be there
    ("Prepare.Arguments.RoleArn", REMOVE, "RoleArn is missing", "API CreateProcessingJob"),
    ("Prepare.Arguments.ProcessingResources", REMOVE, "Resources is missing",
     "API CreateProcessingJob"),
    (f"{CLUSTER_OF}.VolumeSizeInGB", REMOVE, "VolumeSizeInGB is missing",
     "API ProcessingClusterConfig"),
    ("Prepare.Arguments.ProcessingInputs.0.S3Input.S3DataType", REMOVE, "S3DataType is missing",
     "API ProcessingS3Input"),
    (f"{OUT}.S3Output.S3UploadMode", REMOVE, "S3UploadMode is missing", "API ProcessingS3Output"),
    ("Fit.Arguments.OutputDataConfig", None, "OutputDataConfig is missing",
     "API CreateTrainingJob"),
    (f"{CONFIG}.ResourceLimits.MaxParallelTrainingJobs", REMOVE, "TrainingJobs is missing",
     "API ResourceLimits"),
    (f"{TRIAL}.StoppingCondition", REMOVE, "StoppingCondition is missing",
     "API HyperParameterTrainingJobDefinition"),
    ("Score.Arguments.TransformResources", REMOVE, "is missing", "API CreateTransformJob"),
    ("Gate.Arguments.Conditions", [], "at least one condition", "published JSON schema"),
    # Types of literals: the SDK's issues show that nothing is converted.
    ("Fit.Arguments.HyperParameters.a", 1, "must be text, got 1", "API CreateTrainingJob"),
    (f"{CLUSTER_OF}.InstanceCount", "1", "must be a whole number, got '1'",
     "API ProcessingClusterConfig"),
    (f"{CLUSTER_OF}.InstanceCount", True, "must be a whole number", "API ProcessingClusterConfig"),
    (f"{CLUSTER_OF}.InstanceCount", 1.5, "must be a whole number", "API ProcessingClusterConfig"),
    ("Fit.Arguments.InputDataConfig", {}, "must be a list", "sdk #2345: start of Json Array"),
    ("Prepare.Arguments.Environment", [], "must be an object", "sdk #3908: start of Json Object"),
    ("Prepare.Arguments.Environment.A", None, "must be text, got null", "API map of texts"),
    ("Fit.Arguments.EnableNetworkIsolation", "yes", "true or false", "API CreateTrainingJob"),
    ("Stop.Arguments.ErrorMessage", 5, "must be string, but 5 is integer", "sdk fail_step.py"),
    # Enumerations, lengths, numbers, patterns
    (f"{CONFIG}.Strategy", "Bayes", "such as Bayesian", "API HyperParameterTuningJobConfig"),
    (f"{OUT}.S3Output.S3UploadMode", "End", "EndOfJob", "API ProcessingS3Output"),
    (f"{CLUSTER_OF}.InstanceType", "ml.m5.huge", "mean ml.m5.large?",
     "API ProcessingClusterConfig"),
    ("Register.Arguments.ModelApprovalStatus", "approved", "mean Approved?",
     "API CreateModelPackage"),
    ("Prepare.Arguments.ProcessingInputs", [{"InputName": f"i{n}"} for n in range(11)],
     "at most 10 entries, got 11", "sdk #2554"),
    (f"{CLUSTER_OF}.InstanceCount", 101, "at most 100", "API ProcessingClusterConfig"),
    (f"{APPLICATION}.ContainerArguments", [], "at least 1 entries", "API AppSpecification"),
    (f"{APPLICATION}.ContainerArguments.0", "x" * 257, "at most 256 characters",
     "API AppSpecification"),
    ("Prepare.Arguments.Environment.A", "x" * 257, "at most 256 characters",
     "API CreateProcessingJob"),
    ("Fit.Arguments.HyperParameters.a", "x" * 2501, "at most 2500 characters",
     "API CreateTrainingJob"),
    ("Fit.Arguments.StoppingCondition.MaxRuntimeInSeconds", 0, "at least 1",
     "API StoppingCondition"),
    ("Fit.Arguments.RoleArn", "role", "at least 20 characters", "API CreateTrainingJob"),
    ("Fit.Arguments.InputDataConfig.0.ChannelName", "a b", "must match", "API Channel"),
    ("Fit.Arguments.OutputDataConfig.S3OutputPath", "/tmp/x", "must match (https|s3)",
     "API OutputDataConfig"),
    ("Register.Arguments.ModelPackageGroupName", "my_group", "must match",
     "API CreateModelPackage"),
    ("Create.Arguments.ModelName", "my_model", "must match", "API CreateModel"),
    # Types of references
    ("Prepare.Arguments.Environment.A", get("Parameters.Rows"),
     "must be string, but {'Get': 'Parameters.Rows'} is integer.\nSageMaker cannot assign property "
     "reference [Parameters.Rows] to argument of type [String].", TYPED),
    ("Fit.Arguments.HyperParameters.a", get("Parameters.Rate"), "is float", TYPED),
    (f"{APPLICATION}.ContainerArguments.0", get("Parameters.Rows"), "is integer", TYPED),
    ("Fit.Arguments.HyperParameters.a", get("Parameters.Keep"), "is boolean", TYPED),
    (f"{CLUSTER_OF}.InstanceCount", get("Parameters.Name"), "of type [Integer]", TYPED),
    (f"{CLUSTER_OF}.InstanceCount", join("1"), "must be integer", TYPED),
    (f"{CLUSTER_OF}.InstanceCount", get("Parameters.Rate"), "is float", TYPED),
    ("Fit.Arguments.EnableNetworkIsolation", get("Parameters.Name"), "is string", TYPED),
    ("Fit.Arguments.HyperParameters.a", get("Steps.Tune.BestTrainingJob"), "is structure", TYPED),
    ("Fit.Arguments.InputDataConfig", get(OUTPUT), "must be list", "sdk #2345"),
    ("Stop.Arguments.ErrorMessage", get("Parameters.Rows"), "is integer", TYPED),
    ("Stop.Arguments.ErrorMessage", join(get("Steps.Tune.BestTrainingJob")), "which is structure",
     "sdk functions.py, Join: primitives, parameters, properties, expressions"),
    (f"Gate.{LOW}", [1], "which is list", "sdk conditions.py, ConditionValueType"),
    (f"Gate.{LOW}", get("Steps.Tune.BestTrainingJob"), "which is structure",
     "sdk conditions.py, ConditionValueType"),
    (f"Gate.{LOW}", get("Parameters.Name"), "two numbers or two texts, got string and integer",
     "sdk test_pipeline_var_behaviors.py converts first"),
    # References to what there is not
    ("Fit.Arguments.RoleArn", get("Steps.Prepare.RoleArm"), "no 'RoleArm'.\nDid you mean RoleArn?",
     "API DescribeProcessingJob"),
    ("Fit.Arguments.RoleArn", get("Steps.Prepare.ExitCode"), "no 'ExitCode'",
     "API DescribeProcessingJob"),
    ("Fit.Arguments.HyperParameters.a", get("Steps.Tune.Best.Name"), "no 'Best'",
     "API DescribeHyperParameterTuningJob"),
    ("Fit.Arguments.OutputDataConfig.S3OutputPath", get(OUTPUT.replace("data", "date")),
     "names no output of step 'Prepare'.\nDid you mean data?", "sdk ProcessingStep.properties"),
    ("Fit.Arguments.HyperParameters.a",
     get("Steps.Tune.BestTrainingJob.TunedHyperParameters['deep']"),
     "names no hyperparameter that step 'Tune' tunes.\nDid you mean depth?",
     "API HyperParameterTrainingJobSummary"),
    ("Stop.Arguments.ErrorMessage", get("Steps.Gate.Result"), "has no such property",
     "sdk condition_step.py: Outcome"),
    (f"Gate.{LOW}", json_get("rows", "Steps.Prepare.PropertyFiles.Count"), "not declare: Count",
     "sdk functions.py, JsonGet"),
    ("Fit.Arguments.HyperParameters.a", get("Execution.ProcessingJobName"), "Only a Processing",
     "sdk execution_variables.py"),
    # The graph
    ("Prepare.DependsOn", ["Stop"], "Prepare can not depend on Stop, which is a Fail step",
     "sdk test_fail_steps.py: can not depends on"),
    ("Prepare.DependsOn", ["Gate"], "Steps wait for each other", "dg build-and-manage: acyclic"),
    ("Version", "1", "Version must be '2020-12-01'", "published JSON schema"),
    ("Version", 20201201, "Version must be '2020-12-01'", "published JSON schema"),
    # What the service runs, and a laptop cannot
    ("Tune.Arguments.TrainingJobDefinitions", [{**TRAINING, "DefinitionName": "a"}], "one",
     "README: one TrainingJobDefinition"),
    (OUT, {"OutputName": "data", "FeatureStoreOutput": {"FeatureGroupName": "g"}},
     "no FeatureStoreOutput", "README"),
    (f"Gate.{LOW}", json_get("$..rows"), "no wildcards", "README"),
    ("Prepare.Arguments.ProcessingInputs.0.S3Input.S3InputMode", "Pipe", "must be File", "README"),
    (f"{OUT}.S3Output.LocalPath", "/tmp/out", "must lie below /opt/ml", "API ProcessingS3Output"),
]  # fmt: skip


def placed(document: dict[str, Any], path: str, change: Any) -> dict[str, Any]:
    """Return a copy of a document with one place changed: `Step.key.0.key`, or `key.0.key`."""
    copied = json.loads(json.dumps(document))
    named = {step["Name"]: step for step in copied["Steps"]}
    named["Stop"] = named["Gate"]["Arguments"]["ElseSteps"][0]
    first, *rest = path.split(".")
    place: Any = named.get(first, copied)
    keys = [
        int(key) if key.isdigit() else key for key in (rest if first in named else [first, *rest])
    ]
    for key in keys[:-1]:
        place = place[key]
    if change is REMOVE:
        del place[keys[-1]]
    else:
        place[keys[-1]] = change
    return copied


def check(document: dict[str, Any]) -> None:
    check_requests(parse_definition(json.dumps(document).encode()))


def test_the_definition_that_is_mutated_is_accepted() -> None:
    check(VALID)


@pytest.mark.parametrize(
    ("path", "change", "words", "source"),
    REFUSED,
    ids=[f"{n}-{r[0]}" for n, r in enumerate(REFUSED)],
)
def test_a_mutation_is_refused(path: str, change: Any, words: str, source: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        check(placed(VALID, path, change))
    assert words in str(caught.value), source
    rule, remedy = str(caught.value).splitlines()
    assert rule.endswith(".") and remedy


ACCEPTED: list[tuple[str, Any, str]] = [
    ("Prepare.Arguments.Environment.A", get("Parameters.Name"), "text for text"),
    ("Fit.Arguments.HyperParameters.a", join(get("Parameters.Keep"), 1, 0.5, True), "joined"),
    (f"{CLUSTER_OF}.InstanceCount", get("Parameters.Rows"), "a whole number for one"),
    ("Fit.Arguments.ResourceConfig.InstanceCount", json_get("rows"), "known later"),
    ("Fit.Arguments.HyperParameters.a", get("Execution.TrainingJobName"), "sdk ExecutionVariables"),
    ("Stop.Arguments.ErrorMessage", join("Outcome: ", get("Steps.Gate.Outcome")),
     "sdk test_fail_steps.py"),
    ("Fit.Arguments.HyperParameters.a",
     get("Steps.Tune.TrainingJobSummaries[1].TrainingJobName"), "sdk get_top_model_s3_uri"),
    (f"Gate.{LOW}", get("Steps.Fit.BillableTimeInSeconds"), "API DescribeTrainingJob"),
    (f"Gate.{LOW}", get("Steps.Fit.FinalMetricDataList['r2'].Value"), "API DescribeTrainingJob"),
    ("Stop.Arguments", {}, "sdk test_fail_steps.py: no message"),
    ("Gate.Arguments.Conditions.0",
     {"Type": "LessThan", "LeftValue": get("Parameters.Name"), "RightValue": "1"},
     "sdk test_pipeline_var_behaviors.py"),
    ("Metadata", {"a": "b"}, "published JSON schema"),
    ("Prepare.DisplayName", "prepare the rows", "sdk steps.py"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "change", "_source"), ACCEPTED)
def test_a_mutation_that_the_service_takes_is_accepted(
    path: str, change: Any, _source: str
) -> None:
    check(placed(VALID, path, change))


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document but its root."""
    keys: list[Any] = list(node) if isinstance(node, dict) else []
    keys = list(range(len(node))) if isinstance(node, list) else keys
    return [place for key in keys for place in [(*path, key), *places(node[key], (*path, key))]]


PLACES = places(VALID)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4)
    | st.sampled_from(["Steps.Prepare", OUTPUT, "Parameters.Rows", "Execution.PipelineName"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["Get", "On", "Values", "Path", "S3Uri", "Type"]), inner)
        | st.fixed_dictionaries({"Get": inner})
        | st.fixed_dictionaries({"Std:Join": inner})
        | st.fixed_dictionaries({"Std:JsonGet": inner})
    ),
    max_leaves=4,
)  # fmt: skip


def mutated(document: dict[str, Any], path: tuple[Any, ...], change: Any) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(document))
    parent: Any = copied
    for key in path[:-1]:
        parent = parent[key]
    if change is REMOVE:
        del parent[path[-1]]
    else:
        parent[path[-1]] = change
    return copied


def assert_two_lines(error: SageLocalError) -> None:
    lines = str(error).splitlines()
    assert len(lines) == 2, str(error)
    assert all(len(line) < 2000 for line in lines)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PLACES), st.just(REMOVE) | JSON)
def test_any_mutation_is_accepted_or_refused_in_two_lines(path: Any, change: Any) -> None:
    try:
        check(mutated(VALID, path, change))
    except SageLocalError as error:
        assert_two_lines(error)


def runnable(build: Build, storage: Storage) -> dict[str, Any]:
    """Return a definition of which all runs to its end, but for the jobs of a server."""
    build.put_code(storage, fit="print('r2=0.5;')")
    storage.put_bytes("s3://bucket/in/a.csv", b"1")
    write = "import sys; open('/opt/ml/processing/out/n.json', 'w').write(sys.argv[1])"
    write = f"import os; root = os.environ['SAGEMAKER_BASE_DIR']; {write}".replace(
        "'/opt/ml/processing", "root + '/processing"
    )
    document: dict[str, Any] = json.loads(json.dumps(VALID))
    prepare, fit, tune, _, _, _, gate = (step["Arguments"] for step in document["Steps"])
    prepare["AppSpecification"]["ContainerEntrypoint"] = ["python3", "-c", write]
    prepare["AppSpecification"]["ContainerArguments"] = [join('{"rows": 9}')]
    code = build.training_request()
    fit |= {key: code[key] for key in ("HyperParameters", "InputDataConfig")}
    trial = tune["TrainingJobDefinition"]
    trial |= {"InputDataConfig": fit["InputDataConfig"]}
    trial["StaticHyperParameters"] = fit["HyperParameters"]
    trial["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": "r2", "Regex": "r2=(.*);"}]
    tune["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] = 1
    document["Steps"] = [step for step in document["Steps"] if step["Name"] != "Score"]
    gate["IfSteps"] = [{"Name": "End", "Type": "Fail", "Arguments": {"ErrorMessage": "end"}}]
    return document


def test_what_is_mutated_to_be_run_does_run(build: Build, sagemaker: LocalSageMaker) -> None:
    document = runnable(build, sagemaker.storage)
    record = sagemaker.start(json.dumps(document).encode(), pipeline_name="demo")
    assert record.failure_reason == "end"
    assert [name for name, step in record.steps.items() if step.status == "NotExecuted"] == ["Stop"]


@pytest.mark.slow
@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.data(), st.just(REMOVE) | JSON)
def test_any_mutation_runs_or_is_refused(
    build: Build, sagemaker: LocalSageMaker, data: st.DataObject, change: Any
) -> None:
    document = runnable(build, sagemaker.storage)
    path = data.draw(st.sampled_from(places(document)))
    content = json.dumps(mutated(document, path, change)).encode()
    try:
        record = sagemaker.start(content, pipeline_name="demo")
    except SageLocalError as error:
        assert_two_lines(error)
    else:
        assert record.status in ("Succeeded", "Failed")
