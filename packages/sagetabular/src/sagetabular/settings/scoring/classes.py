"""Names of classes in `conf/pipeline.yaml`, spelled as the data spell them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from sagetabular.reading.values import Marks, category
from sagetabular.settings.loading import RuleError
from sagetabular.settings.reading import shown


def _spelled(value: object) -> object:
    """Return a class as the data spell it: 1 is the text `1`.

    Of true and yes YAML makes one value, so they must be written as text.
    """
    if isinstance(value, bool):
        return value
    if not isinstance(value, str | int | float) or (name := category(value, Marks())) is None:
        msg = f"must be a class as the data spell it, got {shown(value)}."
        raise RuleError(msg, "Write it in quotes.")
    return name


def _spelled_keys(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {_spelled(name): weight for name, weight in value.items()}


ClassName = Annotated[str, BeforeValidator(_spelled)]
ClassWeights = Annotated[
    Literal["balanced"] | dict[str, Annotated[float, Field(gt=0)]], BeforeValidator(_spelled_keys)
]
