"""Executions that run: each in a thread of its own, started once for each token."""

from __future__ import annotations

import json
import sys
import threading
import traceback
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace

from sagelocal.endpoint.events.changes import Changes
from sagelocal.errors import DamagedError, ExecutionStateError
from sagelocal.executions.claims import claimed
from sagelocal.executions.control import Control
from sagelocal.executions.reading import read_step
from sagelocal.executions.records import (
    CACHED,
    EXECUTING,
    INTERRUPTED,
    STOPPED,
    SUCCEEDED,
    ExecutionRecord,
)
from sagelocal.executions.reuse import Reuse
from sagelocal.files import JsonObject, now
from sagelocal.service import LocalSageMaker

# The key in an execution's metadata under which its request is kept.
REQUEST = "StartPipelineExecution"
STARTING, STOPPING = "Starting", "Stopping"
_KEPT = (
    "ClientRequestToken",
    "ParallelismConfiguration",
    "PipelineExecutionDescription",
    "PipelineExecutionDisplayName",
    "SelectiveExecutionConfig",
)


def asked_of(record: ExecutionRecord) -> JsonObject:
    """Return what an execution was started with, of the members that its record does not hold."""
    try:
        kept: JsonObject = json.loads(record.metadata.get(REQUEST, "{}"))
    except ValueError:
        kept = {}
    return {"PipelineExecutionDisplayName": f"execution-{record.id}", **kept}


