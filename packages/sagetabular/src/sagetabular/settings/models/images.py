"""The image that a step runs in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from sagetabular.settings.loading import Settings


class FrameworkImage(Settings):
    """One of AWS's own images, in script mode."""

    framework: Literal["xgboost"]
    version: str


class AnyImage(Settings):
    """Any other image in ECR that can run what the step asks for."""

    uri: Annotated[str, Field(pattern=r"^\S+$", max_length=255)]


class Algorithm(Settings):
    """An algorithm resource of SageMaker, one's own or from the Marketplace."""

    algorithm: Annotated[
        str, Field(pattern=r"^arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:\d{12}:algorithm/\S+$")
    ]


def _image_kind(value: object) -> str:
    if isinstance(value, str):
        return "project-image"
    kinds = {"uri": "any-image", "algorithm": "algorithm-image"}
    keys = value if isinstance(value, dict) else getattr(value, "model_fields_set", ())
    return next((kind for key, kind in kinds.items() if key in keys), "framework-image")


# `project` and `jobs` are the project's own two images: pipeline parameters ImageUri, JobsImageUri.
Image = Annotated[
    Annotated[Literal["project", "jobs"], Tag("project-image")]
    | Annotated[FrameworkImage, Tag("framework-image")]
    | Annotated[AnyImage, Tag("any-image")]
    | Annotated[Algorithm, Tag("algorithm-image")],
    Discriminator(_image_kind),
]
