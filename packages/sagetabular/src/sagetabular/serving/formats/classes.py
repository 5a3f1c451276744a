"""Probabilities of classes as the bytes of an answer: labels, or what else is asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sagetabular.serving.formats.answers import CSV_WITH_HEADER, Answer, csv_answer
from sagetabular.serving.formats.bodies import JSON
from sagetabular.serving.formats.json_body import write_numbers
from sagetabular.serving.formats.outputs import LABELS, PREDICTED, PROBABILITIES, PROBABILITY

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

# What a field of CSV is quoted for, by RFC 4180.
_QUOTED = ('"', ",", "\r", "\n")


class ClassAnswers:
    """Writes the answers of a model of classes, each label in its own spelling.

    Args:
        classes: In the order of the probabilities; they can be encoded in UTF-8.
        positive: The one of two whose `probability` is asked for; without one it is that of the
            label that is predicted.
    """

    def __init__(self, classes: Sequence[str], positive: str | None) -> None:
        self._classes = [*classes]
        self._positive = None if positive is None else self._classes.index(positive)
        self._in_csv = [_field(name) for name in classes]
        self._in_json = [json.dumps(name, ensure_ascii=False).encode() for name in classes]

    def write(
        self, probabilities: NDArray[np.float64], outputs: Sequence[str], answer_type: str
    ) -> Answer:
        """Return the answer for some rows.

        Every number is the shortest text that reads back to the same bits. In JSON a row is the
        value of the one output, or an object of several; in CSV `probabilities` and `labels` are a
        column for each class.

        Args:
            probabilities: Shape (rows, classes).
            outputs: What is asked for.
            answer_type: What `choose_type` returned.
        """
        if answer_type == JSON:
            return self._json(probabilities, outputs)
        columns = [self._cells(name, probabilities, self._in_csv) for name in outputs]
        rows = columns[0] if len(columns) == 1 else map(b",".join, zip(*columns, strict=True))
        header = self._header(outputs) if answer_type == CSV_WITH_HEADER else b""
        return csv_answer(b"\n".join(rows) + b"\n", len(probabilities), header)

    def _json(self, probabilities: NDArray[np.float64], outputs: Sequence[str]) -> Answer:
        columns = [
            [b"[%b]" % cell for cell in cells] if name in (PROBABILITIES, LABELS) else cells
            for name in outputs
            for cells in [self._cells(name, probabilities, self._in_json)]
        ]
        rows = columns[0]
        if len(columns) > 1:
            form = b"{%b}" % b",".join(b'"%b":%%b' % name.encode() for name in outputs)
            rows = [form % row for row in zip(*columns, strict=True)]
        return Answer(200, b'{"predictions":[%b]}' % b",".join(rows), JSON, len(probabilities))

    def _cells(
        self, output: str, probabilities: NDArray[np.float64], names: Sequence[bytes]
    ) -> list[bytes]:
        """Return an output of each row; what is one for each class is separated by commas."""
        if output == PREDICTED:
            return [names[place] for place in probabilities.argmax(axis=1).tolist()]
        if output == LABELS:
            return [b",".join(names)] * len(probabilities)
        if output == PROBABILITIES:
            return write_numbers(probabilities)[2:-2].split(b"],[")
        of_rows = probabilities.max(axis=1)
        if self._positive is not None:
            of_rows = probabilities[:, self._positive]
        return write_numbers(of_rows)[1:-1].split(b",")

    def _header(self, outputs: Sequence[str]) -> bytes:
        names: list[str] = []
        for output in outputs:
            if output == PROBABILITIES:
                names += [f"{PROBABILITY}_{name}" for name in self._classes]
            elif output == LABELS:
                names += [f"label_{number}" for number, _ in enumerate(self._classes, 1)]
            else:
                names.append(output)
        return b",".join(map(_field, names)) + b"\n"


def _field(text: str) -> bytes:
    if any(character in text for character in _QUOTED):
        text = '"' + text.replace('"', '""') + '"'
    return text.encode()
