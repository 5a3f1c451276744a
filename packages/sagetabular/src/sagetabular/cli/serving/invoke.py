"""`pipeline invoke`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.cli.serving.predict import File, Output, hand_out, refused
from sagetabular.cli.terminal.payloads import Payload, split_file
from sagetabular.project import find_project

if TYPE_CHECKING:
    from pathlib import Path

    from sagetabular.aws.sagemaker.endpoints import Endpoint


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
    hand_out((_ask(asked, payload, file) for payload in (first, *payloads)), output)


def _ask(endpoint: Endpoint, payload: Payload, file: Path) -> bytes:
    from sagetabular.aws.sagemaker.endpoints import ModelRefusalError

    try:
        return endpoint.invoke(payload.body, payload.content_type)
    except ModelRefusalError as refusal:
        who = f"{endpoint.name} answers {refusal.status}"
        raise refused(file, payload, who, refusal.words) from refusal
