"""`pipeline predict` and `pipeline invoke`: predictions of a server here, or of an endpoint."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.aws.sagemaker.payloads import Payload, split_file
from sagetabular.cli.serving.asking import open_url
from sagetabular.cli.serving.serve import DEFAULT_PORT, HOST
from sagetabular.cli.terminal.output import program
from sagetabular.errors import UserError
from sagetabular.files import write_bytes
from sagetabular.project import find_project

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sagetabular.aws.sagemaker.endpoints import Endpoint

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
    _hand_out((_ask(url.rstrip("/"), payload, file) for payload in split_file(file)), output)


def invoke(
    endpoint: Annotated[
        str, typer.Argument(metavar="ENDPOINT", help="Name of an endpoint in the project's region.")
    ],
    file: File,
    output: Output = None,
) -> None:
    """Ask a deployed endpoint on AWS for predictions, as `pipeline predict` asks a server here.

    One value a line, in the order of the file's rows. A CSV may have a header; columns that the
    model does not know are ignored.

    Example: pipeline invoke houses-endpoint houses.csv -o predictions.csv
    """
    from sagetabular.aws.sagemaker.endpoints import Endpoint
    from sagetabular.cli.aws.executions import open_account

    payloads = split_file(file)
    first = next(payloads)  # a file that cannot be sent is refused before anybody is asked
    account, _ = open_account(find_project())
    asked = Endpoint(account.client("sagemaker-runtime"), endpoint)
    _hand_out((_ask_endpoint(asked, payload, file) for payload in (first, *payloads)), output)


def _hand_out(answers: Iterable[bytes], output: Path | None) -> None:
    """Print answers as they come, or write them all into a file.

    Raises:
        UserError: The file cannot be written.
    """
    if output is not None:
        _write(output, b"".join(answers))
        return
    for answer in answers:
        typer.echo(answer, nl=False)


def _refused(file: Path, payload: Payload, who: str, words: str) -> UserError:
    """Return the error for what a model answers that does not take the rows of a file.

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
        with open_url(request, _SECONDS) as reply:
            content: bytes = reply.read()
            return content
    except urllib.error.HTTPError as refusal:
        words = refusal.read().decode(errors="replace")
        raise _refused(file, payload, f"the server answers {refusal.code}", words) from refusal
    except (OSError, HTTPException) as err:
        reason = getattr(err, "reason", err)
        msg = f"{url}: no server answers: {reason}."
        raise UserError(msg, f"Start one with `{program()} serve`, or give its --url.") from err


def _ask_endpoint(endpoint: Endpoint, payload: Payload, file: Path) -> bytes:
    from sagetabular.aws.sagemaker.endpoints import ModelRefusalError

    try:
        return endpoint.invoke(payload.body, payload.content_type)
    except ModelRefusalError as refusal:
        who = f"{endpoint.name} answers {refusal.status}"
        raise _refused(file, payload, who, refusal.words) from refusal


def _write(output: Path, content: bytes) -> None:
    remedy = "Give -o a file in a folder that is yours."
    if output.is_dir():
        raise UserError(f"{output}: cannot be written: it is a folder.", remedy)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(output, content)
    except OSError as err:
        raise UserError(f"{output}: cannot be written: {err.strerror}.", remedy) from err
