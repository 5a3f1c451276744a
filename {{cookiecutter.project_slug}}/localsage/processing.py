"""Processing jobs."""

from __future__ import annotations

from localsage.containers import (
    JobTree,
    Machine,
    command_in_tree,
    discard,
    job_tree,
    put_input,
    require_one_instance,
    run_in_tree,
)
from localsage.errors import DefinitionError
from localsage.files import JsonObject, write_json


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
        StorageError: If an input is missing; the message names step, input and address.
        StoppedError: If the execution was stopped.
    """
    require_one_instance(request["ProcessingResources"]["ClusterConfig"]["InstanceCount"], step)
    application = request["AppSpecification"]
    words = [
        *application.get("ContainerEntrypoint", []),
        *application.get("ContainerArguments", []),
    ]
    if not words:
        raise DefinitionError(f"Step {step}: a local job needs a ContainerEntrypoint.")
    isolated = bool(request.get("NetworkConfig", {}).get("EnableNetworkIsolation"))
    host = {} if isolated else machine.host_environment
    with job_tree(machine, name) as tree:
        _prepare(tree, request, step, machine)
        command = command_in_tree(
            tree,
            words,
            log=machine.logs / step / f"{name}.log",
            folder=tree.base,
            environment={**request.get("Environment", {}), **host},
            request=request,
            isolated=isolated,
        )
        outcome = run_in_tree(tree, machine, command)
        if outcome.status == "Completed":
            for output in _outputs(request):
                target = output["S3Output"]
                machine.storage.put_tree(tree.locate(target["LocalPath"]), target["S3Uri"])
        message = tree.message("message")
        discard(tree, machine, outcome)
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


def _outputs(request: JsonObject) -> list[JsonObject]:
    outputs: list[JsonObject] = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return outputs


def _prepare(tree: JobTree, request: JsonObject, step: str, machine: Machine) -> None:
    """Write the configuration, put the inputs, make the folders of the outputs."""
    write_json(tree.base / "config" / "processingjobconfig.json", request)
    tree.write_resources("config", request["ProcessingResources"]["ClusterConfig"])
    (tree.base / "output").mkdir()
    for entry in request.get("ProcessingInputs", []):
        what = f"Step {step}, input {entry['InputName']}"
        source = entry.get("S3Input", {})
        if source.get("S3DataType", "S3Prefix") != "S3Prefix" or "S3Uri" not in source:
            raise DefinitionError(f"{what}: only an S3Input of type S3Prefix can be read locally.")
        put_input(machine.storage, source["S3Uri"], tree.locate(source["LocalPath"]), what)
    for output in _outputs(request):
        tree.locate(output["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
