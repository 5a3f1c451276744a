"""SageMaker on this machine: runs a compiled pipeline definition without an account or Docker.

It stands in for S3, Processing, Training and Transform jobs, Automatic Model Tuning, Pipelines
and the Model Registry, and reads nothing but the definition's JSON.
"""

from __future__ import annotations

from localsage.errors import (
    DefinitionError,
    ExecutionNotFoundError,
    ExecutionStateError,
    LocalSageError,
    ParameterError,
    RecordError,
    RegistryError,
    SelectionError,
    ServerError,
    StorageError,
)
from localsage.executions.cleaning import Removed
from localsage.executions.history import list_executions, load_execution
from localsage.executions.records import ExecutionRecord, StepRecord
from localsage.executions.reuse import Reuse
from localsage.jobs.machine import ImageProgram, ServeCommand
from localsage.listening import Listener
from localsage.registry import ModelRegistry
from localsage.service import LocalSageMaker
from localsage.storage.buckets import Storage

__all__ = [
    "DefinitionError",
    "ExecutionNotFoundError",
    "ExecutionRecord",
    "ExecutionStateError",
    "ImageProgram",
    "Listener",
    "LocalSageError",
    "LocalSageMaker",
    "ModelRegistry",
    "ParameterError",
    "RecordError",
    "RegistryError",
    "Removed",
    "Reuse",
    "SelectionError",
    "ServeCommand",
    "ServerError",
    "StepRecord",
    "Storage",
    "StorageError",
    "list_executions",
    "load_execution",
]
