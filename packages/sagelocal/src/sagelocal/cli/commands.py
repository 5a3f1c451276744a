"""The subcommands: each does what was asked and returns the exit code of the command."""

from __future__ import annotations

import argparse
import re
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sagelocal.cli.arguments import UsageError, default_home
from sagelocal.cli.output import (
    ConsoleProgress,
    execution_json,
    print_execution,
    print_executions,
    print_json,
    print_log,
)
from sagelocal.errors import SageLocalError, did_you_mean
from sagelocal.executions.records import STOPPED, SUCCEEDED, ExecutionRecord
from sagelocal.executions.reuse import Reuse
from sagelocal.jobs.machine import ImageProgram, ServeCommand
from sagelocal.service import LocalSageMaker

_PIPELINE = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}")
_CODES = {SUCCEEDED: 0, STOPPED: 130}
_FAILED = 1


def run(asked: argparse.Namespace) -> int:
    """Run a definition to its end."""
    definition = _read(asked.definition)
    name = _pipeline_name(asked.name, asked.definition)
    record = _sagemaker(asked).start(
        definition,
        pipeline_name=name,
        parameters=_unique("--set", asked.values),
        reuse=Reuse(cache=not asked.no_cache),
        listener=ConsoleProgress(),
    )
    return _end(record, asked)


def resume(asked: argparse.Namespace) -> int:
    """Continue an execution to its end."""
    return _end(_sagemaker(asked).resume(asked.id, listener=ConsoleProgress()), asked)


def serve(asked: argparse.Namespace) -> int:
    """Answer SageMaker's API until Ctrl-C, or a request to end, stops it and what runs."""
    from sagelocal.endpoint import Endpoint  # botocore takes time to import

    endpoint = Endpoint(
        _sagemaker(asked, s3=asked.s3, programs=_images(asked.images)),
        port=asked.port,
        events=asked.events,
        environment=_unique("--environment", asked.environment),
        region=asked.region,
        account=asked.account,
        host=asked.host,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), endpoint:
        print(endpoint.url, flush=True)
        print(f"export AWS_ENDPOINT_URL_SAGEMAKER={endpoint.url}", flush=True)
        threading.Event().wait()
    return 0


def executions(asked: argparse.Namespace) -> int:
    """List all executions, newest first."""
    records = LocalSageMaker(_home(asked)).executions()
    if asked.json:
        print_json([execution_json(record) for record in records])
    else:
        print_executions(records, asked.home)
    return 0


def show(asked: argparse.Namespace) -> int:
    """Show one execution."""
    _print(LocalSageMaker(_home(asked)).execution(asked.id), asked)
    return 0


def logs(asked: argparse.Namespace) -> int:
    """Print the logs of an execution, or of one of its steps."""
    record = LocalSageMaker(_home(asked)).execution(asked.id)
    if asked.step is not None and asked.step not in record.steps:
        raise SageLocalError(
            f"Execution {record.id} has no step {asked.step!r}.",
            did_you_mean(asked.step, record.steps),
        )
    steps = list(record.steps) if asked.step is None else [asked.step]
    found = [(step, log) for step in steps for log in record.log_files(step)]
    for step, log in found:
        print_log(step, log)
    if not found:
        print("There are no logs: no job was started.", file=sys.stderr)
    return 0


def _sagemaker(asked: argparse.Namespace, **options: Any) -> LocalSageMaker:
    serve = ServeCommand(asked.serve) if asked.serve else None
    return LocalSageMaker(_home(asked), slots=asked.slots, serve=serve, **options)


def _images(values: Sequence[tuple[str, str]]) -> dict[str, ImageProgram]:
    images = {}
    for name, command in _unique("--image", values).items():
        try:
            images[name] = ImageProgram(shlex.split(command))
        except ValueError as error:
            raise UsageError(
                f"--image gives a command that is none: {error}.\nClose the quotes in it."
            ) from error
        if not images[name].words:
            raise UsageError(f"--image gives no command for {name}.\nWrite {name}=COMMAND.")
    return images


def _home(asked: argparse.Namespace) -> Path:
    home: Path = asked.home
    if home.exists() and not home.is_dir():
        raise UsageError(f"--home must be a folder, got the file {home}.\nName another one.")
    return home


def _print(record: ExecutionRecord, asked: argparse.Namespace) -> None:
    if asked.json:
        print_json(execution_json(record))
        return
    elsewhere = asked.home != default_home()
    print_execution(record, f" --home {shlex.quote(str(asked.home))}" if elsewhere else "")


def _end(record: ExecutionRecord, asked: argparse.Namespace) -> int:
    _print(record, asked)
    return _CODES.get(record.status, _FAILED)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"The definition {path} cannot be read: {error.strerror}.\n"
            "Give the path of a file that holds a pipeline definition in JSON."
        ) from error


def _unique(option: str, values: Sequence[tuple[str, str]]) -> dict[str, str]:
    names = [name for name, _ in values]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{option} gives {name} more than one value.\nGive it one.")
    return dict(values)


def _pipeline_name(given: str | None, file: Path) -> str:
    """Return the name that was given, else one made of the file's."""
    name = given if given is not None else re.sub(r"[^a-zA-Z0-9]+", "-", file.stem).strip("-")
    if not _PIPELINE.fullmatch(name):
        raise UsageError(
            f"Not a name for a pipeline: {name!r}.\n"
            "Give --name up to 256 letters, digits and inner hyphens."
        )
    return name
