"""Executions of this machine, also where a file of one of them is damaged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagelocal.errors import SageLocalError
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from sagelocal import ExecutionRecord, LocalSageMaker

_READ = ("execution.json", "parameters.json", "steps/*.json")


@dataclass(frozen=True)
class History:
    """What is left of the executions.

    Attributes:
        records: Those that can be read, newest first.
        damaged: Of each of the others, what is wrong and what to do, in two lines.
    """

    records: list[ExecutionRecord]
    damaged: list[UserError]


def read_history(sagemaker: LocalSageMaker) -> History:
    """Read all executions, one by one: a damaged one keeps no other from being read."""
    folders = (sagemaker.home / "executions").glob("[0-9]*/execution.json")
    records, damaged = [], []
    for name in sorted((file.parent.name for file in folders), reverse=True):
        try:
            records.append(read_execution(sagemaker, name))
        except UserError as err:
            damaged.append(err)
    return History(records, damaged)


def read_execution(sagemaker: LocalSageMaker, identifier: str) -> ExecutionRecord:
    """Return one execution by its identifier, or an unmistakable beginning of it.

    Raises:
        UserError: A file of it is damaged.
        ExecutionNotFoundError: None, or more than one, has that identifier.
    """
    try:
        record = sagemaker.execution(identifier)
        if not isinstance(record.parameters, dict):
            raise TypeError(type(record.parameters).__name__)
        return record
    except (ValueError, TypeError, LookupError, AttributeError, FileNotFoundError) as err:
        places = sorted((sagemaker.home / "executions").glob(f"{identifier}*/execution.json"))
        raise _damage(places[0].parent if places else sagemaker.home, err) from err
    except SageLocalError as err:
        if identifier and (sagemaker.home / "executions" / identifier).is_dir():
            raise UserError(err.message, err.remedy) from err
        raise


def _damage(folder: Path, error: Exception) -> UserError:
    """Return which file of an execution cannot be read, and why."""
    file, reason = folder, f"{type(error).__name__}: {' '.join(str(error).split())}"
    for path in (path for pattern in _READ for path in sorted(folder.glob(pattern))):
        try:
            if not isinstance(json.loads(path.read_bytes()), dict):
                file, reason = path, "it is no JSON object"
                break
        except (ValueError, OSError) as err:
            file, reason = path, " ".join(str(err).split())
            break
    return UserError(
        f"{file} is damaged: {reason}.",
        f"Restore it, or remove that execution: delete {folder}.",
    )
