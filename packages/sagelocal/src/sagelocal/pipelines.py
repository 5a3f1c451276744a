"""The scheduler: which step runs when.

A step starts when all steps it depends on have succeeded and, for a step nested in a Condition,
when the Condition chose its side. Once a step has failed, the running ones finish and none
start. Ctrl-C, or its control, ends the running jobs and leaves the execution `Stopped`.
"""

from __future__ import annotations

import json
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

from sagelocal.definition.expressions import Context, resolve
from sagelocal.definition.graph import OF_JOBS, Definition, Step
from sagelocal.definition.requests import check_request
from sagelocal.definition.validation import without_nulls
from sagelocal.errors import DefinitionError, ExecutionStateError, SageLocalError, StoppedError
from sagelocal.executions.artefacts import read_property_file
from sagelocal.executions.caching import Cache
from sagelocal.executions.control import Control
from sagelocal.executions.records import (
    EXECUTING,
    FAILED,
    NOT_EXECUTED,
    STOPPED,
    SUCCEEDED,
    ExecutionRecord,
    StepRecord,
)
from sagelocal.files import JsonObject, now
from sagelocal.steps import Runtime, StepResult, job_name, run_step
from sagelocal.tuning.preparation import Expectations

# A signal that the system gives to a thread of a step is heard when this one wakes up.
_HEARING_SECONDS = 0.5


