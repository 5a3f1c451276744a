"""What `pipeline predict` and `pipeline invoke` ask for, and how they hand it out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sagetabular.errors import UserError
from sagetabular.files import write_bytes
from sagetabular.printing import printable
from sagetabular.serving.formats.outputs import HEADER, LABELS, PREDICTED, PROBABILITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sagetabular.aws.sagemaker.payloads import Payload

CSV, JSON = "text/csv", "application/json"
_HEADER = f"{PREDICTED},".encode()
# The first record of a CSV; a name may hold a line break.
_FIRST = re.compile(rb'(?:[^"\n]|"[^"]*")*\n')

Probabilities = Annotated[
    bool,
    typer.Option("--probabilities", help="Of each class, too: a column `probability_<class>`."),
]


@dataclass(frozen=True)
class Form:
    """What is asked for.

    Attributes:
        probabilities: Whether of each class, and not the prediction alone.
        as_json: Whether as one JSON object, and not as CSV.
    """

    probabilities: bool = False
    as_json: bool = False

    @property
    def accept(self) -> str:
        """The header of a request."""
        if self.as_json:
            return JSON
        return f"{CSV}; header=present" if self.probabilities else CSV

    @property
    def attributes(self) -> str:
        """The custom attributes of a request; without any the model answers by its default."""
        if not self.probabilities:
            return ""
        names = [PREDICTED, PROBABILITIES, *([LABELS] if self.as_json else [])]
        return f"output={','.join(names)}"

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request, apart from that of its type."""
        attributes = {HEADER: self.attributes} if self.attributes else {}
        return {"Accept": self.accept, **attributes}

    def rows(self, answer: bytes) -> int:
        """Return how many rows an answer predicts.

        Raises:
            UserError: It has another form.
        """
        from sagetabular.aws.sagemaker.payloads import count_records  # it imports Arrow

        if self.as_json:
            return len(_predictions(answer))
        return count_records(answer) - self.probabilities

    def print(self, file: Path, ask: Callable[[Payload], bytes]) -> None:
        """Ask for the rows of a file and print CSV as it comes, or JSON once it is complete."""
        for content in self._answers(file, ask):
            typer.echo(content, nl=False)

    def write(self, file: Path, ask: Callable[[Payload], bytes], output: Path) -> None:
        """Ask for the rows of a file and write all answers as one.

        Raises:
            UserError: The output cannot be written.
        """
        _write(output, b"".join(self._answers(file, ask)))

    def _answers(self, file: Path, ask: Callable[[Payload], bytes]) -> Iterator[bytes]:
        """Yield what the answers to the pieces of a file are together."""
        from sagetabular.cli.serving.sending import ask_for_rows  # it imports Arrow

        answers = ask_for_rows(file, ask, self.rows)
        if self.as_json:
            predictions = [one for answer in answers for one in _predictions(answer)]
            text = json.dumps({"predictions": predictions}, ensure_ascii=False, allow_nan=False)
            yield f"{text}\n".encode()
            return
        for number, answer in enumerate(answers):
            if self.probabilities and not answer.startswith(_HEADER):
                raise _another_form(answer, f"CSV with a header, {PREDICTED},…", "--probabilities")
            header = _FIRST.match(answer) if number and self.probabilities else None
            yield answer[header.end() :] if header else answer


def _predictions(answer: bytes) -> list[Any]:
    try:
        found = json.loads(answer)["predictions"]
    except (ValueError, TypeError, KeyError, RecursionError):
        found = None
    if not isinstance(found, list):
        raise _another_form(answer, '{"predictions": [...]}', "--json")
    return found


def _another_form(answer: bytes, wanted: str, option: str) -> UserError:
    shown = printable(repr(answer[:60].decode(errors="replace")))
    msg = f"The answer must be {wanted}, got {shown}."
    return UserError(msg, f"Leave out {option}, or ask a server of this package.")


def _write(output: Path, content: bytes) -> None:
    remedy = "Give -o a file in a folder that is yours."
    if output.is_dir():
        raise UserError(f"{output}: cannot be written: it is a folder.", remedy)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(output, content)
    except OSError as err:
        raise UserError(f"{output}: cannot be written: {err.strerror}.", remedy) from err
