"""The account: what all executions share, from which each gets what it needs to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sagelocal.definition.graph import Definition
from sagelocal.executions.caching import Cache
from sagelocal.executions.control import Control
from sagelocal.executions.records import ExecutionRecord
from sagelocal.jobs.machine import ImageProgram, Machine, ServeCommand, image_name
from sagelocal.listeners import Listener, OneAtATime, StepRunner
from sagelocal.models import ModelStore
from sagelocal.pipelines import PipelineRun
from sagelocal.processes.commands import Launcher
from sagelocal.processes.slots import Slots
from sagelocal.registry import ModelRegistry
from sagelocal.steps import Runtime
from sagelocal.storage.buckets import Storage

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Account:
    """The storage, registry and settings that all executions below one folder share.

    Attributes:
        home: The folder.
        storage: Its buckets.
        registry: Its models.
        new_launcher: Makes what starts the processes of one execution.
        slots: How many jobs run at the same time, of all executions.
        keep_work: Whether the trees of jobs that succeeded are kept.
        serve: What replaces the program `serve` of every image.
        programs: Name of an image → what replaces its own program.
        stopping_tolerance: How much worse than the median a trial may be before it is stopped.
        runners: Other types of step → what runs them.
    """

    home: Path
    storage: Storage
    registry: ModelRegistry
    new_launcher: Callable[[], Launcher]
    slots: Slots
    keep_work: bool
    serve: ServeCommand | None
    programs: Mapping[str, ImageProgram]
    stopping_tolerance: float
    runners: dict[str, StepRunner]

    def run(
        self,
        definition: Definition,
        record: ExecutionRecord,
        host_environment: Mapping[str, str],
        listener: Listener | None,
        tokens: Mapping[str, str],
        control: Control,
    ) -> ExecutionRecord:
        """Run an execution to its end and return its record, see `PipelineRun.run`.

        Args:
            definition: What to run.
            record: The execution, just made or reopened.
            host_environment: Variables for Processing jobs without network isolation.
            listener: Hears what happens.
            tokens: Step name → a text for what its request does not show, see `Reuse`.
            control: Stops it, and limits how many steps run at once.

        Raises:
            OSError: If nothing more can be written.
        """
        runtime = Runtime(
            self.machine(record.work, record.directory / "logs", host_environment),
            self.registry,
            ModelStore(record.directory, self.storage),
            f"pipelines-{record.id}",
            OneAtATime(listener),
            trials=record.trials,
            home=self.home,
            stopping_tolerance=self.stopping_tolerance,
            resumed=record.attempts > 1,
            runners=self.runners,
        )
        cache = Cache(self.home, self.storage, record.pipeline_name, tokens, record.use_cache)
        return PipelineRun(definition, record, runtime, cache, control).run()

    def has_program(self, image: str) -> bool:
        """Return whether something replaces the program of an image."""
        return image_name(image) in self.programs

    def machine(
        self, work: Path, logs: Path, host_environment: Mapping[str, str] = _NOTHING
    ) -> Machine:
        """Return what some jobs share that are started and stopped together.

        Args:
            work: Folder of the job trees.
            logs: Folder of the logs.
            host_environment: Variables for Processing jobs without network isolation.
        """
        return Machine(
            storage=self.storage,
            launcher=self.new_launcher(),
            slots=self.slots.for_execution(),
            work=work,
            logs=logs,
            host_environment=host_environment,
            keep_work=self.keep_work,
            serve=self.serve,
            programs=self.programs,
        )
