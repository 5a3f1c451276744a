"""`models/<name>/model.yaml` as typed settings."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipelines.training.settings.defaults import Defaults
from pipelines.training.settings.images import Image
from pipelines.training.settings.inputs import Input
from pipelines.training.settings.loading import Settings
from pipelines.training.settings.ranges import Range
from pipelines.training.settings.tuning import ModelTuning
from pipelines.training.settings.unit_steps import DEFAULT_STEPS, Steps
from pipelines.training.settings.values import Hyperparameters, check_fixed, check_names


class Model(Settings):
    """The whole of a `model.yaml`."""

    name: str | None = None
    title: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$", max_length=40)]
    image: Image
    hyperparameters: Hyperparameters = Field(default_factory=dict)
    tuning: ModelTuning | None = None
    inputs: dict[Literal["train", "test"], Input] = Field(default_factory=dict)
    defaults: Defaults = Defaults()
    steps: Steps = Field(default=DEFAULT_STEPS, validate_default=True)

    @property
    def ranges(self) -> dict[str, Range]:
        """What is searched; nothing without a search."""
        return self.tuning.ranges if self.tuning else {}

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        check_names([*self.hyperparameters, *self.ranges])
        check_fixed(self.hyperparameters, self.ranges)
        return self
