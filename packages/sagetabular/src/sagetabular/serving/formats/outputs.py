"""What an answer holds: the names are those that SageMaker's own containers of classes know.

A container's default is the variable `SAGEMAKER_INFERENCE_OUTPUT`, as for the models of Autopilot:
batch transform sends no headers of its own. A request asks by the one header that InvokeEndpoint
hands on as it is, the custom attributes.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sagetabular.serving.errors import RequestError

VARIABLE = "SAGEMAKER_INFERENCE_OUTPUT"
HEADER = "X-Amzn-SageMaker-Custom-Attributes"
PREDICTED = "predicted_label"
PROBABILITY, PROBABILITIES, LABELS = "probability", "probabilities", "labels"
OUTPUTS = (PREDICTED, PROBABILITY, PROBABILITIES, LABELS)
DEFAULT = (PREDICTED,)
REMEDY = "Ask for some of these, each once, such as predicted_label,probabilities."
# The attributes may hold what else the client likes; others are opaque to us.
_ATTRIBUTE = re.compile(r"(?:^|[;,])\s*output\s*=([^;]*)", re.IGNORECASE)
_SHOWN = 60


@lru_cache(maxsize=64)
def asked_outputs(attributes: str) -> tuple[str, ...] | None:
    """Return the outputs that custom attributes ask for, in their order; None if they ask for none.

    Args:
        attributes: The header, such as `output=predicted_label,probabilities`.

    Raises:
        RequestError: One is not known, or stands there twice (400).
    """
    found = _ATTRIBUTE.search(attributes)
    if found is None:
        return None
    names, problem = read_outputs(found[1])
    if problem:
        raise RequestError(400, f"output of {HEADER} {problem}.\n{REMEDY}")
    return names


def read_outputs(text: str) -> tuple[tuple[str, ...], str]:
    """Return the outputs that a text names, separated by commas, and what is wrong with it."""
    names = tuple(name.strip() for name in text.split(","))
    if {*names} <= {*OUTPUTS} and len({*names}) == len(names):
        return names, ""
    known = f"{', '.join(OUTPUTS[:-1])} or {OUTPUTS[-1]}"
    return names, f"must be {known}, got {text.strip()[:_SHOWN]!r}"
