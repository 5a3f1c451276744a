"""The two functions that AWS's own images call, so that they answer as the project's image does.

The image unpacks the model's artefact, imports `inference` from the folder `code` in it, and is an
HTTP server of its own around what that module offers: these two.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.answers import Answer, refuse
from sagetabular.serving.formats.outputs import HEADER
from sagetabular.serving.invoking import invoke
from sagetabular.serving.model import ServedModel, load_model
from sagetabular.serving.settings import MEGABYTE, read_default_outputs

# Of a request to an endpoint, and the most that a Transform job can send.
_LIMIT = 100 * MEGABYTE


def model_fn(folder: str) -> ServedModel:
    """Load the model from the folder that the artefact was unpacked to.

    Raises:
        NoModelError: The folder is missing or empty.
        JobError: What lies there cannot be loaded or does not answer.
        ServerError: The environment asks for outputs that there are not.
    """
    return load_model(Path(folder), read_default_outputs(os.environ))


def transform_fn(
    model: ServedModel, body: bytes | str, content_type: str | None, accept: str | None
) -> Any:
    """Answer a request.

    Args:
        model: What `model_fn` returned.
        body: Of the request; the image has decoded CSV and JSON already.
        content_type: The header.
        accept: The header.

    Returns:
        The response of the image's own server: an exception would always become a 500.
    """
    # The image's server is made with it, the project's own image and a laptop do without.
    from flask import Response, has_request_context, request

    # The image hands on these two headers alone; the others are where its server has them.
    attributes = request.headers.get(HEADER, "") if has_request_context() else ""
    answer = respond(model, body, content_type or "", accept or "", attributes)
    return Response(answer.body, answer.status, content_type=answer.content_type)


def respond(
    model: ServedModel, body: bytes | str, content_type: str, accept: str, attributes: str = ""
) -> Answer:
    """Return the answer to a request, or why it cannot be met."""
    content = body.encode() if isinstance(body, str) else body
    try:
        return invoke(model, content, content_type, accept, attributes, _LIMIT)
    except RequestError as error:
        return refuse(error)
