"""A model's unit with everything filled in that its `model.yaml` may leave out, and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.settings.loading import RuleError
from sagetabular.settings.models.hyperparameters import check_fixed, check_names
from sagetabular.settings.models.inputs import parse_input
from sagetabular.settings.models.steps import (
    Create,
    Evaluate,
    Fit,
    Process,
    Register,
    StepSettings,
    Train,
    TrainingJobSettings,
    Transform,
    Tune,
)
from sagetabular.settings.models.units import AnyUnitStep, Unit, UnitStep
from sagetabular.settings.resources import Algorithm

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sagetabular.settings.models.inputs import Input
    from sagetabular.settings.models.model import Model
    from sagetabular.settings.models.unit_steps import Defaults

# How SageMaker's containers know a channel with an earlier model.
MODEL_CONTENT = "application/x-sagemaker-model"
TRAINING_ROWS = "data.preprocess.train"
# The only inputs of classes that cannot have any others.
_ONLY_INPUT: dict[Any, str] = {Create: "model", Register: "model", Transform: "data"}


def make_unit(name: str, label: str, folder: Path, model: Model, defaults: Defaults) -> Unit:
    """Fill in what the files leave out.

    Args:
        name: Name of the model.
        label: Its `model.yaml`, for errors.
        folder: Its folder.
        model: Its settings.
        defaults: The project's settings by class of step.

    Raises:
        UserError: A step lacks what it needs, or has what its class cannot have.
    """
    steps: dict[str, AnyUnitStep] = {}
    for key, settings in _with_registration(model).items():
        merged = defaults.merged_into(model.defaults.merged_into(settings))
        step = _filled_in(name, key, merged, model, steps)
        try:
            _check(step, model)
            _check_program(step, model, folder, label)
        except RuleError as err:
            raise UserError(f"{label}: steps.{key} {err}", err.remedy) from err
        steps[key] = step
    unit = Unit(name, label, folder, model, steps)
    _check_unit(unit)
    return unit


def _with_registration(model: Model) -> dict[str, Any]:
    """Return the steps, with a registration if the model takes part in the selection."""
    classes = {type(step) for step in model.steps.values()}
    if Evaluate in classes and Register not in classes:
        return {**model.steps, "register": Register()}
    return dict(model.steps)


def _filled_in(
    unit: str, name: str, settings: StepSettings, model: Model, before: Mapping[str, AnyUnitStep]
) -> AnyUnitStep:
    kind = type(settings)
    fitted = _nearest(before, Fit, Train)
    wanted: dict[str, Input | None] = {}
    if isinstance(settings, TrainingJobSettings):
        wanted["train"] = model.inputs.get("train") or parse_input(TRAINING_ROWS)
    if kind is Evaluate:
        wanted["test"] = model.inputs.get("test") or parse_input("data.preprocess.test")
    if kind in (Evaluate, Create, Register):
        wanted["model"] = parse_input(f"{unit}.{fitted}.model") if fitted else None
    if isinstance(settings, Train) and settings.model_data:
        content = settings.model_data.content_type or MODEL_CONTENT
        wanted["model"] = settings.model_data.model_copy(update={"content_type": content})
    filled = {key: value for key, value in wanted.items() if value} | settings.inputs
    follows = None
    if kind in (Fit, Evaluate):
        follows = _nearest(before, Tune)
    elif kind is Transform:
        follows = _nearest(before, Create)
    return UnitStep(unit, name, settings.model_copy(update={"inputs": filled}), follows)


def _nearest(before: Mapping[str, AnyUnitStep], *kinds: type[StepSettings]) -> str | None:
    found = [name for name, step in before.items() if isinstance(step.settings, kinds)]
    return found[-1] if found else None


def _check(step: AnyUnitStep, model: Model) -> None:
    settings = step.settings
    _check_inputs(step)
    if isinstance(settings, Transform) and step.follows is None:
        raise RuleError("needs a create step before it.", "Add one: `create`.")
    if isinstance(settings, Tune) and model.tuning is None:
        raise RuleError("needs tuning in this file.", "Add it, or list steps without tune.")
    if isinstance(settings, Tune):
        _check_folds_are_whole(settings)
    if isinstance(settings, TrainingJobSettings):
        check_names(settings.hyperparameters)
        if isinstance(settings, Tune) or step.follows:
            check_fixed(settings.hyperparameters, model.ranges)
    image = settings.image or model.image
    if isinstance(image, Algorithm) and isinstance(settings, Train) and model.hyperparameters_from:
        msg = "must not take hyperparameters_from into an algorithm resource."
        raise RuleError(msg, "Remove it: only the pipeline's own jobs read it.")
    if isinstance(image, Algorithm) and not isinstance(settings, Train | Transform):
        msg = "must not run in an algorithm resource."
        raise RuleError(msg, "Give it an image; only train can use image.algorithm.")


def _check_folds_are_whole(settings: Tune) -> None:
    """Check that every host gets all rows: hosts share the folds, not the data."""
    for name, source in settings.inputs.items():
        if settings.instance_count > 1 and source.distribution != "FullyReplicated":
            msg = f"must give every instance all of inputs.{name}, got {source.distribution}."
            raise RuleError(msg, "Remove distribution: instances share the folds, not the rows.")


def _check_inputs(step: AnyUnitStep) -> None:
    inputs, kind = step.settings.inputs, type(step.settings)
    only = _ONLY_INPUT.get(kind)
    if only and (extra := [name for name in inputs if name != only]):
        msg = f"takes the one input {only!r}, got {extra[0]!r}."
        raise RuleError(msg, f"Call it {only!r}, or remove it.")
    if "model" not in inputs and (only == "model" or kind is Evaluate):
        msg = "needs a fit or train step before it."
        raise RuleError(msg, "Add one, or name a model with `inputs: {model: …}`.")
    if only == "data" and "data" not in inputs:
        msg = "needs to know what to predict: inputs.data is missing."
        raise RuleError(msg, "Add `inputs: {data: <model>.<step>.<output>}`.")


def _check_program(step: AnyUnitStep, model: Model, folder: Path, label: str) -> None:
    """Check that what the step runs is in the model's folder."""
    settings = step.settings
    program = settings.entry_point if isinstance(settings, Process | Train) else None
    if isinstance(settings, Train) and isinstance(settings.image or model.image, Algorithm):
        if program:
            msg = f"must not have an entry_point beside image.algorithm, got {program!r}."
            raise RuleError(msg, "Remove one of them.")
        return
    if isinstance(settings, Train) and program is None and settings.instance_count > 1:
        msg = f"fits on one instance, got instance_count {settings.instance_count}."
        raise RuleError(msg, "Set it to 1, or write an entry_point that uses more.")
    if isinstance(settings, TrainingJobSettings | Evaluate):
        program = program or "model.py"
    if program and not (folder / program).is_file():
        functions = "with the functions fit, predict, save and load"
        remedy = functions if program == "model.py" else "or correct entry_point in model.yaml"
        msg = f"{label.removesuffix('model.yaml')}{program}: the file is missing."
        raise UserError(msg, f"Write it{',' * (program != 'model.py')} {remedy}.")


def _check_unit(unit: Unit) -> None:
    for kind in (Evaluate, Register):
        names = [name for name, step in unit.steps.items() if isinstance(step.settings, kind)]
        if len(names) > 1:
            msg = f"{unit.label}: steps may have one {kind.__name__.lower()} step, got {names}."
            raise UserError(msg, "Keep one; a second model folder can have another.")
