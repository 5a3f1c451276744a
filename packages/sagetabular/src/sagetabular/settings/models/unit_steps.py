"""`steps:` of a `model.yaml`, and `defaults:` by class of step in a project or a model."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag

from sagetabular.settings.loading import STEP_TAG, RuleError, Settings, suggestion
from sagetabular.settings.models.steps import (
    Create,
    Evaluate,
    Fit,
    Name,
    Process,
    Register,
    Train,
    Transform,
    Tune,
)
from sagetabular.settings.reading import shown

CLASSES = ("process", "train", "tune", "fit", "create", "transform", "evaluate", "register")
# The project's own steps, below whose names in S3 a model's would lie.
RESERVED_NAMES = ("ingest", "preprocess", "select", "collect", "track")
# pydantic brings them into their longest form, as it does with what a file says.
DEFAULT_STEPS: Any = ("tune", "fit", "evaluate")
_FORMS = "Write [tune, fit, evaluate], or `name: {class: …}` with settings."
# Mappings of which every entry counts: with keys of the user's own, or settings of one thing.
_OPEN: tuple[str, ...] = ("inputs", "environment", "tags", "hyperparameters", "cache")


def read_steps(value: object) -> Any:
    """Bring every form of `steps` into the longest: name → mapping with `class`.

    Raises:
        RuleError: It is neither list nor mapping, or a name or class is wrong.
    """
    if isinstance(value, list | tuple):
        return {name: {"class": name} for name in map(_check_class, _unique([*value]))}
    if not isinstance(value, dict):
        msg = f"must be a list or a mapping, got {shown(value)}."
        raise RuleError(msg, _FORMS)
    return {name: _entry(name, settings) for name, settings in value.items()}


def _unique(names: list[Any]) -> list[Any]:
    for position, name in enumerate(names):
        if name in names[:position]:
            msg = f"lists {name!r} twice."
            raise RuleError(msg, "Give the second one a name: `name: {class: …}`.")
    return names


def _entry(name: object, settings: object) -> dict[Any, Any]:
    if isinstance(name, str) and name.lower() in RESERVED_NAMES:
        msg = f"must not name a step {name!r}, as one of the project's own."
        raise RuleError(msg, "Give it another name.")
    if isinstance(settings, str):
        settings = {"class": settings}
    if settings is not None and not isinstance(settings, dict):
        msg = f"must give {name!r} a mapping of settings, got {shown(settings)}."
        raise RuleError(msg, _FORMS)
    entry = {"class": name, **(settings or {})}
    _check_class(entry["class"])
    if name == "register" and entry["class"] != "register":
        msg = f"must not name a step 'register' that is of class {entry['class']!r}."
        raise RuleError(msg, "Give it another name.")
    return entry


def _check_class(name: object) -> Any:
    if name not in CLASSES:
        msg = f"must be of known classes, got {shown(name)}."
        raise RuleError(msg, suggestion(name if isinstance(name, str) else "", CLASSES))
    return name


def _tag(value: object) -> str:
    found = value.get("class") if isinstance(value, dict) else getattr(value, "step_class", None)
    return f"{STEP_TAG}{found}"


AnyStep = Annotated[
    Annotated[Process, Tag(f"{STEP_TAG}process")]
    | Annotated[Train, Tag(f"{STEP_TAG}train")]
    | Annotated[Tune, Tag(f"{STEP_TAG}tune")]
    | Annotated[Fit, Tag(f"{STEP_TAG}fit")]
    | Annotated[Create, Tag(f"{STEP_TAG}create")]
    | Annotated[Transform, Tag(f"{STEP_TAG}transform")]
    | Annotated[Evaluate, Tag(f"{STEP_TAG}evaluate")]
    | Annotated[Register, Tag(f"{STEP_TAG}register")],
    Discriminator(_tag),
]
Steps = Annotated[dict[Name, AnyStep], Field(min_length=1), BeforeValidator(read_steps)]


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
    """Merge settings: the narrower one counts, and of two open mappings every entry."""
    both = {key: {**wider[key], **own[key]} for key in _OPEN if key in wider and key in own}
    return {**wider, **own, **both}
