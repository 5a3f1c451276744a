"""Requests, steps and definitions of small pipelines: a job is a line of Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sagelocal.storage.archives import pack
from sagelocal.storage.buckets import Storage

Json = dict[str, Any]

BUCKET = "s3://bucket"
ROLE = "arn:aws:iam::000000000000:role/job"


class Build:
    """Builds requests, steps and definitions."""

    def __init__(self, tmp_path: Path) -> None:
        self._tmp_path = tmp_path

    def processing_request(
        self,
        code: str,
        *arguments: str,
        inputs: Mapping[str, str] | None = None,
        outputs: Mapping[str, str] | None = None,
        **rest: Any,
    ) -> Json:
        """Return a job that runs ``code``; inputs and outputs are name → address."""
        return {
            "AppSpecification": {
                "ImageUri": "image",
                "ContainerEntrypoint": ["python3", "-c", code],
                **({"ContainerArguments": list(arguments)} if arguments else {}),
            },
            "ProcessingInputs": [
                {
                    "InputName": name,
                    "S3Input": {
                        "S3Uri": uri,
                        "LocalPath": f"/opt/ml/processing/input/{name}",
                        "S3DataType": "S3Prefix",
                        "S3InputMode": "File",
                    },
                }
                for name, uri in (inputs or {}).items()
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": name,
                        "S3Output": {
                            "S3Uri": uri,
                            "LocalPath": f"/opt/ml/processing/output/{name}",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                    for name, uri in (outputs or {}).items()
                ]
            },
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": "ml.m5.large",
                    "VolumeSizeInGB": 30,
                }
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "NetworkConfig": {"EnableNetworkIsolation": True},
            "RoleArn": ROLE,
            **rest,
        }

    def processing(self, name: str, code: str = "pass", *arguments: str, **rest: Any) -> Json:
        """Return a Processing step; keys of the step itself are passed with ``step=``."""
        step = rest.pop("step", {})
        request = self.processing_request(code, *arguments, **rest)
        return {"Name": name, "Type": "Processing", "Arguments": request, **step}

    def put_code(self, storage: Storage, **programs: str) -> None:
        """Store ``sourcedir.tar.gz`` with programs, name without ``.py`` → source."""
        folder = self._tmp_path / "source"
        folder.mkdir(exist_ok=True)
        for name, source in programs.items():
            (folder / f"{name}.py").write_text(source)
        pack(folder, self._tmp_path / "sourcedir.tar.gz")
        content = (self._tmp_path / "sourcedir.tar.gz").read_bytes()
        storage.put_bytes(f"{BUCKET}/code/sourcedir.tar.gz", content)

    def training_request(self, program: str = "fit.py", **hyperparameters: str) -> Json:
        """Return a job in script mode with the channel ``code``."""
        return {
            "HyperParameters": {
                "sagemaker_program": program,
                "sagemaker_submit_directory": "/opt/ml/input/data/code/sourcedir.tar.gz",
                **hyperparameters,
            },
            "AlgorithmSpecification": {
                "TrainingImage": "image",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "cv:r2", "Regex": "cv:r2=([^;]+);"}],
            },
            "InputDataConfig": [
                {
                    "ChannelName": "code",
                    "DataSource": {
                        "S3DataSource": {
                            "S3Uri": f"{BUCKET}/code/sourcedir.tar.gz",
                            "S3DataType": "S3Prefix",
                        }
                    },
                }
            ],
            "OutputDataConfig": {"S3OutputPath": f"{BUCKET}/models"},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "EnableNetworkIsolation": True,
            "RoleArn": ROLE,
        }

    def tuning_request(
        self,
        trials: int = 4,
        parallel: int = 2,
        *,
        strategy: str = "Random",
        goal: str = "Maximize",
        spot: bool = False,
        ranges: Json | None = None,
    ) -> Json:
        """Return a tuning job of ``fit.py`` over one continuous hyperparameter ``x``."""
        training = self.training_request()
        training["StaticHyperParameters"] = training.pop("HyperParameters")
        training |= {"EnableManagedSpotTraining": True} if spot else {}
        between = {"Name": "x", "MinValue": "0", "MaxValue": "1"}
        return {
            "HyperParameterTuningJobConfig": {
                "Strategy": strategy,
                "ResourceLimits": {
                    "MaxNumberOfTrainingJobs": trials,
                    "MaxParallelTrainingJobs": parallel,
                },
                "HyperParameterTuningJobObjective": {"Type": goal, "MetricName": "cv:r2"},
                "ParameterRanges": ranges or {"ContinuousParameterRanges": [between]},
                "RandomSeed": 7,
            },
            "TrainingJobDefinition": training,
        }

    def definition(self, *steps: Json, parameters: list[Json] | None = None) -> bytes:
        """Return the bytes of a definition."""
        document = {
            "Version": "2020-12-01",
            "Metadata": {},
            "Parameters": parameters or [],
            "Steps": list(steps),
        }
        return json.dumps(document).encode()
