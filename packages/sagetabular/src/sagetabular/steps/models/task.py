"""A step of a model's unit on its way to the definition: settings, inputs, image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sagetabular.errors import UserError
from sagetabular.settings.models.steps import StepSettings
from sagetabular.settings.models.units import step_title
from sagetabular.settings.resources import Algorithm, AnyImage, FrameworkImage
from sagetabular.steps.models.links import resolve
from sagetabular.steps.sdk import StepTypeEnum, image_uris

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings import Unit
    from sagetabular.settings.models.units import UnitStep
    from sagetabular.steps.context import Context, JobStep
    from sagetabular.steps.inputs import Source


@cache
def _uri_of_aws(framework: str, version: str, region: str) -> Any:
    """Look an image up once: the SDK reads two files each time, and every step asks."""
    return image_uris.retrieve(framework, region, version=version)


S_co = TypeVar("S_co", bound=StepSettings, covariant=True)


@dataclass(frozen=True)
class Task(Generic[S_co]):
    """A step to build.

    Attributes:
        context: The project.
        step: The step as the settings have it.
        built: `<unit>.<step>` → step of the pipeline, for all that it may refer to.
        evaluation: A module beside `pipeline.py` that replaces the job of Evaluate.
    """

    context: Context
    step: UnitStep[S_co]
    built: Mapping[str, JobStep]
    evaluation: str | None = None

    @property
    def unit(self) -> Unit:
        """The model that it belongs to."""
        return self.context.settings.units[self.step.unit]

    @property
    def settings(self) -> S_co:
        """Its settings."""
        return self.step.settings

    @property
    def followed(self) -> JobStep | None:
        """The Tune step before a Fit or Evaluate, the Create step before a Transform."""
        return self.built[f"{self.step.unit}.{self.step.follows}"] if self.step.follows else None

    @property
    def path(self) -> str:
        """Path of its results below the execution's own prefix."""
        return f"{self.step.name}/{self.step.unit}"

    def inputs(self) -> dict[str, Source]:
        """Return its inputs by name."""
        return {
            name: resolve(given, self.context, self.built)
            for name, given in self.settings.inputs.items()
        }

    def image(self) -> Any:
        """Return the URI of its image, or a reference to it: its own, else the model's.

        Raises:
            UserError: AWS has no such image in the project's region.
        """
        image = self.settings.image or self.unit.model.image
        if isinstance(image, FrameworkImage):
            return self._image_of_aws(image)
        if isinstance(image, AnyImage):
            return image.uri
        parameters = self.context.parameters
        return parameters.jobs_image if image == "jobs" else parameters.image

    def algorithm(self) -> Algorithm | None:
        """Return the algorithm resource that it trains with, in place of an image."""
        image = self.settings.image or self.unit.model.image
        return image if isinstance(image, Algorithm) else None

    def build(self, kind: StepTypeEnum, request: dict[str, Any], **options: Any) -> JobStep:
        """Make the step of the pipeline."""
        waits_for = self.context.settings.graph.depends_on.get(self.step.key, ())
        return self.context.job_step(
            step_title(self.step.name, self.unit.model.title),
            kind,
            request,
            settings=self.settings,
            depends_on=[self.built[key] for key in waits_for],
            **options,
        )

    def _image_of_aws(self, image: FrameworkImage) -> Any:
        region = self.context.settings.aws.region
        try:
            return _uri_of_aws(image.framework, image.version, region)
        except ValueError as err:
            msg = f"{self.unit.label}: image.version must be one that exists in {region}"
            remedy = "Correct it, or region in conf/aws.yaml."
            raise UserError(f"{msg}, got {image.version!r}.", remedy) from err
