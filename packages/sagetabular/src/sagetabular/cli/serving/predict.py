"""`pipeline predict` and `pipeline invoke`: predictions of a server here, or of an endpoint."""

from __future__ import annotations

import re
import sys
import tempfile
import urllib.error
import urllib.request
from contextlib import contextmanager
from functools import cache
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.cli.serving.asking import open_url
from sagetabular.cli.serving.serve import DEFAULT_PORT, HOST, choose_package, unpack_model
from sagetabular.cli.terminal.output import program
from sagetabular.errors import UserError
from sagetabular.files import write_bytes
from sagetabular.jobs.errors import JobError
from sagetabular.printing import printable
from sagetabular.project import find_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sagetabular.aws.sagemaker.endpoints import Endpoint
    from sagetabular.aws.sagemaker.payloads import Payload
    from sagetabular.serving.model import ServedModel

_SECONDS = 120
# Bytes: a file of one's own may unpack to what it likes.
_UNLIMITED = 2**50
# How an answer begins that is about a row.
_PLACE = re.compile(r"^(line|row) (\d+)")

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
    version: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Predict here, without a server, with this version of the model; `newest` is the "
            "one that `pipeline serve` takes.",
        ),
    ] = None,
    output: Output = None,
) -> None:
    """Ask for predictions: one value a line, in the order of the file's rows.

    A server is asked, or a registered model here. A CSV is read as `pipeline data add` reads it; it
    may lack a header, and columns that the model does not know are ignored.

    Example: pipeline predict houses.csv --version 3 -o predictions.csv
    """
    if version is not None:
        with _registered(version) as (model, name):
            _hand_out(_in_pieces(file, lambda piece: _predict(model, name, piece, file)), output)
        return
    if not url.startswith(("http://", "https://")):
        raise UserError(f"--url must begin with http:// or https://, got {url!r}.", "Correct it.")
    server = url.rstrip("/")
    _hand_out(_in_pieces(file, lambda piece: _ask(server, piece, file)), output)


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

    @cache  # a file that cannot be sent is refused before anybody is asked
    def asked() -> Endpoint:
        account, _ = open_account(find_project())
        return Endpoint(account.client("sagemaker-runtime"), endpoint)

    _hand_out(_in_pieces(file, lambda piece: _ask_endpoint(asked(), piece, file)), output)


def _in_pieces(file: Path, ask: Callable[[Payload], bytes]) -> Iterator[bytes]:
    from sagetabular.aws.sagemaker.payloads import ask_in_pieces  # it imports Arrow

    return ask_in_pieces(file, ask)


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
    rule = _PLACE.sub(lambda found: f"{found[1]} {payload.place(int(found[2]))}", rule)
    remedy = remedy.replace("\n", " ") or "Look at its log."
    return UserError(f"{printable(str(file))}: {who}: {printable(rule)}", printable(remedy))


@contextmanager
def _registered(version: str) -> Iterator[tuple[ServedModel, str]]:
    """Load a registered model as the server does; yield it and what to call it.

    Raises:
        UserError: There is none, or it cannot be loaded.
    """
    from sagetabular.serving.model import load_model

    if version != "newest" and not (version.isascii() and version.isdigit()):
        msg = f"--version must be a number or `newest`, got {version!r}."
        raise UserError(msg, "`pipeline registry list` shows the versions.")
    project = find_project()
    package = choose_package(project, None if version == "newest" else int(version))
    name = f"version {package['ModelPackageVersion']}"
    with tempfile.TemporaryDirectory(prefix="predict-") as folder:
        unpack_model(project, package, Path(folder))
        sys.path.insert(0, str(project.root))  # the model's code is the project's
        try:
            yield load_model(Path(folder) / "model"), name
        except JobError as err:
            raise UserError(f"{name} cannot be loaded: {err.message}", err.remedy) from err
        finally:
            sys.path.remove(str(project.root))


def _predict(model: ServedModel, name: str, payload: Payload, file: Path) -> bytes:
    """Return what the server would answer."""
    from sagetabular.serving.errors import RequestError
    from sagetabular.serving.formats.answers import format_predictions
    from sagetabular.serving.formats.bodies import CSV, read_body

    try:
        rows = read_body(payload.body, payload.content_type, model.columns, _UNLIMITED)
        return format_predictions(model.predict(rows), CSV).body
    except RequestError as refusal:
        raise _refused(file, payload, name, refusal.message) from refusal


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
        remedy = f"Start one with `{program()} serve`, give its --url, or predict with --version."
        raise UserError(msg, remedy) from err


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
