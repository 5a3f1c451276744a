"""A unit that creates a model, transforms with it and registers it."""

from __future__ import annotations

from making_units import get, inputs_of, with_unit


def test_a_model_is_created_transforms_and_is_registered_without_competing(example):
    steps, _ = with_unit(
        example,
        {
            "fit": {},
            "create": {"environment": {"LEVEL": "high"}, "tags": {"team": "a"}},
            "transform": {
                "inputs": {"data": "data.preprocess.test/rows.csv"},
                "strategy": "MultiRecord",
                "assemble_with": "Line",
                "join_source": "Input",
                "split_type": "Line",
                "accept": "text/csv",
                "max_payload_mb": 6,
                "max_concurrent": 2,
                "input_filter": "$[1:]",
                "output_filter": "$[0,-1]",
                "instance_count": 2,
                "environment": {"LEVEL": "low"},
            },
            "publish": {
                "class": "register",
                "content_types": ["application/json"],
                "response_types": ["application/json"],
                "instance_types": ["ml.c5.large"],
                "transform_instance_types": ["ml.c5.xlarge"],
                "description": "components",
                "approval": "Approved",
            },
            "look": {"class": "process", "inputs": {"predictions": "ridge.transform"}},
        },
    )
    container = {
        "Image": {"Get": "Parameters.ImageUri"},
        "ModelDataUrl": get("FitRidge.ModelArtifacts.S3ModelArtifacts"),
        "Environment": {"LEVEL": "high"},
    }
    assert steps["CreateRidge"]["Type"] == "Model"
    assert "CacheConfig" not in steps["CreateRidge"]
    assert steps["CreateRidge"]["Arguments"] == {
        "PrimaryContainer": container,
        "ExecutionRoleArn": {"Get": "Parameters.RoleArn"},
        "EnableNetworkIsolation": True,
        "Tags": [{"Key": "team", "Value": "a"}],
    }
    transform = steps["TransformRidge"]
    assert transform["Type"] == "Transform"
    assert transform["CacheConfig"]["Enabled"]
    request = transform["Arguments"]
    path = request["TransformOutput"].pop("S3OutputPath")["Std:Join"]["Values"]
    assert path[-1] == "/transform/ridge"
    test = request["TransformInput"].pop("DataSource")["S3DataSource"]["S3Uri"]["Std:Join"]
    assert test["Values"][1:] == ["/rows.csv"]
    assert request == {
        "ModelName": get("CreateRidge.ModelName"),
        "TransformInput": {"ContentType": "text/csv", "SplitType": "Line"},
        "TransformOutput": {"Accept": "text/csv", "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2},
        "BatchStrategy": "MultiRecord",
        "MaxPayloadInMB": 6,
        "MaxConcurrentTransforms": 2,
        "Environment": {"LEVEL": "low"},
        "DataProcessing": {
            "InputFilter": "$[1:]",
            "OutputFilter": "$[0,-1]",
            "JoinSource": "Input",
        },
    }
    assert inputs_of(steps["LookRidge"])["predictions"]["S3Uri"] == get(
        "TransformRidge.TransformOutput.S3OutputPath"
    )
    package = steps["PublishRidge"]["Arguments"]
    group = {"Get": "Parameters.ModelPackageGroup"}
    joined = {"Std:Join": {"On": "", "Values": [group, "-ridge"]}}
    assert package["ModelPackageGroupName"] == joined
    assert package["ModelPackageDescription"] == "components"
    assert package["ModelApprovalStatus"] == "Approved"
    assert [*package["ModelMetrics"]] == ["ModelDataQuality"], "it is not evaluated"
    assert "selection" not in package["CustomerMetadataProperties"]
    inference = package["InferenceSpecification"]
    assert inference.pop("Containers")[0]["ModelDataUrl"] == container["ModelDataUrl"]
    assert inference == {
        "SupportedContentTypes": ["application/json"],
        "SupportedResponseMIMETypes": ["application/json"],
        "SupportedRealtimeInferenceInstanceTypes": ["ml.c5.large"],
        "SupportedTransformInstanceTypes": ["ml.c5.xlarge"],
    }
    assert {"IsBoost", "RegisterBoost"} <= {*steps}
    assert "IsRidge" not in steps
