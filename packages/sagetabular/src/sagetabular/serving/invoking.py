"""A request for predictions, from its body to its answer, whoever has received it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.answers import choose_type, format_predictions
from sagetabular.serving.formats.bodies import read_body
from sagetabular.serving.formats.outputs import DEFAULT, HEADER, asked_outputs

if TYPE_CHECKING:
    from sagetabular.serving.formats.answers import Answer
    from sagetabular.serving.model import ServedModel


def invoke(
    model: ServedModel, body: bytes, content_type: str, accept: str, attributes: str, limit: int
) -> Answer:
    """Return the answer to a request.

    Args:
        model: What predicts.
        body: Of the request.
        content_type: The header.
        accept: The header; empty where the client does not mind.
        attributes: The custom attributes, which may ask for other outputs than the default.
        limit: Bytes that a body may have.

    Raises:
        RequestError: It cannot be met.
    """
    answer_type = choose_type(accept)
    outputs = _outputs(model, attributes) if attributes else model.outputs
    predictions = model.predict(read_body(body, content_type, model.columns, limit))
    if model.answers is None:
        return format_predictions(predictions, answer_type)
    return model.answers.write(predictions, outputs, answer_type)


def _outputs(model: ServedModel, attributes: str) -> tuple[str, ...]:
    outputs = asked_outputs(attributes) or model.outputs
    if model.answers is None and outputs != DEFAULT:
        asked = ",".join(outputs)
        msg = f"output of {HEADER} must be {DEFAULT[0]}, since the model predicts numbers, got"
        raise RequestError(400, f"{msg} {asked!r}.\nLeave it out, or ask a model of classes.")
    return outputs
