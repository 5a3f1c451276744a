"""SageMaker on this machine: runs a compiled pipeline definition without an account or Docker.

It stands in for S3, Processing, Training and Transform jobs, Automatic Model Tuning, Pipelines
and the Model Registry, and reads nothing but the definition's JSON.
"""

from __future__ import annotations

from localsage.cleaning import Removed
from localsage.containers import ImageProgram, ServeCommand
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
from localsage.execution import ExecutionRecord, StepRecord
from localsage.history import list_executions, load_execution
from localsage.listening import Listener
from localsage.registry import ModelRegistry
from localsage.reuse import Reuse
from localsage.service import LocalSageMaker
from localsage.storage import Storage

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
