"""Processing jobs."""

from __future__ import annotations

from sagelocal.errors import DefinitionError
from sagelocal.files import JsonObject, write_json
from sagelocal.jobs.containers import ROOT, command_in_tree
from sagelocal.jobs.hosts import Host, discard, instance_count, job_hosts, merged, run_on_hosts
from sagelocal.jobs.inputs import put_input
from sagelocal.jobs.machine import ImageProgram, Machine
from sagelocal.processes.commands import Command


def run_processing_job(
    request: JsonObject, *, name: str, step: str, machine: Machine
) -> JsonObject:
    """Run one job and return what `DescribeProcessingJob` would (plus exit code and seconds).

    Args:
        request: A `CreateProcessingJob` request without expressions.
        name: Name of the job.
        step: Name of the step, for messages and the log's folder.
        machine: What the jobs of the execution share.

    Raises:
        DefinitionError: If the request asks for something that this back-end does not do.
        StorageError: If an input is missing, or if hosts left different files of one name.
        StoppedError: If the execution was stopped.
    """
    count = instance_count(request["ProcessingResources"]["ClusterConfig"], step)
    with job_hosts(machine, step, name, count) as hosts:
        commands = [_command(host, request, step, machine) for host in hosts]
        outcome = run_on_hosts(hosts, machine, commands)
        if outcome.status == "Completed":
            _publish(hosts, request, step, machine)
        message = hosts[0].tree.message("message")
        discard(hosts, machine, outcome)
    return {
        **request,
        "ProcessingJobName": name,
        "ProcessingJobArn": f"arn:aws:sagemaker:local:000000000000:processing-job/{name}",
        "ProcessingJobStatus": outcome.status,
        "ExitCode": outcome.exit_code,
        "Seconds": round(outcome.seconds, 3),
        **({"ExitMessage": message} if message else {}),
        **({"FailureReason": outcome.reason} if outcome.reason else {}),
    }


def _command(host: Host, request: JsonObject, step: str, machine: Machine) -> Command:
    """Put configuration and inputs into a host's tree and return what runs in it."""
    application = request["AppSpecification"]
    program = _program(request, step, machine)
    _prepare(host, request, step, machine)
    isolated = bool(request.get("NetworkConfig", {}).get("EnableNetworkIsolation"))
    services = {} if isolated else machine.host_environment
    return command_in_tree(
        host.tree,
        [*program.words, *application.get("ContainerArguments", [])],
        log=host.log,
        folder=host.tree.base,
        environment={**request.get("Environment", {}), **program.environment, **services},
        request=request,
        isolated=isolated,
    )


def _program(request: JsonObject, step: str, machine: Machine) -> ImageProgram:
    """Return what a job starts: its entry point, else what replaces its image's own program."""
    application = request["AppSpecification"]
    if words := application.get("ContainerEntrypoint"):
        return ImageProgram(words)
    if program := machine.program(str(application.get("ImageUri", ""))):
        return program
    raise DefinitionError(f"Step {step}: a local job needs a ContainerEntrypoint.")


def _outputs(request: JsonObject) -> list[JsonObject]:
    outputs: list[JsonObject] = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return outputs


def _prepare(host: Host, request: JsonObject, step: str, machine: Machine) -> None:
    """Write the configuration, put the inputs, make the folders of the outputs."""
    tree = host.tree
    write_json(tree.base / "config" / "processingjobconfig.json", request)
    host.write_resources("config", request["ProcessingResources"]["ClusterConfig"])
    (tree.base / "output").mkdir()
    for entry in request.get("ProcessingInputs", []):
        what, source = f"Step {step}, input {entry['InputName']}", entry.get("S3Input", {})
        if "DatasetDefinition" in entry and _answers_queries(request):
            tree.locate(entry["DatasetDefinition"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
            continue
        folder = tree.locate(source.get("LocalPath", f"{ROOT}/processing/input"))
        put_input(machine.storage, source, folder, what, host.share)
    for output in _outputs(request):
        tree.locate(output["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)


def _answers_queries(request: JsonObject) -> bool:
    """Return whether the job's program answers queries of its inputs; an entry point cannot."""
    return not request["AppSpecification"].get("ContainerEntrypoint")


def _publish(hosts: list[Host], request: JsonObject, step: str, machine: Machine) -> None:
    """Store the outputs, once it is known that they fit together."""
    targets = [output["S3Output"] for output in _outputs(request)]
    folders = [merged(hosts, target["LocalPath"], step) for target in targets]
    for target, folder in zip(targets, folders, strict=True):
        machine.storage.put_tree(folder, target["S3Uri"])
