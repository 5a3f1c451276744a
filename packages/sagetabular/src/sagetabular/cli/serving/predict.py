"""`pipeline predict`."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.cli.serving.serve import DEFAULT_PORT, HOST
from sagetabular.cli.terminal.output import program
from sagetabular.cli.terminal.payloads import Payload, split_file
from sagetabular.errors import UserError
from sagetabular.files import write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECONDS = 120

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, JSON or Parquet.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Where to write.", show_default="the terminal"
    ),
]


def predict(
    file: File,
    url: Annotated[str, typer.Option(help="Of the server.")] = f"http://{HOST}:{DEFAULT_PORT}",
    output: Output = None,
) -> None:
    """Ask a server for predictions: one value a line, in the order of the file's rows.

    A CSV may have a header; columns that the model does not know are ignored.

    Example: pipeline predict houses.csv -o predictions.csv
    """
    if not url.startswith(("http://", "https://")):
        raise UserError(f"--url must begin with http:// or https://, got {url!r}.", "Correct it.")
    hand_out((_ask(url.rstrip("/"), payload, file) for payload in split_file(file)), output)


def hand_out(answers: Iterable[bytes], output: Path | None) -> None:
    """Print answers as they come, or write them all into a file.

    Raises:
        UserError: The file cannot be written.
    """
    if output is not None:
        _write(output, b"".join(answers))
        return
    for answer in answers:
        typer.echo(answer, nl=False)


def refused(file: Path, payload: Payload, who: str, words: str) -> UserError:
    """What a model that does not take the rows of a file has answered, in two lines.

    Args:
        file: What is sent.
        payload: The part of it that is refused.
        who: Who answers, with the status.
        words: The answer: a rule and a remedy.
    """
    rule, _, remedy = words.strip().partition("\n")
    part = "" if payload.first <= 2 else f" (of the part that begins at {payload.first})"
    remedy = remedy.replace("\n", " ") or "Look at its log."
    return UserError(f"{file}: {who}{part}: {rule}", remedy)


def _ask(url: str, payload: Payload, file: Path) -> bytes:
    request = urllib.request.Request(  # noqa: S310
        f"{url}/invocations",
        payload.body,
        {"Content-Type": payload.content_type, "Accept": "text/csv"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as reply:  # noqa: S310
            content: bytes = reply.read()
            return content
    except urllib.error.HTTPError as refusal:
        words = refusal.read().decode(errors="replace")
        raise refused(file, payload, f"the server answers {refusal.code}", words) from refusal
    except (OSError, HTTPException) as err:
        reason = getattr(err, "reason", err)
        msg = f"{url}: no server answers: {reason}."
        raise UserError(msg, f"Start one with `{program()} serve`, or give its --url.") from err


def _write(output: Path, content: bytes) -> None:
    remedy = "Give -o a file in a folder that is yours."
    if output.is_dir():
        raise UserError(f"{output}: cannot be written: it is a folder.", remedy)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(output, content)
    except OSError as err:
        raise UserError(f"{output}: cannot be written: {err.strerror}.", remedy) from err
