"""Settings of a Transform job: what the request says, else the server, else the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sagelocal.errors import DefinitionError
from sagelocal.files import JsonObject
from sagelocal.transform.data_processing import DataProcessing, read_data_processing
from sagelocal.transform.records import MEGABYTE

_STRATEGIES = {"SingleRecord": "SINGLE_RECORD", "MultiRecord": "MULTI_RECORD"}
_DEFAULTS = {"BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 6, "MaxConcurrentTransforms": 1}
_MOST_MEGABYTES = 100
_SECONDS = 600.0


@dataclass(frozen=True)
class TransformSettings:
    """Settings for cutting, sending and assembling objects.

    Attributes:
        by_line: Whether each line of an object is a record; otherwise the object is one.
        compressed: Whether objects are compressed by gzip.
        single: Whether each record is sent alone.
        limit: Most bytes in a payload.
        parallel: How many payloads may be on their way at once.
        headers: The headers of each request.
        seconds: Longest wait for an answer.
        lines: Whether each answer ends with a new line.
        processing: What is sent of a record, and kept of an answer.
    """

    by_line: bool
    compressed: bool
    single: bool
    limit: int
    parallel: int
    headers: Mapping[str, str]
    seconds: float
    lines: bool
    processing: DataProcessing


def read_settings(
    request: JsonObject, step: str, offered: JsonObject | None = None
) -> TransformSettings:
    """Return the settings of a job.

    Args:
        request: A `CreateTransformJob` request without expressions.
        step: Name of the step, for messages.
        offered: What the server says in `/execution-parameters`.

    Raises:
        DefinitionError: If the request asks for something that this back-end does not do.
    """
    source, output = request["TransformInput"], request["TransformOutput"]
    offered = {**_DEFAULTS, **(offered or {})}
    payload, parallel = _sizes(request, step, offered)
    strategy = _STRATEGIES.get(request.get("BatchStrategy", ""), offered["BatchStrategy"])
    content, accept = source.get("ContentType"), output.get("Accept")
    client = request.get("ModelClientConfig") or {}
    return TransformSettings(
        by_line=_choice(source, "SplitType", "Line", step),
        compressed=_choice(source, "CompressionType", "Gzip", step),
        single=strategy == "SINGLE_RECORD",
        limit=payload * MEGABYTE,
        parallel=parallel,
        headers={
            **({"Content-Type": content} if content else {}),
            **({"Accept": accept} if accept else {}),
        },
        seconds=float(client.get("InvocationsTimeoutInSeconds", _SECONDS)),
        lines=_choice(output, "AssembleWith", "Line", step),
        processing=read_data_processing(request, step),
    )


def batch_variables(request: JsonObject) -> dict[str, str]:
    """Return the variables from which a server reads how the request wants it to be asked."""
    named = {
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": request.get("MaxPayloadInMB"),
        "SAGEMAKER_BATCH_STRATEGY": _STRATEGIES.get(request.get("BatchStrategy", "")),
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": request.get("MaxConcurrentTransforms"),
    }
    return {
        "SAGEMAKER_BATCH": "true",
        **{name: str(value) for name, value in named.items() if value is not None},
    }


def _sizes(request: JsonObject, step: str, offered: JsonObject) -> tuple[int, int]:
    """Return the largest payload in megabytes, and how many may be on their way."""
    asked = {**offered, **request}
    payload = _number(asked, "MaxPayloadInMB", step)
    # Zero leaves it to the server.
    parallel = _number(asked, "MaxConcurrentTransforms", step)
    parallel = parallel or _number(offered, "MaxConcurrentTransforms", step) or 1
    if not 1 <= payload <= _MOST_MEGABYTES:
        raise DefinitionError(
            f"Step {step}: MaxPayloadInMB must be 1 to {_MOST_MEGABYTES} for a local run, got "
            f"{payload}.",
        )
    if "MaxConcurrentTransforms" in request and payload * parallel > _MOST_MEGABYTES:
        raise DefinitionError(
            f"Step {step}: MaxPayloadInMB times MaxConcurrentTransforms must be "
            f"{_MOST_MEGABYTES} or less, got {payload} times {parallel}.",
            "Make one of them smaller.",
        )
    return payload, parallel


def _number(values: JsonObject, field: str, step: str) -> int:
    asked = str(values[field])
    if not asked.isdecimal():
        raise DefinitionError(f"Step {step}: {field} must be a whole number, got {asked}.")
    return int(asked)


def _choice(values: JsonObject, field: str, chosen: str, step: str) -> bool:
    """Return whether a field has the value `chosen`; otherwise it must be `None`, the default."""
    value = values.get(field, "None")
    if value not in ("None", chosen):
        raise DefinitionError(
            f"Step {step}: {field} must be None or {chosen} for a local run, got {value}."
        )
    return bool(value == chosen)
