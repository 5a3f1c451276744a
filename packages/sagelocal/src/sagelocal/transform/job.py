"""Transform jobs: a model's server predicts every record of the objects of an input.

Each object becomes one of the same name with `.out` behind it. One that cannot be transformed
fails the job and leaves no output; the others are transformed all the same, as on the service.
The number of instances changes nothing, since it only decides who transforms which object.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sagelocal.errors import DefinitionError, RecordError, ServerError
from sagelocal.files import JsonObject
from sagelocal.jobs.containers import Outcome, command_in_tree
from sagelocal.jobs.hosts import Host, discard, job_hosts
from sagelocal.jobs.inputs import input_objects
from sagelocal.jobs.machine import Machine
from sagelocal.models import ModelStore, containers
from sagelocal.processes.commands import Command
from sagelocal.storage.archives import unpack
from sagelocal.storage.buckets import StoredObject
from sagelocal.transform.records import Payload, payloads, read_records
from sagelocal.transform.server import ModelServer, serving
from sagelocal.transform.settings import TransformSettings, batch_variables, read_settings

# As a program's exit codes.
_RECORD_ERROR, _OTHER_ERROR = 2, 1


def run_transform_job(
    request: JsonObject, *, name: str, step: str, machine: Machine, models: ModelStore
) -> JsonObject:
    """Run one job and return what `DescribeTransformJob` would (plus exit code and seconds).

    Args:
        request: A `CreateTransformJob` request without expressions.
        name: Name of the job.
        step: Name of the step, for messages and the log's folder.
        machine: What the jobs of the execution share.
        models: Where its model is found.

    Raises:
        DefinitionError: If the request asks for something that this back-end does not do.
        StorageError: If there is no input, or the model's artefact cannot be unpacked.
        StoppedError: If the execution was stopped.
    """
    read_settings(request, step)  # what cannot be done is refused before anything runs
    source = request["TransformInput"]["DataSource"]["S3DataSource"]
    objects = input_objects(machine.storage, source, f"Step {step}, TransformInput")
    model = models.describe(request["ModelName"])
    container = _container(model, step)
    if machine.serve is None:
        raise DefinitionError(f"Step {step}: there is no program to serve a model with.")
    with job_hosts(machine, step, name, 1) as hosts:
        folder = hosts[0].tree.base / "model"
        folder.mkdir()
        if "ModelDataUrl" in container:
            unpack(machine.storage.existing_file(container["ModelDataUrl"]), folder)
        environment = {
            **machine.serve.environment,
            **container.get("Environment", {}),
            **request.get("Environment", {}),
            **batch_variables(request),
        }
        command = command_in_tree(
            hosts[0].tree,
            machine.serve.words,
            log=hosts[0].log,
            folder=hosts[0].tree.base,
            environment=environment,
            request=request,
            isolated=bool(model.get("EnableNetworkIsolation")),
        )
        job = _Job(request, step, machine, hosts[0])
        outcome = job.run(command, objects)
        machine.storage.put_tree(job.results, request["TransformOutput"]["S3OutputPath"])
        discard(hosts, machine, outcome)
    return {
        **request,
        "TransformJobName": name,
        "TransformJobArn": f"arn:aws:sagemaker:local:000000000000:transform-job/{name}",
        "TransformJobStatus": outcome.status,
        "ExitCode": outcome.exit_code,
        "Seconds": round(outcome.seconds, 3),
        **({"FailureReason": outcome.reason} if outcome.reason else {}),
    }


def _container(model: JsonObject, step: str) -> JsonObject:
    container, *others = containers(model, step)
    if others:
        raise DefinitionError(
            f"Step {step}: a local Transform job serves a model of one container, "
            f"{model['ModelName']} has {1 + len(others)}."
        )
    return container


@dataclass(frozen=True)
class _Job:
    request: JsonObject
    step: str
    machine: Machine
    host: Host

    @property
    def results(self) -> Path:
        """Return the folder of the outputs of whole objects, below the job's tree."""
        return self.host.tree.base / "transformed"

    def run(self, command: Command, objects: Iterable[StoredObject]) -> Outcome:
        """Transform the objects and return how it went."""
        started = time.monotonic()
        with serving(self.host, self.machine, command) as server:
            failures = self._transform_all(objects, server)
            died = server.exit_code
        seconds = time.monotonic() - started
        if not failures:
            return Outcome("Completed", 0, seconds, "")
        code = _RECORD_ERROR if isinstance(failures[0], RecordError) else died or _OTHER_ERROR
        return Outcome("Failed", code, seconds, str(failures[0]))

    def _transform_all(
        self, objects: Iterable[StoredObject], server: ModelServer
    ) -> list[RecordError | ServerError]:
        """Transform what can be transformed, and return why the rest could not."""
        failures: list[RecordError | ServerError] = []
        try:
            server.wait_until_ready()
        except ServerError as error:
            return [error]
        settings = read_settings(self.request, self.step, server.parameters())
        for entry in objects:
            try:
                self._transform(entry, server, settings)
            except (RecordError, ServerError) as error:
                failures.append(type(error)(f"{entry.uri}, {error.message}"))
        return failures

    def _transform(
        self, entry: StoredObject, server: ModelServer, settings: TransformSettings
    ) -> None:
        """Transform one object; it has an output only once all of it is there."""
        source = self.machine.storage.existing_file(entry.uri)
        target = self.results / f"{entry.name}.out"
        partial = self.host.tree.base / "partial.out"
        lines = read_records(source, by_line=settings.by_line, compressed=settings.compressed)
        records = (settings.processing.record(line, content) for line, content in lines)

        def predict(payload: Payload) -> bytes:
            return _predict(payload, server, settings)

        with ThreadPoolExecutor(settings.parallel) as pool, partial.open("wb") as results:
            sent = payloads(records, settings.limit, single=settings.single)
            for result in _in_order(pool, predict, sent, settings.parallel):
                results.write(result)
                if settings.lines and not result.endswith(b"\n"):
                    results.write(b"\n")
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(target)


def _predict(payload: Payload, server: ModelServer, settings: TransformSettings) -> bytes:
    try:
        answer = server.invoke(payload.body, settings.headers, settings.seconds)
        return settings.processing.result(payload, answer)
    except (RecordError, ServerError) as error:
        raise type(error)(f"{payload.where}: {error.message}") from error


def _in_order(
    pool: ThreadPoolExecutor,
    predict: Callable[[Payload], bytes],
    sent: Iterable[Payload],
    most: int,
) -> Iterator[bytes]:
    """Yield the results of payloads in their order, with at most `most` on their way at once."""
    waiting: deque[Future[bytes]] = deque()
    for payload in sent:
        if len(waiting) == most:
            yield waiting.popleft().result()
        waiting.append(pool.submit(predict, payload))
    while waiting:
        yield waiting.popleft().result()
