"""Cache keys: the attributes of a request that count."""

from __future__ import annotations

import pytest

from sagelocal.executions.caching import compared

REQUESTS = {
    "Processing": {
        "AppSpecification": {"ImageUri": "a"},
        "Environment": {"A": "1"},
        "ProcessingInputs": [{"S3Input": {"S3Uri": "s3://bucket/a"}}],
        "ProcessingOutputConfig": {"Outputs": []},
        "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1}},
        "NetworkConfig": {},
        "RoleArn": "a",
        "StoppingCondition": {},
    },
    "Training": {
        "AlgorithmSpecification": {"TrainingImage": "a"},
        "CheckpointConfig": {},
        "DebugHookConfig": {},
        "DebugRuleConfigurations": [],
        "Environment": {},
        "HyperParameters": {},
        "InputDataConfig": [],
        "OutputDataConfig": {},
        "ResourceConfig": {},
        "RetryStrategy": {},
        "RoleArn": "a",
        "StoppingCondition": {},
    },
    "TrainingJobDefinition": {
        "AlgorithmSpecification": {},
        "HyperParameterRanges": {},
        "InputDataConfig": [],
        "StaticHyperParameters": {},
        "TuningObjective": {},
        "Environment": {},
        "OutputDataConfig": {},
        "ResourceConfig": {},
        "RetryStrategy": {},
    },
}

# As the service documents it; the definition of trials is a part of Tuning's request.
KEYS = {
    "Processing": {"AppSpecification", "Environment", "ProcessingInputs"},
    "Training": {
        "AlgorithmSpecification", "CheckpointConfig", "DebugHookConfig",
        "DebugRuleConfigurations", "Environment", "HyperParameters", "InputDataConfig",
    },
    "TrainingJobDefinition": {
        "AlgorithmSpecification", "HyperParameterRanges", "InputDataConfig",
        "StaticHyperParameters", "TuningObjective",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "key"), [(kind, key) for kind in REQUESTS for key in REQUESTS[kind]]
)
def test_a_changed_attribute_counts_where_the_service_counts_it(kind: str, key: str) -> None:
    request, changed = REQUESTS[kind], {**REQUESTS[kind], key: "changed"}
    if kind == "TrainingJobDefinition":
        kind, request, changed = "Tuning", {kind: request}, {kind: changed}
        counts = key in KEYS["TrainingJobDefinition"]
    else:
        counts = key in KEYS[kind]
    assert (compared(kind, request) != compared(kind, changed)) == counts


@pytest.mark.parametrize("key", ["HyperParameterTuningJobConfig", "TrainingJobDefinitions"])
def test_a_changed_search_counts(key: str) -> None:
    assert compared("Tuning", {key: 1}) != compared("Tuning", {key: 2})
