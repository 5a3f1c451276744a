"""Settings of the server, from the variables of SageMaker's containers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.jobs.runner import base_dir
from sagetabular.serving.errors import ServerError
from sagetabular.serving.formats.outputs import DEFAULT, REMEDY, VARIABLE, read_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MEGABYTE = 2**20
# Python reads no number of thousands of digits.
_MOST_DIGITS = 18


@dataclass(frozen=True)
class ServerSettings:
    """Settings of the server.

    Attributes:
        model_folder: Where the model lies, unpacked.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        workers: Number of processes that answer.
        timeout: Seconds that a request may take.
        payload_limit: Bytes that the body of a request may have.
        ends_with_input: Whether the server ends when its standard input does: whoever started it
            holds the other end, and lets it go even when it is killed.
        outputs: What an answer holds unless its request says otherwise.
    """

    model_folder: Path
    host: str = "0.0.0.0"  # noqa: S104  SageMaker calls the container from outside
    port: int = 8080
    workers: int = 1
    timeout: int = 60
    payload_limit: int = 6 * MEGABYTE
    ends_with_input: bool = False
    outputs: tuple[str, ...] = DEFAULT


def read_settings(environment: Mapping[str, str]) -> ServerSettings:
    """Read the settings from environment variables.

    Raises:
        ServerError: A variable is not a whole number in its range, or names no outputs.
    """
    megabytes = _number(environment, "SAGEMAKER_MAX_PAYLOAD_IN_MB", 6, range(1, 1025))
    return ServerSettings(
        model_folder=base_dir() / "model",
        host=environment.get("MODEL_SERVER_HOST") or "0.0.0.0",  # noqa: S104
        port=_number(environment, "SAGEMAKER_BIND_TO_PORT", 8080, range(65536)),
        workers=_number(environment, "MODEL_SERVER_WORKERS", _cores(), range(1, 257)),
        timeout=_number(environment, "MODEL_SERVER_TIMEOUT", 60, range(1, 3601)),
        payload_limit=megabytes * MEGABYTE,
        ends_with_input=environment.get("MODEL_SERVER_ENDS_WITH_INPUT") == "1",
        outputs=read_default_outputs(environment),
    )


def read_default_outputs(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return what an answer holds unless its request says otherwise.

    Raises:
        ServerError: The variable names no outputs, or one twice.
    """
    text = environment.get(VARIABLE, "").strip()
    if not text:
        return DEFAULT
    outputs, problem = read_outputs(text)
    if problem:
        raise ServerError(f"{VARIABLE} {problem}.\n{REMEDY}")
    return outputs


def _number(environment: Mapping[str, str], name: str, default: int, allowed: range) -> int:
    text = environment.get(name, "").strip()
    if not text:
        return default
    is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    if not (is_number and int(text) in allowed):
        bounds = f"a whole number from {allowed.start} to {allowed.stop - 1}"
        msg = f"{name} must be {bounds}, got {text[:60]!r}.\n"
        raise ServerError(f"{msg}Correct it, or leave it out for {default}.")
    return int(text)


def _cores() -> int:
    """Count the cores that this process may use, in a container perhaps fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
