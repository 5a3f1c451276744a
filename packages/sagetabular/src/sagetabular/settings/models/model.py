"""`models/<name>/model.yaml` as typed settings."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from sagetabular.settings.loading import NAMED_TAG, PLAIN_TAG, RuleError, Settings
from sagetabular.settings.models.defaults import Defaults
from sagetabular.settings.models.images import Image
from sagetabular.settings.models.inputs import File, Input
from sagetabular.settings.models.ranges import Range
from sagetabular.settings.models.tuning import ModelTuning
from sagetabular.settings.models.unit_steps import DEFAULT_STEPS, Steps
from sagetabular.settings.named import NamedText, tag_of
from sagetabular.settings.values import Hyperparameters, check_fixed, check_names

AnyFile = Annotated[
    Annotated[File, Tag(PLAIN_TAG)] | Annotated[NamedText, Tag(NAMED_TAG)], Discriminator(tag_of)
]


class Model(Settings):
    """The whole of a `model.yaml`.

    `hyperparameters_from` is a JSON file in S3 that changes some of `hyperparameters`.
    """

    name: str | None = None
    title: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$", max_length=40)]
    image: Image
    hyperparameters: Hyperparameters = Field(default_factory=dict)
    hyperparameters_from: AnyFile | None = None
    tuning: ModelTuning | None = None
    inputs: dict[Literal["train", "test"], Input] = Field(default_factory=dict)
    defaults: Defaults = Defaults()
    steps: Steps = Field(default=DEFAULT_STEPS, validate_default=True)

    @model_validator(mode="after")
    def _file_has_names_to_give(self) -> Self:
        if self.hyperparameters_from is not None and not self.hyperparameters:
            msg = "needs defaults under hyperparameters for what hyperparameters_from may give."
            raise RuleError(msg, "Add them, or drop hyperparameters_from.")
        return self

    @property
    def ranges(self) -> dict[str, Range]:
        """What is searched; nothing without a search."""
        return self.tuning.ranges if self.tuning else {}

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        check_names([*self.hyperparameters, *self.ranges])
        check_fixed(self.hyperparameters, self.ranges)
        return self
