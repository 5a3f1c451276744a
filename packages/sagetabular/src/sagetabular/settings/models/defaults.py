"""Settings by class of step, in a project or a model."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from sagetabular.settings.loading import Settings
from sagetabular.settings.models.steps import (
    Create,
    Evaluate,
    Fit,
    Process,
    Register,
    Train,
    Transform,
    Tune,
)

# Mappings of which every entry counts: with keys of the user's own, or settings of one thing.
_OPEN: tuple[str, ...] = ("inputs", "environment", "tags", "hyperparameters", "cache")


class Defaults(Settings):
    """Settings by class of step, for all steps that do not say otherwise."""

    process: Process = Process()
    train: Train = Train()
    tune: Tune = Tune()
    fit: Fit = Fit()
    evaluate: Evaluate = Evaluate()
    create: Create = Create()
    transform: Transform = Transform()
    registration: Register = Field(default=Register(), alias="register")

    def merged_into(self, step: Any) -> Any:
        """Return a step with these settings wherever it has none of its own."""
        (wider,) = (value for _, value in self if type(value) is type(step))
        layers = (layer.model_dump(by_alias=True, exclude_unset=True) for layer in (wider, step))
        return type(step).model_validate(_merge(*layers))


def _merge(wider: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The narrower setting counts; of two open mappings every entry does."""
    both = {key: {**wider[key], **own[key]} for key in _OPEN if key in wider and key in own}
    return {**wider, **own, **both}
