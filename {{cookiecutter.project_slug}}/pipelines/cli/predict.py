"""`pipeline predict`."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Annotated

import typer

from localsage.files import write_bytes
from pipelines.cli.output import program
from pipelines.cli.payloads import Payload, split_file
from pipelines.cli.serve import DEFAULT_PORT, HOST
from pipelines.errors import UserError

_SECONDS = 120


def predict(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet.")],
    url: Annotated[str, typer.Option(help="Of the server.")] = f"http://{HOST}:{DEFAULT_PORT}",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to write.", show_default="the terminal"
        ),
    ] = None,
) -> None:
    """Ask a server for predictions: one value a line, in the order of the file's rows.

    A CSV may have a header; columns that the model does not know are ignored.

    Example: pipeline predict houses.csv -o predictions.csv
    """
    if not url.startswith(("http://", "https://")):
        raise UserError(f"--url must begin with http:// or https://, got {url!r}.", "Correct it.")
    answers = []
    for payload in split_file(file):
        answer = _ask(url.rstrip("/"), payload, file)
        if output is None:
            typer.echo(answer, nl=False)
        else:
            answers.append(answer)
    if output is not None:
        _write(output, b"".join(answers))


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
        rule, _, remedy = refusal.read().decode(errors="replace").strip().partition("\n")
        part = "" if payload.first <= 2 else f" (of the part that begins at {payload.first})"
        msg = f"{file}: the server answers {refusal.code}{part}: {rule}"
        raise UserError(msg, remedy.replace("\n", " ") or "Look at its log.") from refusal
    except (OSError, HTTPException) as err:
        reason = getattr(err, "reason", err)
        msg = f"{url}: no server answers: {reason}."
        raise UserError(msg, f"Start one with `{program()} serve`, or give its --url.") from err


def _write(output: Path, content: bytes) -> None:
    try:
        write_bytes(output, content)
    except OSError as err:
        msg = f"{output}: cannot be written: {err.strerror}."
        raise UserError(msg, "Give -o a file in a folder that is yours.") from err
