"""The two functions that AWS's own images call, so that they answer as the project's image does.

The image unpacks the model's artefact, imports `inference` from the folder `code` in it, and is an
HTTP server of its own around what that module offers: these two.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.answers import Answer, choose_type, format_predictions, refuse
from sagetabular.serving.formats.bodies import read_body
from sagetabular.serving.model import ServedModel, load_model
from sagetabular.serving.settings import MEGABYTE

# Of a request to an endpoint, and the most that a Transform job can send.
_LIMIT = 100 * MEGABYTE


def model_fn(folder: str) -> ServedModel:
    """Load the model from the folder that the artefact was unpacked to.

    Raises:
        NoModelError: The folder is missing or empty.
        JobError: What lies there cannot be loaded or does not answer.
    """
    return load_model(Path(folder))


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
    from flask import Response

    answer = respond(model, body, content_type or "", accept or "")
    return Response(answer.body, answer.status, content_type=answer.content_type)


def respond(model: ServedModel, body: bytes | str, content_type: str, accept: str) -> Answer:
    """Return the answer to a request, or why it cannot be met."""
    content = body.encode() if isinstance(body, str) else body
    try:
        answer_type = choose_type(accept)
        rows = read_body(content, content_type, model.columns, _LIMIT)
        return format_predictions(model.predict(rows), answer_type)
    except RequestError as error:
        return refuse(error)
