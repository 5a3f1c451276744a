"""Output of the command: results on standard output, progress on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from sagelocal.executions.records import (
    FAILED,
    INTERRUPTED,
    STOPPED,
    ExecutionRecord,
    StepRecord,
)
from sagelocal.files import encode_json


class ConsoleProgress:
    """A listener that prints a line for each event; one that cannot be printed stops nothing."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def step_changed(self, name: str, kind: str, status: str, detail: str) -> None:
        """Print that a step started or ended."""
        more = f": {_first_line(detail)}" if detail else ""
        self._print(f"{name} ({kind}) {status.lower()}{more}")

    def trial_finished(
        self, step: str, number: int, total: int, value: float | None, best: float | None
    ) -> None:
        """Print that a trial of a tuning step ended."""
        score = "failed" if value is None else f"{value:.6g}"
        top = "" if best is None else f", best {best:.6g}"
        self._print(f"{step} trial {number}/{total} {score}{top}")

    def _print(self, text: str) -> None:
        with suppress(OSError):
            print(f"{time.monotonic() - self._start:7.1f} s  {text}", file=sys.stderr, flush=True)


def execution_json(record: ExecutionRecord) -> dict[str, Any]:
    """Return a record as JSON holds it; steps with their requests and responses."""
    return {
        **{entry.name: getattr(record, entry.name) for entry in fields(record)},
        "directory": str(record.directory),
        "metadata": dict(record.metadata),
        "parameters": dict(record.parameters),
        "steps": {name: asdict(step) for name, step in record.steps.items()},
    }


def print_json(value: object) -> None:
    """Print JSON."""
    print(encode_json(value).decode(), end="")


def print_executions(records: Sequence[ExecutionRecord], home: Path) -> None:
    """Print a line for each execution below a folder."""
    if not records:
        print(f"No execution yet in {home}. Start one with `sagelocal run FILE`.", file=sys.stderr)
        return
    _print_table([[r.id, r.pipeline_name, r.status, _seconds(r)] for r in records])


def print_execution(record: ExecutionRecord, options: str = "") -> None:
    """Print an execution with its parameters and steps, and how to go on after a failure.

    Args:
        record: The execution.
        options: What a command needs to find it.
    """
    print(f"{record.id}  {record.pipeline_name}  {record.status}  {_seconds(record)}".rstrip())
    _print_table([[name, "=", _text(value)] for name, value in record.parameters.items()])
    _print_table([_row(step) for step in record.steps.values()])
    if record.failure_reason:
        place = f"{record.failed_step}: " if record.failed_step else ""
        print(f"{place}{record.failure_reason}")
    print(f"Record: {record.directory}")
    if record.status in (FAILED, STOPPED, INTERRUPTED):
        print(f"Look:   sagelocal logs {record.id}{options}")
        print(f"Go on:  sagelocal resume {record.id}{options}")


def print_log(step: str, log: Path) -> None:
    """Print a log below a line that says whose it is."""
    text = log.read_text(encoding="utf-8", errors="replace")
    print(f"==> {step}: {log.stem} <==\n{text}", end="" if text.endswith("\n") else "\n")


def _row(step: StepRecord) -> list[str]:
    outcome = f": {step.outcome}" if step.outcome else ""
    return [step.name, step.kind, f"{step.shown_status}{outcome}", _seconds(step)]


def _seconds(record: ExecutionRecord | StepRecord) -> str:
    if not record.start_time or not record.end_time:
        return ""
    start, end = datetime.fromisoformat(record.start_time), datetime.fromisoformat(record.end_time)
    return f"{(end - start).total_seconds():.1f} s"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _first_line(text: str) -> str:
    return text.split("\n", maxsplit=1)[0]


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(f"  {'  '.join(cells)}".rstrip())
