"""Training jobs in script mode: the code is an input channel, the model a `model.tar.gz`.

Checkpoints are a folder of a job that outlives an interruption. On the service it is copied to S3
while the job runs. Here that is done when the job has ended, however it did: the machine that dies
with its job is this one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sagelocal.files import JsonObject, write_json
from sagelocal.jobs.containers import ROOT, Outcome, command_in_tree
from sagelocal.jobs.hosts import Host, discard, instance_count, job_hosts, merged, run_on_hosts
from sagelocal.jobs.inputs import put_input
from sagelocal.jobs.interpreters import after_requirements
from sagelocal.jobs.machine import Machine
from sagelocal.jobs.metrics import Progress, Rule, final_metrics, finite_start
from sagelocal.jobs.retries import MOST_INTERRUPTIONS, may_go_on
from sagelocal.jobs.script_mode import channel_config, unpack_code, user_arguments, variables_of
from sagelocal.processes.commands import Command
from sagelocal.storage.archives import pack
from sagelocal.storage.buckets import Storage

_CHECKPOINTS = f"{ROOT}/checkpoints"


def run_training_job(
    request: JsonObject,
    *,
    name: str,
    step: str,
    machine: Machine,
    objective: str | None = None,
    rule: Rule | None = None,
    limit: Callable[[JsonObject], JsonObject] = lambda request: request,
) -> JsonObject:
    """Run one job and return what `DescribeTrainingJob` would (plus exit code and seconds).

    A spot job that something kills goes on with its checkpoints, as after an interruption.

    Args:
        request: A `CreateTrainingJob` request without expressions.
        name: Name of the job, part of the address of its model.
        step: Name of the step, for messages.
        machine: What the jobs of the execution share.
        objective: A metric whose values are all wanted; they come as `Progress`.
        rule: Ends the job when these values fall behind. It is then `Stopped` and leaves nothing,
            even if it was faster than whoever stopped it.
        limit: Returns the request once the job may begin, which can be long after it asked to;
            what this raises is raised.

    Raises:
        DefinitionError: If the request asks for something that this back-end does not do.
        StorageError: If a channel is missing, or if hosts left different files of one name.
        StoppedError: If the execution was stopped.
    """
    for _ in range(1 + MOST_INTERRUPTIONS):
        response = _run_once(
            request,
            name=name,
            step=step,
            machine=machine,
            objective=objective,
            rule=rule,
            limit=limit,
        )
        if not may_go_on(request, response):
            break
    return response


def _run_once(
    request: JsonObject,
    *,
    name: str,
    step: str,
    machine: Machine,
    objective: str | None,
    rule: Rule | None,
    limit: Callable[[JsonObject], JsonObject],
) -> JsonObject:
    count = instance_count(request.get("ResourceConfig", {}), step)
    output = f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{name}/output"
    with job_hosts(machine, step, name, count) as hosts:
        request = limit(request)
        # The first host speaks for all of them.
        metrics = Progress(hosts[0].log, request, objective, rule)
        watch = metrics.is_behind if rule is not None else None
        commands = [
            training_command(host, request, name=name, step=step, machine=machine) for host in hosts
        ]
        restore_checkpoints(request, hosts, machine.storage)
        try:
            outcome = run_on_hosts(
                hosts, machine, [replace(command, should_end=watch) for command in commands]
            )
        finally:
            keep_checkpoints(request, hosts, machine.storage)
    # The slots are free again: packing a model keeps nobody waiting.
    values, behind = metrics.values(), metrics.stopped_after()
    if behind is not None:
        outcome = Outcome("Stopped", 0, outcome.seconds, "")
        values[objective or ""] = values[objective or ""][:behind]
    if outcome.status == "Completed":
        _publish(hosts, step, machine, output)
    discard(hosts, machine, outcome)
    progress = {} if objective is None else {"Progress": finite_start(values.get(objective, []))}
    return {
        **request,
        "TrainingJobName": name,
        "TrainingJobArn": f"arn:aws:sagemaker:local:000000000000:training-job/{name}",
        "TrainingJobStatus": outcome.status,
        "ModelArtifacts": {"S3ModelArtifacts": f"{output}/model.tar.gz"},
        "FinalMetricDataList": final_metrics(values),
        "ExitCode": outcome.exit_code,
        "Seconds": round(outcome.seconds, 3),
        **progress,
        **({"FailureReason": outcome.reason} if outcome.reason else {}),
    }


def training_command(
    host: Host, request: JsonObject, *, name: str, step: str, machine: Machine
) -> Command:
    """Put configuration, channels and code into a host's tree and return what runs in it.

    Raises:
        DefinitionError: If the request asks for something that this back-end does not do.
        StorageError: If a channel is missing; the message names step, channel and address.
    """
    _prepare(host, request, step, machine)
    command = command_in_tree(
        host.tree,
        ["python", unpack_code(host.tree, request, step), *user_arguments(request)],
        log=host.log,
        folder=host.tree.base / "code",
        environment={**variables_of(request, name, host), **request.get("Environment", {})},
        request=request,
        isolated=bool(request.get("EnableNetworkIsolation")),
    )
    return replace(command, arguments=after_requirements([*command.arguments], command.folder))


def _prepare(host: Host, request: JsonObject, step: str, machine: Machine) -> None:
    """Write the configuration, put the channels, make the folders of the results."""
    tree = host.tree
    config = tree.base / "input" / "config"
    write_json(config / "hyperparameters.json", request.get("HyperParameters", {}))
    write_json(config / "inputdataconfig.json", channel_config(request))
    host.write_resources("input/config", request.get("ResourceConfig", {}))
    for folder in ("model", "output/data"):
        (tree.base / folder).mkdir(parents=True)
    for channel in request.get("InputDataConfig", []):
        what = f"Step {step}, channel {channel['ChannelName']}"
        source = channel["DataSource"].get("S3DataSource", {})
        target = tree.locate(f"{ROOT}/input/data/{channel['ChannelName']}")
        put_input(machine.storage, source, target, what, host.share)


def _publish(hosts: list[Host], step: str, machine: Machine, output: str) -> None:
    """Store `model.tar.gz` and, when the script left other results, `output.tar.gz`."""
    results = hosts[0].tree.base / "results"
    pack(merged(hosts, f"{ROOT}/model", step), results / "model.tar.gz")
    data = merged(hosts, f"{ROOT}/output/data", step)
    if any(data.iterdir()):
        pack(data, results / "output.tar.gz")
    machine.storage.put_tree(results, output)


def restore_checkpoints(request: JsonObject, hosts: Sequence[Host], storage: Storage) -> None:
    """Put the checkpoints of earlier runs into the trees of hosts, if the request has any.

    Raises:
        DefinitionError: If their folder does not lie in a job's tree.
    """
    config = request.get("CheckpointConfig")
    if not config:
        return
    for host in hosts:
        folder = _checkpoint_folder(config, host)
        folder.mkdir(parents=True, exist_ok=True)
        for name in storage.objects(config["S3Uri"]):
            copy = folder / name  # not a link: programs write into what they find here
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(storage.read_bytes(f"{config['S3Uri'].rstrip('/')}/{name}"))


def keep_checkpoints(request: JsonObject, hosts: Sequence[Host], storage: Storage) -> None:
    """Keep what all hosts left; what changed counts, and files that are gone stay kept."""
    config = request.get("CheckpointConfig")
    if not config:
        return
    uri = config["S3Uri"].rstrip("/")
    for host in hosts:
        folder = _checkpoint_folder(config, host)
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            content, key = file.read_bytes(), f"{uri}/{file.relative_to(folder).as_posix()}"
            if not storage.exists(key) or storage.read_bytes(key) != content:
                storage.put_bytes(key, content)


def _checkpoint_folder(config: JsonObject, host: Host) -> Path:
    return host.tree.locate(str(config.get("LocalPath", _CHECKPOINTS)).rstrip("/"))