class PipelineRun:
    """One execution of a definition; nothing starts before `run`.

    Args:
        definition: What to run.
        record: A record just made or reopened; it is kept up to date on disk. Steps that it
            calls `Succeeded` are not run.
        runtime: What the steps need.
        cache: What earlier executions left behind.
        control: Stops it, and limits how many steps run at once.
    """

    def __init__(
        self,
        definition: Definition,
        record: ExecutionRecord,
        runtime: Runtime,
        cache: Cache,
        control: Control,
    ) -> None:
        self._definition = definition
        self._record = record
        self._runtime = runtime
        self._cache = cache
        self._control = control
        self._steps: dict[str, StepRecord] = dict(record.steps)
        self._responses: dict[str, JsonObject] = {
            name: step.response or {}
            for name, step in record.steps.items()
            if step.status == SUCCEEDED
        }
        self._failed: StepRecord | None = None
        self._running: dict[Future[StepResult], str] = {}
        self._bug: BaseException | None = None
        self._context = Context(
            record.parameters,
            record.variables,
            self._responses,
            self._property_file,
            self._document,
        )
        due = filter(self._may_run, self._steps)
        self._ahead = Expectations(definition, set(due), self._context, runtime.machine)

    def run(self) -> ExecutionRecord:
        """Run every step that is due and return the final record.

        An interrupt, or its control, ends the running jobs and gives a record that says `Stopped`.

        Raises:
            OSError: Nothing more can be written; the record may then say that it still runs.
            ExecutionStateError: The record was moved or removed meanwhile.
            Exception: A bug of this package, once it has been noted in the record; errors of the
                user's jobs and settings only fail the execution.
        """
        stopped = False
        with ThreadPoolExecutor(len(self._steps), thread_name_prefix="step") as pool:
            try:
                self._run_all(pool)
            except (KeyboardInterrupt, StoppedError):
                stopped = True
                self._runtime.machine.stop()
                self._collect(wait(self._running).done)
                self._stop_rest()
            except (OSError, ExecutionStateError):  # what the jobs find can no longer be noted
                self._runtime.machine.stop()
                raise
            finally:
                self._ahead.close()
        record = self._finish(stopped)
        if self._bug is not None:
            raise self._bug
        return record

    def _run_all(self, pool: ThreadPoolExecutor) -> None:
        while True:
            self._control.require_running()
            if self._failed is None:
                for step in filter(self._is_due, self._definition.steps.values()):
                    if not self._control.has_room(len(self._running)):
                        break
                    self._change(step, status=EXECUTING, start_time=now())
                    self._running[pool.submit(self._run_step, step)] = step.name
            if not self._running:
                return
            ended = wait(self._running, _HEARING_SECONDS, return_when=FIRST_COMPLETED)
            self._collect(ended.done)

    def _may_run(self, name: str) -> bool:
        selected = self._record.selected
        not_yet = self._steps[name].status == NOT_EXECUTED
        return not_yet and (selected is None or name in selected)

    def _is_due(self, step: Step) -> bool:
        if not self._may_run(step.name):
            return False
        if any(self._steps[name].status != SUCCEEDED for name in step.depends_on):
            return False
        branch = step.branch
        return branch is None or self._steps[branch.condition].outcome == str(branch.outcome)

    def _run_step(self, step: Step) -> StepResult:
        """Run in a thread: resolve the arguments, note them, do the work or find it done."""
        request = without_nulls(resolve(step.arguments, self._context_of(step)))
        assert isinstance(request, dict)  # noqa: S101 - the arguments of a step are an object
        record = self._steps[step.name]
        record = replace(record, arguments=request, token=self._cache.tokens.get(step.name))
        self._steps[step.name] = record
        self._record.write_step(record)
        check_request(request, step)
        earlier = self._cache.find(step, request)
        if earlier is not None and earlier.response is not None:
            self._ahead.end(step.name)
            return StepResult(earlier.response, "", cached_from=earlier.cached_from)
        self._ahead.work_begins(step)
        return run_step(step, request, self._runtime)

    def _context_of(self, step: Step) -> Context:
        """Return what the expressions of a step refer to, at the moment that it begins."""
        variables = {**self._context.execution, "CurrentDateTime": now()}
        for variable, kind in OF_JOBS.items():
            if step.kind == kind:
                variables[variable] = job_name(self._runtime, step)
        return replace(self._context, execution=variables)

    def _document(self, uri: str) -> object:
        try:
            return json.loads(self._runtime.machine.storage.read_bytes(uri))
        except ValueError as error:
            raise DefinitionError(
                f"Std:JsonGet: {uri} is not JSON: {error}.", "Let the step before it write JSON."
            ) from error

    def _property_file(self, step: str, name: str) -> object:
        response = self._responses[step]
        return read_property_file(
            self._definition.steps[step], name, response, self._runtime.machine.storage
        )

    def _collect(self, done: set[Future[StepResult]]) -> None:
        """Take in the results of finished steps."""
        for future in done:
            step = self._definition.steps[self._running.pop(future)]
            try:
                self._end(step, future.result())
            except StoppedError as error:
                self._change(step, str(error), status=STOPPED, end_time=now())
            except SageLocalError as error:
                self._end(step, StepResult({}, str(error), str(error)))
            except Exception as bug:  # noted here, raised again by run()
                self._bug = self._bug or bug
                text = f"{type(bug).__name__}: {bug}"
                self._end(step, StepResult({}, text, text))

    def _stop_rest(self) -> None:
        """Note as stopped whatever the interrupt cut off between two lines of this class."""
        for step in self._definition.steps.values():
            if self._steps[step.name].status == EXECUTING:
                self._change(step, status=STOPPED, end_time=now())

    def _end(self, step: Step, result: StepResult) -> None:
        failed = result.failure_reason is not None
        if not failed:
            self._responses[step.name] = result.response
        self._change(
            step,
            result.detail,
            status=FAILED if failed else SUCCEEDED,
            end_time=now(),
            response=result.response,
            outcome=result.detail if step.kind == "Condition" and not failed else None,
            failure_reason=result.failure_reason,
            cached_from=result.cached_from,
        )
        if failed and self._failed is None:
            self._failed = self._steps[step.name]

    def _change(self, step: Step, detail: str = "", **changes: object) -> None:
        """Note a step's new state, on disk and to the listener."""
        changed: StepRecord = replace(self._steps[step.name], **changes)  # type: ignore[arg-type]
        self._steps[step.name] = changed
        self._record.write_step(changed)
        self._runtime.listener.step_changed(step.name, step.kind, changed.shown_status, detail)

    def _finish(self, stopped: bool) -> ExecutionRecord:
        failed = self._failed
        reason = failed.failure_reason if failed else None
        if stopped:
            reason = "Stopped by the user."
        record = replace(
            self._record,
            status=STOPPED if stopped else FAILED if failed else SUCCEEDED,
            end_time=now(),
            failure_reason=reason,
            failed_step=failed.name if failed else None,
            steps=dict(self._steps),
        )
        record.write()
        return record
