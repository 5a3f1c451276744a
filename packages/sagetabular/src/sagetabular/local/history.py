"""Executions of this machine, also where a file of one of them is damaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagelocal.errors import DamagedError

if TYPE_CHECKING:
    from sagelocal import ExecutionRecord, LocalSageMaker


@dataclass(frozen=True)
class History:
    """What is left of the executions.

    Attributes:
        records: Those that can be read, newest first.
        damaged: Of each of the others, what is wrong and what to do, in two lines.
    """

    records: list[ExecutionRecord]
    damaged: list[DamagedError]


def read_history(sagemaker: LocalSageMaker) -> History:
    """Read all executions, one by one: a damaged one keeps no other from being read."""
    folders = (sagemaker.home / "executions").glob("[0-9]*/execution.json")
    records, damaged = [], []
    for name in sorted((file.parent.name for file in folders), reverse=True):
        try:
            records.append(sagemaker.execution(name))
        except DamagedError as err:
            damaged.append(err)
    return History(records, damaged)
