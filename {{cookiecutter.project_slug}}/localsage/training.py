"""Training jobs in script mode: the code is an input channel, the model a `model.tar.gz`."""

from __future__ import annotations

import math
import re
from pathlib import Path

from localsage.archives import pack
from localsage.containers import (
    ROOT,
    JobTree,
    Machine,
    discard,
    job_tree,
    put_input,
    require_one_instance,
    run_in_tree,
)
from localsage.errors import DefinitionError
from localsage.files import JsonObject, now, write_json
from localsage.script_mode import channel_config, script_variables, unpack_code, user_arguments

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def run_training_job(request: JsonObject, *, name: str, step: str, machine: Machine) -> JsonObject:
    """Run one job and return what `DescribeTrainingJob` would (plus exit code and seconds).

    Args:
        request: A `CreateTrainingJob` request without expressions.
        name: Name of the job, part of the address of its model.
        step: Name of the step, for messages.
        machine: What the jobs of the execution share.

    Raises:
        DefinitionError: If the request asks for something that this back-end does not do.
        StorageError: If a channel is missing; the message names step, channel and address.
        StoppedError: If the execution was stopped.
    """
    require_one_instance(request.get("ResourceConfig", {}).get("InstanceCount", 1), step)
    log = machine.logs / step / f"{name}.log"
    output = f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{name}/output"
    with job_tree(machine, name) as tree:
        _prepare(tree, request, step, machine)
        outcome = run_in_tree(
            tree,
            machine,
            ["python", unpack_code(tree, request, step), *user_arguments(request)],
            log=log,
            folder=tree.base / "code",
            environment={**script_variables(request, name), **request.get("Environment", {})},
            request=request,
            isolated=bool(request.get("EnableNetworkIsolation")),
        )
        if outcome.status == "Completed":
            _publish(tree, machine, output)
        discard(tree, machine, outcome)
    return {
        **request,
        "TrainingJobName": name,
        "TrainingJobArn": f"arn:aws:sagemaker:local:000000000000:training-job/{name}",
        "TrainingJobStatus": outcome.status,
        "ModelArtifacts": {"S3ModelArtifacts": f"{output}/model.tar.gz"},
        "FinalMetricDataList": final_metrics(log, request["AlgorithmSpecification"]),
        "ExitCode": outcome.exit_code,
        "Seconds": round(outcome.seconds, 3),
        **({"FailureReason": outcome.reason} if outcome.reason else {}),
    }


def final_metrics(log: Path, algorithm: JsonObject) -> list[JsonObject]:
    """Return the last value that each metric definition finds in a log.

    A metric that is absent, or whose last value is not a finite number, is left out.

    Raises:
        DefinitionError: If a regular expression is malformed or has no group.
    """
    found: dict[str, float] = {}
    definitions = [
        (entry["Name"], _pattern(entry)) for entry in algorithm.get("MetricDefinitions") or []
    ]
    with log.open(errors="replace") as lines:
        for line in lines:
            for metric, pattern in definitions:
                for match in pattern.finditer(line):
                    found[metric] = _number(match.group(1))
    return [
        {"MetricName": metric, "Value": found[metric], "Timestamp": now()}
        for metric, _ in definitions
        if math.isfinite(found.get(metric, math.nan))
    ]


def _pattern(definition: JsonObject) -> re.Pattern[str]:
    try:
        pattern = re.compile(definition["Regex"])
    except re.error as error:
        raise DefinitionError(f"Metric {definition['Name']}: bad Regex: {error}.") from error
    if not pattern.groups:
        raise DefinitionError(
            f"Metric {definition['Name']}: its Regex needs a group that holds the number."
        )
    return pattern


def _number(text: str) -> float:
    """Return the number in `text`; NaN when there is none, which the caller leaves out."""
    return float(text) if _NUMBER.fullmatch(text.strip()) else math.nan


def _prepare(tree: JobTree, request: JsonObject, step: str, machine: Machine) -> None:
    """Write the configuration, put the channels, make the folders of the results."""
    config = tree.base / "input" / "config"
    write_json(config / "hyperparameters.json", request.get("HyperParameters", {}))
    write_json(config / "inputdataconfig.json", channel_config(request))
    tree.write_resources("input/config", request.get("ResourceConfig", {}))
    for folder in ("model", "output/data"):
        (tree.base / folder).mkdir(parents=True)
    for channel in request.get("InputDataConfig", []):
        what = f"Step {step}, channel {channel['ChannelName']}"
        source = channel["DataSource"].get("S3DataSource", {})
        if source.get("S3DataType", "S3Prefix") != "S3Prefix" or "S3Uri" not in source:
            raise DefinitionError(
                f"{what}: only an S3DataSource of type S3Prefix can be read locally."
            )
        target = tree.locate(f"{ROOT}/input/data/{channel['ChannelName']}")
        put_input(machine.storage, source["S3Uri"], target, what)


def _publish(tree: JobTree, machine: Machine, output: str) -> None:
    """Store `model.tar.gz` and, when the script left other results, `output.tar.gz`."""
    results = tree.base / "results"
    pack(tree.base / "model", results / "model.tar.gz")
    if any((tree.base / "output" / "data").iterdir()):
        pack(tree.base / "output" / "data", results / "output.tar.gz")
    machine.storage.put_tree(results, output)
