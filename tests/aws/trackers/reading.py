"""Runs as each store has them, read back through its own interface."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.request import urlopen

from sagetabular.tracking.experiments_tracker import component_name
from sagetabular.tracking.mlflow_client import MlflowClient
from sagetabular.tracking.runs import ExecutionRun
from tests.aws.server import BUCKET, Server

PIPELINE, NAME = "houses-p-abc", "k2xwqm3hq0vl"
PREFIX = f"s3://{BUCKET}/houses"
AWKWARD = [0.1 + 0.2, 1 / 3, -5e-324, 1.7976931348623157e150, 0.0, -1e16 - 2, 1e-9]


@dataclass(frozen=True)
class Logged:
    """A run, whoever keeps it; numbers are numbers, even where the store has text.

    Parameters include the tags.
    """

    parameters: dict[str, str | float]
    metrics: dict[str, list[float]]


Tree = dict[str, Logged]


def number_or_text(value: str | float) -> str | float:
    try:
        return float(value)
    except ValueError:
        return value


def tree_in_mlflow(uri: str) -> Tree:
    """Name → run, and of the execution itself too; every trial lies below it."""
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(PIPELINE)
    runs = {
        run.data.tags.get("training_job", run.info.run_name): run
        for run in client.search_runs([experiment.experiment_id])
    }
    top = runs[NAME].info.run_id
    parents = {run.data.tags.get("mlflow.parentRunId") for run in runs.values()}
    assert parents == {None, top}
    tree = {}
    for name, run in runs.items():
        metrics = {}
        for metric in run.data.metrics:
            history = client.get_metric_history(run.info.run_id, metric)
            assert [point.step for point in history] == [*range(len(history))]
            metrics[metric] = [point.value for point in history]
        tags = {
            f"tags.{key}": value
            for key, value in run.data.tags.items()
            if not key.startswith("mlflow.") and key != "training_job"  # the name, in the other
        }
        values = {**run.data.params, **tags}
        parameters = {key: number_or_text(value) for key, value in values.items()}
        tree[name] = Logged(parameters, metrics)
    return tree


def series(server: Server) -> dict[str, dict[str, list[float]]]:
    """Component → metric → values by step, as sent: the service itself shows only a summary."""
    address = f"{server.environment['AWS_ENDPOINT_URL']}/moto-api/data.json"
    with urlopen(address) as answer:
        entities = json.load(answer)["sagemaker"]["FakeTrialComponent"]
    return {
        entity["trial_component_name"]: {
            name: [metric["Values"][str(step)]["Value"] for step in range(len(metric["Values"]))]
            for name, metric in entity["metrics"].items()
        }
        for entity in entities
    }


def components(server: Server) -> dict[str, dict[str, Any]]:
    """Name → component, of those in the execution's trial."""
    sagemaker = server.client("sagemaker")
    (trial,) = sagemaker.list_trials(ExperimentName=PIPELINE)["TrialSummaries"]
    assert trial["TrialName"] == NAME
    pages = sagemaker.get_paginator("list_trial_components").paginate(TrialName=NAME)
    names = [one["TrialComponentName"] for page in pages for one in page["TrialComponentSummaries"]]
    assert len(set(names)) == len(names)
    found = {name: sagemaker.describe_trial_component(TrialComponentName=name) for name in names}
    for component in found.values():
        del component["ResponseMetadata"]
    return found


def tree_in_experiments(server: Server, execution: ExecutionRun) -> Tree:
    """Name → run, and of the execution itself too."""
    values = series(server)
    names = {component_name(NAME): NAME} | {
        component_name(NAME, trial.name): trial.name for trial in execution.trials
    }
    tree = {}
    for name, component in components(server).items():
        assert component["Status"] == {"PrimaryStatus": "Completed"}
        summaries = {metric["MetricName"]: metric["Count"] for metric in component["Metrics"]}
        assert summaries == {key: len(points) for key, points in values[name].items()}
        parameters = {
            key: number_or_text(next(iter(value.values())))
            for key, value in component["Parameters"].items()
        }
        assert component["DisplayName"] == names[name]
        tree[names[name]] = Logged(parameters, values[name])
    return tree
