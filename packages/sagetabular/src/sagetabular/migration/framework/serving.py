"""CreateModel and RegisterModel: which image serves a model, and what it has to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.migration.framework.blocks import FrameworkTransform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.migration.framework.blocks import FrameworkRegistry
    from sagetabular.migration.framework.declaring import Declared
    from sagetabular.migration.plan import Place, Plan

Document = dict[str, Any]


def image(uri: str | None, place: Place) -> Document:
    """Return the image, or the algorithm resource, that a step runs in.

    Raises:
        UserError: There is none.
    """
    if uri is None:
        raise UserError(f"{place.at('image_uri')} is missing.", "Add the URI of the image.")
    return {"algorithm": uri} if uri.startswith("arn:") else {"uri": uri}


def serve(
    declared: Declared, registry: FrameworkRegistry, steps: Mapping[str, Declared], plan: Plan
) -> Document:
    """Write a CreateModel or RegisterModel step.

    Args:
        declared: The step.
        registry: Its settings.
        steps: All steps of the pipeline by their name so far.
        plan: Takes remarks.
    """
    inference = registry.inference
    uri = image(inference.image_uri, declared.block)
    program = _served_program(declared, steps)
    environment = {} if registry.repack else program
    if registry.repack:
        reason = f"{declared.unit}.{declared.key} serves the artefact as training wrote it"
        without = f", without {program['SAGEMAKER_PROGRAM']!r}" if program else ""
        plan.drop(declared.block.at("ModelRepack"), reason + without)
    if declared.step.sources:
        reason = "the step takes the model of the Training step before it"
        plan.drop(declared.place.at("chain_input_source_step"), reason)
    if declared.step.kind == "CreateModel":
        return {"class": "create", "image": uri, "environment": environment}
    if any(
        other.unit == declared.unit and other.step.kind == "Metrics" for other in steps.values()
    ):
        plan.note(declared.place, "registers no metrics: those come from an evaluate step alone")
    return {
        "class": "register",
        "image": uri,
        "environment": environment,
        "description": registry.description,
        "approval": inference.approval_status,
        "content_types": inference.supported_content_types,
        "response_types": inference.supported_response_types,
        "instance_types": inference.instance_types,
        "transform_instance_types": inference.transform_instance_types,
    }


def _served_program(declared: Declared, steps: Mapping[str, Declared]) -> dict[str, str]:
    """Return how AWS's serving images find the program that training put into the artefact."""
    own = [step.settings for step in steps.values() if step.unit == declared.unit]
    programs = [block.entry_point for block in own if isinstance(block, FrameworkTransform)]
    if not programs or programs[0] is None:
        return {}
    return {
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        "SAGEMAKER_PROGRAM": programs[0],
        "SAGEMAKER_REQUIREMENTS": "requirements.txt",
    }