class Runs:
    """Starts and stops the executions of an account.

    Args:
        sagemaker: The account.
        changes: Hears what changes.
        environment: Variables of Processing jobs without network isolation.
    """

    def __init__(
        self, sagemaker: LocalSageMaker, changes: Changes, environment: Mapping[str, str]
    ) -> None:
        self._sagemaker = sagemaker
        self._changes = changes
        self._environment = environment
        self._lock = threading.Lock()
        self._controls: dict[str, Control] = {}
        self._threads: set[threading.Thread] = set()
        # Pipeline and token → the execution that was started with them.
        self._started: dict[tuple[str, str], Future[ExecutionRecord]] = {}

    def recover(self) -> None:
        """Note as stopped what ran when an earlier endpoint was killed; remember its tokens."""
        for record in self._sagemaker.executions():
            if REQUEST not in record.metadata:
                continue
            known: Future[ExecutionRecord] = Future()
            known.set_result(record)
            token = str(asked_of(record).get("ClientRequestToken"))
            self._started[record.pipeline_name, token] = known
            if record.status == INTERRUPTED:
                self._note_stopped(record)

    def start(
        self, request: JsonObject, pipeline: JsonObject, values: Mapping[str, object], reuse: Reuse
    ) -> ExecutionRecord:
        """Start an execution, unless one was with the same token, and return its record.

        Args:
            request: A valid `StartPipelineExecution`.
            pipeline: Its `PipelineName`, `PipelineDefinition` and what else is known of it.
            values: Of parameters.
            reuse: What it may take from earlier executions.

        Raises:
            SageLocalError: If it cannot start; then nothing was written.
        """
        place = pipeline["PipelineName"], request["ClientRequestToken"]
        with self._lock:
            started = self._started.get(place)
            if started is None:
                ours = self._started[place] = Future()
        if started is not None:
            return started.result()
        self._begin(ours, request, pipeline, values, reuse)
        try:
            return ours.result()
        except BaseException:
            with self._lock:  # who has put it right may try again
                del self._started[place]
            raise

    def _begin(
        self,
        started: Future[ExecutionRecord],
        request: JsonObject,
        pipeline: JsonObject,
        values: Mapping[str, object],
        reuse: Reuse,
    ) -> None:
        limits = request.get("ParallelismConfiguration") or pipeline.get("ParallelismConfiguration")
        kept = {name: request[name] for name in _KEPT if name in request}
        hearing = _Hearing(self._changes)

        def created(record: ExecutionRecord) -> None:
            with self._lock:
                self._controls[record.id] = control
            hearing.record = record
            self._changes.execution(record, asked_of(record), EXECUTING, None)
            started.set_result(record)

        control = Control(
            parallel_steps=(limits or {}).get("MaxParallelExecutionSteps"), created=created
        )

        def work() -> None:
            try:
                record = self._sagemaker.start(
                    pipeline["PipelineDefinition"].encode(),
                    pipeline_name=pipeline["PipelineName"],
                    parameters=values,
                    host_environment=self._environment,
                    metadata={REQUEST: json.dumps(kept)},
                    listener=hearing,
                    reuse=reuse,
                    control=control,
                )
            except BaseException as error:  # whoever asked for the start gets it
                if not started.done():
                    started.set_exception(error)
                else:  # the record may say that it still runs: then it is interrupted
                    traceback.print_exc(file=sys.stderr)
            else:
                self._say_end(record)
            finally:
                self._forget(hearing.record)

        thread = threading.Thread(target=work, name="execution")
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def stop(self, record: ExecutionRecord) -> bool:
        """Begin to stop an execution; return whether it runs here.

        To stop it again changes nothing.
        """
        with self._lock:
            control = self._controls.get(record.id)
            if control is None:
                return False
            first = not control.stopped
            if first:
                self._changes.execution(record, asked_of(record), STOPPING, EXECUTING)
            control.stop()
        return True

    def status(self, record: ExecutionRecord) -> str:
        """Return the status of an execution, as the service calls it."""
        if record.status == EXECUTING:
            with self._lock:
                control = self._controls.get(record.id)
            return STOPPING if control is not None and control.stopped else EXECUTING
        return STOPPED if record.status == INTERRUPTED else record.status

    def running(self, pipeline: str) -> list[str]:
        """Return the identifiers of the executions of a pipeline that run, here or elsewhere."""
        return [
            record.id
            for record in self._sagemaker.executions()
            if record.pipeline_name == pipeline and record.status == EXECUTING
        ]

    def close(self) -> None:
        """Stop all executions and wait until they have ended."""
        with self._lock:
            controls, threads = list(self._controls.values()), list(self._threads)
        for control in controls:
            control.stop()
        for thread in threads:
            thread.join()

    def _say_end(self, record: ExecutionRecord) -> None:
        with self._lock:  # so that nobody says afterwards that it is being stopped
            control = self._controls.pop(record.id)
            previous = STOPPING if control.stopped else EXECUTING
            self._changes.execution(record, asked_of(record), record.status, previous)

    def _forget(self, record: ExecutionRecord | None) -> None:
        with self._lock:
            self._threads.discard(threading.current_thread())
            if record is not None:
                self._controls.pop(record.id, None)

    def _note_stopped(self, found: ExecutionRecord) -> None:
        """Note on the disk that nobody runs an execution any more, and say so, once."""
        try:
            with claimed(self._sagemaker.home, found.id) as record:
                if record.status != EXECUTING:  # as it was left, now that its lock is held
                    return
                # What was found before says of each step whether it was cut off, and why.
                stopped = replace(found, status=STOPPED, end_time=now())
                for step in stopped.steps.values():
                    stopped.write_step(step)
                stopped.write()
        except (ExecutionStateError, DamagedError):  # it was resumed, or cannot be
            return
        self._changes.execution(stopped, asked_of(stopped), STOPPED, EXECUTING)


class _Hearing:
    """Hears the steps of an execution, and says what changes."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self.record: ExecutionRecord | None = None

    def step_changed(self, name: str, kind: str, status: str, detail: str) -> None:
        """Say that a step has begun or ended; of one that registers a model, that too."""
        del detail
        assert self.record is not None  # noqa: S101 - steps begin after the record is there
        step = read_step(self.record.directory, name)
        if status == EXECUTING:
            self._changes.step(self.record, step, STARTING, None)
            self._changes.step(self.record, step, EXECUTING, STARTING)
            return
        shown = SUCCEEDED if status == CACHED else status
        self._changes.step(self.record, step, shown, EXECUTING)
        if kind == "RegisterModel" and status == SUCCEEDED and step.response:
            self._changes.package(step.response)

    def trial_finished(
        self, step: str, number: int, total: int, value: float | None, best: float | None
    ) -> None:
        """Hear that a trial has ended, of which the service says nothing."""
