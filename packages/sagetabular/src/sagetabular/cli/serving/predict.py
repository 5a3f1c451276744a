"""`pipeline predict` and `pipeline invoke`: predictions of a server here, or of an endpoint."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from functools import cache, partial
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.cli.options import AsJson, Stage, project_in
from sagetabular.cli.serving.asking import open_url
from sagetabular.cli.serving.forms import Form, Probabilities
from sagetabular.cli.serving.here import registered
from sagetabular.cli.serving.serve import DEFAULT_PORT, HOST
from sagetabular.cli.terminal.output import program
from sagetabular.errors import UserError
from sagetabular.printing import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagetabular.aws.sagemaker.endpoints import Endpoint
    from sagetabular.aws.sagemaker.payloads import Payload
    from sagetabular.serving.model import ServedModel

_SECONDS = 120
# Bytes: a file of one's own may unpack to what it likes.
_UNLIMITED = 2**50
# How an answer begins that is about a row.
_PLACE = re.compile(r"^(line|row) (\d+)")

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, Excel, JSON or Parquet.")]
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
    probabilities: Probabilities = False,
    as_json: AsJson = False,
) -> None:
    """Ask for predictions: one a line, a value or a label, in the order of the file's rows.

    A server is asked, or a registered model here. A CSV is read as `pipeline data add` reads it; it
    may lack a header, and columns that the model does not know are ignored.

    Example: pipeline predict houses.csv --version 3 -o predictions.csv
    """
    form = Form(probabilities, as_json)
    if version is not None:
        with registered(version) as (model, name):
            _hand_out(form, file, partial(_predict, form, model, name, file), output)
        return
    if not url.startswith(("http://", "https://")):
        raise UserError(f"--url must begin with http:// or https://, got {url!r}.", "Correct it.")
    _hand_out(form, file, partial(_ask, form, url.rstrip("/"), file), output)


def invoke(
    endpoint: Annotated[
        str, typer.Argument(metavar="ENDPOINT", help="Name of an endpoint in the project's region.")
    ],
    file: File,
    output: Output = None,
    probabilities: Probabilities = False,
    as_json: AsJson = False,
    stage: Stage = None,
) -> None:
    """Ask a deployed endpoint on AWS for predictions, as `pipeline predict` asks a server here.

    One a line, a value or a label, in the order of the file's rows. A CSV may have a header;
    columns that the model does not know are ignored.

    Example: pipeline invoke houses-endpoint houses.csv -o predictions.csv
    """
    from sagetabular.aws.sagemaker.endpoints import Endpoint
    from sagetabular.cli.aws.executions import open_account

    @cache  # a file that cannot be sent is refused before anybody is asked
    def asked() -> Endpoint:
        account, _ = open_account(project_in(stage))
        return Endpoint(account.client("sagemaker-runtime"), endpoint)

    form = Form(probabilities, as_json)
    _hand_out(form, file, lambda piece: _ask_endpoint(form, asked(), file, piece), output)


def _hand_out(form: Form, file: Path, ask: Callable[[Payload], bytes], output: Path | None) -> None:
    """Print answers as they come, or write them all into a file."""
    if output is None:
        form.print(file, ask)
    else:
        form.write(file, ask, output)


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


def _predict(form: Form, model: ServedModel, name: str, file: Path, payload: Payload) -> bytes:
    """Return what the server would answer."""
    from sagetabular.serving.errors import RequestError
    from sagetabular.serving.invoking import invoke as invoke_model

    headers = payload.content_type, form.accept, form.attributes
    try:
        return invoke_model(model, payload.body, *headers, _UNLIMITED).body
    except RequestError as refusal:
        raise _refused(file, payload, name, refusal.message) from refusal


def _ask(form: Form, url: str, file: Path, payload: Payload) -> bytes:
    headers = {"Content-Type": payload.content_type, **form.headers}
    request = urllib.request.Request(f"{url}/invocations", payload.body, headers)  # noqa: S310
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


def _ask_endpoint(form: Form, endpoint: Endpoint, file: Path, payload: Payload) -> bytes:
    from sagetabular.aws.sagemaker.endpoints import ModelRefusalError

    try:
        return endpoint.invoke(payload.body, payload.content_type, form.accept, form.attributes)
    except ModelRefusalError as refusal:
        who = f"{endpoint.name} answers {refusal.status}"
        raise _refused(file, payload, who, refusal.words) from refusal
