"""SageMaker on this machine: runs a compiled pipeline definition without an account or Docker.

It does the work of S3, Processing, Training and Transform jobs, Automatic Model Tuning, Pipelines
and the Model Registry, and reads nothing but the definition's JSON.

Public are the names in `__all__` of this package, of `sagelocal.definition` (reading a definition
without running it) and of `sagelocal.errors`, and the command `sagelocal`. All else may change.
"""

from __future__ import annotations

from sagelocal.errors import (
    DamagedError,
    DefinitionError,
    ExecutionNotFoundError,
    ExecutionStateError,
    ParameterError,
    RecordError,
    RegistryError,
    SageLocalError,
    SelectionError,
    ServerError,
    StorageError,
)
from sagelocal.executions.cleaning import Cleaning, Removed
from sagelocal.executions.history import list_executions, load_execution
from sagelocal.executions.records import ExecutionRecord, StepRecord
from sagelocal.executions.reuse import Reuse
from sagelocal.jobs.machine import ImageProgram, ServeCommand
from sagelocal.listeners import Listener, StepCall, StepRunner
from sagelocal.registry import ModelRegistry
from sagelocal.service import LocalSageMaker
from sagelocal.storage.buckets import Storage

__all__ = [
    "Cleaning",
    "DamagedError",
    "DefinitionError",
    "ExecutionNotFoundError",
    "ExecutionRecord",
    "ExecutionStateError",
    "ImageProgram",
    "Listener",
    "LocalSageMaker",
    "ModelRegistry",
    "ParameterError",
    "RecordError",
    "RegistryError",
    "Removed",
    "Reuse",
    "SageLocalError",
    "SelectionError",
    "ServeCommand",
    "ServerError",
    "StepCall",
    "StepRecord",
    "StepRunner",
    "Storage",
    "StorageError",
    "list_executions",
    "load_execution",
]
