"""The service: starts a pipeline definition on this machine, and finds what ran."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from sagelocal.account import Account
from sagelocal.definition.graph import Definition
from sagelocal.definition.local import check_programs
from sagelocal.definition.parameters import effective_values
from sagelocal.definition.parsing import STEP_TYPES, parse_definition
from sagelocal.definition.requests import check_requests
from sagelocal.errors import SageLocalError
from sagelocal.executions.claims import claimed, in_use
from sagelocal.executions.cleaning import Cleaning, Removed, clean, plan, remove_unapproved
from sagelocal.executions.control import Control
from sagelocal.executions.creation import create_execution, reopen
from sagelocal.executions.history import list_executions, load_execution
from sagelocal.executions.records import ExecutionRecord
from sagelocal.executions.reuse import Reuse, first_records
from sagelocal.files import JsonObject
from sagelocal.forking.launching import launcher_type
from sagelocal.jobs.machine import ImageProgram, Machine, ServeCommand
from sagelocal.jobs.retries import check_retry_policies
from sagelocal.listeners import Listener, StepRunner
from sagelocal.processes.slots import Slots
from sagelocal.registry import ModelRegistry
from sagelocal.storage.buckets import Storage
from sagelocal.tuning.checking import check_searches
from sagelocal.tuning.early_stopping import check_tolerance

_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_PROGRAMS: Mapping[str, ImageProgram] = MappingProxyType({})
_REUSE = Reuse()


class LocalSageMaker:
    """SageMaker on this machine, all of its state below one folder.

    Args:
        home: Holds `s3/`, `executions/` and `model-registry/`; made when first needed.
        slots: How many jobs may run at the same time; by default one for each usable core. It
            changes how long an execution takes, never its result.
        keep_work: Whether the trees of jobs that succeeded are kept, as those of failed jobs are.
        isolation: How trials start: `process`, each in a fresh interpreter, or `fork`, each as a
            fork of a server that has loaded the libraries. By default `fork` on Linux. It changes
            how long a tuning step takes, never its result.
        serve: What replaces the program `serve` of every image; Transform jobs run it.
        programs: Name of an image (its repository's last part) → what replaces the program that
            it starts when a Processing job names none.
        stopping_tolerance: How much worse than the median of the others a trial may be before
            early stopping ends it, in the unit of the objective. By default 0, as on the service;
            it is in no cache key.
        s3: URL of an S3 server that inputs are read from and outputs are written to; jobs work on
            copies below `home`. Without one the objects lie there.

    Raises:
        SageLocalError: If the isolation is neither, or is one that this platform does not have; if
            the tolerance is no number of 0 or more; if there are to be less than one slot.

    Examples:
        >>> import json, tempfile
        >>> step = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "enough"}}
        >>> definition = json.dumps({"Version": "2020-12-01", "Steps": [step]}).encode()
        >>> with tempfile.TemporaryDirectory() as home:
        ...     record = LocalSageMaker(Path(home)).start(definition, pipeline_name="demo")
        >>> record.status, record.failure_reason
        ('Failed', 'enough')
    """

    def __init__(
        self,
        home: Path,
        *,
        slots: int | None = None,
        keep_work: bool = False,
        isolation: str | None = None,
        serve: ServeCommand | None = None,
        programs: Mapping[str, ImageProgram] = _NO_PROGRAMS,
        stopping_tolerance: float = 0.0,
        s3: str | None = None,
    ) -> None:
        check_tolerance(stopping_tolerance)
        self.home = home.absolute()
        self.storage = _storage(self.home, s3)
        self.registry = ModelRegistry(self.home / "model-registry")
        self._account = Account(
            self.home,
            self.storage,
            self.registry,
            launcher_type(isolation),
            slots=Slots(slots),
            keep_work=keep_work,
            serve=serve,
            programs=programs,
            stopping_tolerance=stopping_tolerance,
            runners={},
        )

    def register_runner(self, kind: str, runner: StepRunner) -> None:
        """Let a runner do the steps of a type that this back-end does not know, such as `Lambda`.

        Their members are not checked, and their results never reused.

        Raises:
            SageLocalError: If it is a type that this back-end runs itself.
        """
        if kind in STEP_TYPES:
            raise SageLocalError(
                f"Steps of the type {kind} are run by sagelocal itself.",
                "Register runners for other types, such as Lambda.",
            )
        self._account.runners[kind] = runner

    def start(
        self,
        definition: bytes,
        *,
        pipeline_name: str,
        parameters: Mapping[str, object] = _NOTHING,
        host_environment: Mapping[str, str] = _NOTHING,
        metadata: Mapping[str, str] = _NOTHING,
        listener: Listener | None = None,
        reuse: Reuse = _REUSE,
        control: Control | None = None,
    ) -> ExecutionRecord:
        """Run a pipeline definition to its end and return the record of the execution.

        A step that fails fails the execution and raises nothing. Ctrl-C in the main thread ends
        the running jobs and gives a record with the status `Stopped`.

        Args:
            definition: The compiled definition, JSON.
            pipeline_name: Its name.
            parameters: Values for parameters: typed, or as text the way the service takes them.
            host_environment: Variables for Processing jobs without network isolation; they stand
                for services of the account that such a job may reach.
            metadata: Kept in the record, for display.
            listener: Hears what happens while it happens.
            reuse: What it may take from earlier executions, and which of its steps run.
            control: Stops it from another thread, and limits how many steps run at once.

        Raises:
            DefinitionError: If the definition cannot run; then nothing has been written.
            ParameterError: If values are missing, unknown or wrong; then nothing has been written.
            SelectionError: If the selected steps cannot run; then nothing has been written.
            ExecutionNotFoundError: If there is none to base this one on.
            OSError: If nothing more can be written.
        """
        parsed, control = self._parse(definition), control or Control()
        values = effective_values(parsed.parameters, parameters)
        with in_use(self.home):
            steps, selected = first_records(parsed, reuse, self.home, pipeline_name, self.storage)
            check_searches(parsed, values, self.home, selected)
            with create_execution(
                self.home,
                pipeline_name=pipeline_name,
                definition=definition,
                parameters=values,
                metadata=metadata,
                steps=steps,
                use_cache=reuse.cache and selected is None,
                selected=selected,
            ) as record:
                control.created(record)
                return self._account.run(
                    parsed, record, host_environment, listener, reuse.tokens, control
                )

    def resume(
        self,
        identifier: str,
        *,
        host_environment: Mapping[str, str] = _NOTHING,
        listener: Listener | None = None,
        tokens: Mapping[str, str] = _NOTHING,
    ) -> ExecutionRecord:
        """Continue an execution that was stopped, failed or was killed, and return its record.

        Identifier, definition and parameters stay the same. Finished steps are kept, and of an
        unfinished tuning step the finished trials.

        Args:
            identifier: The execution, or an unmistakable beginning of its identifier.
            host_environment: As for `start`.
            listener: Hears what happens while it happens.
            tokens: As in `Reuse`.

        Raises:
            ExecutionNotFoundError: If there is none, or more than one.
            ExecutionStateError: If it runs, or has succeeded.
            OSError: If nothing more can be written.
        """
        with in_use(self.home), claimed(self.home, identifier) as record:
            definition = parse_definition(record.definition(), others=self._account.runners)
            return self._account.run(
                definition, reopen(record), host_environment, listener, tokens, Control()
            )

    def check(self, definition: bytes) -> None:
        """Check that a definition can run here, whatever its parameters will be.

        Raises:
            DefinitionError: If it cannot.
        """
        self._parse(definition)

    def _parse(self, definition: bytes) -> Definition:
        parsed = parse_definition(definition, others=self._account.runners)
        check_requests(parsed)
        check_retry_policies(parsed)
        check_programs(parsed, self._account.has_program, serves=self._account.serve is not None)
        return parsed

    def clean(self, keep: int) -> list[Removed]:
        """Remove all executions but the newest, with what they alone have in the store.

        Executions stay that kept ones or registered model versions refer to.

        Args:
            keep: How many of the newest stay.

        Raises:
            ExecutionStateError: If one is running.
        """
        return clean(self.home, self.storage, self.registry, keep)

    def plan_cleaning(self, keep: int, *, unapproved: bool = False) -> Cleaning:
        """Return what `clean`, after `remove_unapproved` if that is asked for, would remove.

        Args:
            keep: How many of the newest stay.
            unapproved: Whether `remove_unapproved` comes first.

        Raises:
            ExecutionStateError: If an execution is running.
        """
        return plan(self.home, self.storage, self.registry, keep, unapproved=unapproved)

    def remove_unapproved(self, keep: int) -> list[JsonObject]:
        """Remove registered versions that nobody has approved, but for the last of each group.

        Args:
            keep: Versions of that many of the newest executions stay.

        Returns:
            What was removed, in the shape of `DescribeModelPackage`.

        Raises:
            ExecutionStateError: If an execution is running.
        """
        return remove_unapproved(self.home, self.registry, keep)

    def effective_parameters(
        self, definition: bytes, parameters: Mapping[str, object]
    ) -> dict[str, str | int | float | bool]:
        """Return the value that every parameter would have in an execution.

        Raises:
            DefinitionError: If the definition cannot run.
            ParameterError: If values are missing, unknown or wrong.
        """
        parsed = parse_definition(definition, others=self._account.runners)
        return effective_values(parsed.parameters, parameters)

    def machine(self, folder: Path) -> Machine:
        """Return what runs jobs that belong to no execution, their trees and logs in a folder."""
        return self._account.machine(folder / "work", folder / "logs")

    def executions(self) -> list[ExecutionRecord]:
        """Return all executions, newest first."""
        return list_executions(self.home)

    def execution(self, identifier: str) -> ExecutionRecord:
        """Return one execution by its identifier or an unmistakable beginning of it.

        Raises:
            ExecutionNotFoundError: If there is none, or more than one.
        """
        return load_execution(self.home, identifier)


def _storage(home: Path, s3: str | None) -> Storage:
    if s3 is None:
        return Storage(home / "s3")
    from sagelocal.storage.mirror import MirroredStorage  # botocore takes time to import

    return MirroredStorage(home / "s3", s3)
