"""Data processing of batch transform: what a model sees of a record, and what is kept of both.

A record is filtered (`InputFilter`), the model answers, its answer is joined to the whole record
(`JoinSource: Input`), and the result is filtered (`OutputFilter`). A row of CSV counts as a list
of texts, to which the answer's fields are appended. An object in JSON gets the answer as its
attribute `SageMakerOutput`; anything else becomes the `SageMakerInput` beside it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sagelocal.errors import DefinitionError, RecordError
from sagelocal.files import JsonObject
from sagelocal.transform.filters import Filter, parse_filter, require_places
from sagelocal.transform.records import Payload, Record

_JSON_TYPES = ("application/json", "application/jsonlines")


@dataclass(frozen=True)
class DataProcessing:
    """The `DataProcessing` of a Transform job.

    Attributes:
        input_filter: What the model sees of a record.
        output_filter: What is kept of an answer, or of what it was joined to.
        join: Whether an answer is joined to its record.
        csv: Whether records and answers are CSV; otherwise JSON.
    """

    input_filter: Filter
    output_filter: Filter
    join: bool
    csv: bool

    @property
    def is_idle(self) -> bool:
        """Return whether records and answers are left as they are, whatever they are."""
        return not self.join and self.input_filter.takes_all and self.output_filter.takes_all

    def record(self, line: int, content: bytes) -> Record:
        """Return a record of the object, ready to be sent.

        Raises:
            RecordError: If it cannot be read, or lacks what the filter asks for.
        """
        if self.input_filter.takes_all:
            return Record(line, content, content)
        try:
            value = self.input_filter.apply(self._read(content))
        except RecordError as error:
            raise RecordError(f"line {line}: {error.message}") from error
        return Record(line, content, self._write(value))

    def result(self, payload: Payload, answer: bytes) -> bytes:
        """Return what is kept of the answer to a payload; filtered or joined, a line a record.

        Raises:
            RecordError: If the answer cannot be read or does not have one line for each record.
        """
        if not self.join and self.output_filter.takes_all:
            return answer
        answers = self._answers(answer, len(payload.records))
        if len(answers) != len(payload.records):
            raise RecordError(
                f"the server answered {len(answers)} lines to {len(payload.records)} records"
            )
        pairs = zip(payload.records, answers, strict=True)
        return b"".join(self._result(record, text) for record, text in pairs).removesuffix(b"\n")

    def _result(self, record: Record, answer: bytes) -> bytes:
        value = self._read(answer)
        if self.join:
            whole = self._read(record.content)
            value = [*whole, *value] if self.csv else _joined(whole, value)
        return self._write(self.output_filter.apply(value))

    def _answers(self, answer: bytes, count: int) -> list[bytes]:
        if count == 1 and not self.csv:
            return [answer]  # a single document may have many lines
        return [line for line in answer.split(b"\n") if line.strip()]

    def _read(self, content: bytes) -> Any:
        read: Callable[[str], Any] = _read_row if self.csv else _read_json
        try:
            return read(content.decode())
        except (ValueError, csv.Error) as error:
            raise RecordError(f"not {'CSV' if self.csv else 'JSON'}: {error}") from error

    def _write(self, value: object) -> bytes:
        if not self.csv:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            return f"{text}\n".encode()
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow(value if isinstance(value, list) else [value])
        return row.getvalue().encode()


def read_data_processing(request: JsonObject, step: str) -> DataProcessing:
    """Return the data processing that a `CreateTransformJob` request asks for.

    Raises:
        DefinitionError: If a filter is not one, or does not go with the types of the data.
    """
    asked = request.get("DataProcessing") or {}
    content = _media_type(request["TransformInput"].get("ContentType"))
    processing = DataProcessing(
        parse_filter(asked.get("InputFilter", "$"), f"Step {step}, InputFilter"),
        parse_filter(asked.get("OutputFilter", "$"), f"Step {step}, OutputFilter"),
        join=asked.get("JoinSource", "None") == "Input",
        csv=content == "text/csv",
    )
    if not processing.is_idle:
        _check(processing, content, request, step)
    return processing


def _check(processing: DataProcessing, content: str, request: JsonObject, step: str) -> None:
    accept = _media_type(request["TransformOutput"].get("Accept"))
    family = ("text/csv",) if processing.csv else _JSON_TYPES
    if content not in family or accept not in family:
        raise DefinitionError(
            f"Step {step}: filters and joins need ContentType and Accept of one kind, CSV or "
            f"JSON, got {content or 'none'} and {accept or 'none'}.",
            f"Set both to text/csv, or to one of {', '.join(_JSON_TYPES)}.",
        )
    if not processing.csv:
        return
    require_places(processing.input_filter, f"Step {step}, InputFilter")
    require_places(processing.output_filter, f"Step {step}, OutputFilter")
    split = request["TransformInput"].get("SplitType", "None")
    assemble = request["TransformOutput"].get("AssembleWith", "None")
    if (split, assemble) != ("Line", "Line"):
        raise DefinitionError(
            f"Step {step}: filters and joins of CSV need SplitType and AssembleWith Line, got "
            f"{split} and {assemble}.",
            "Set both to Line.",
        )


def _media_type(text: str | None) -> str:
    return (text or "").partition(";")[0].strip().lower()


def _joined(record: object, answer: object) -> JsonObject:
    if isinstance(record, dict):
        return {**record, "SageMakerOutput": answer}
    return {"SageMakerInput": record, "SageMakerOutput": answer}


def _read_row(text: str) -> list[str]:
    (row,) = csv.reader([text.rstrip("\r\n")], strict=True)
    return row


def _read_json(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no value")

    return json.loads(text, parse_constant=refuse)
