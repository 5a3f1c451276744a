"""`models/<name>/model.yaml` as typed settings, and the folders that count as models."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from sagetabular.errors import UserError
from sagetabular.settings.loading import (
    NAMED_TAG,
    PLAIN_TAG,
    RuleError,
    Settings,
    load_settings,
    suggestion,
)
from sagetabular.settings.models.hyperparameters import (
    Hyperparameters,
    Range,
    check_fixed,
    check_names,
)
from sagetabular.settings.models.inputs import File, Input
from sagetabular.settings.models.tuning import ModelTuning
from sagetabular.settings.models.unit_steps import DEFAULT_STEPS, Defaults, Steps
from sagetabular.settings.named import NamedText, tag_of
from sagetabular.settings.resources import Image

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

AnyFile = Annotated[
    Annotated[File, Tag(PLAIN_TAG)] | Annotated[NamedText, Tag(NAMED_TAG)], Discriminator(tag_of)
]
FILE = "model.yaml"
# Select mounts the evaluation of each model under its name, beside the jobs' code; `data` are the
# project's own steps in `inputs` and `dependencies`.
RESERVED_FOLDERS = {"code", "data"}


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
        """The ranges to search; none without a search."""
        return self.tuning.ranges if self.tuning else {}

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        check_names([*self.hyperparameters, *self.ranges])
        check_fixed(self.hyperparameters, self.ranges)
        return self


def find_models(root: Path, listed: Sequence[str] | None) -> dict[str, tuple[Path, Model]]:
    """Find and read the models of a project.

    Args:
        root: Folder of the project.
        listed: `models` of `conf/pipeline.yaml`: names of folders of `models/`, and paths relative
            to the project, also above it, in which `*` stands for any name. None = all of
            `models/`, by name.

    Returns:
        Name → folder and settings. A model outside of `models/` is called as its `model.yaml` says,
        else as its folder; a folder that is called `model` has the name of the one above it.

    Raises:
        UserError: There is none, an entry finds none or finds one again, or a field is wrong.
    """
    if listed is None:
        return {folder.name: _load(root, folder, folder.name) for folder in _own(root)}
    found: dict[str, tuple[Path, Model]] = {}
    for position, entry in enumerate(listed):
        place = f"conf/pipeline.yaml: models.{position}"
        for folder in _matches(root, entry, place):
            name = _name_of(root, folder)
            if name in found and found[name][0] == folder:
                raise UserError(f"{place} names {name!r} a second time.", "Remove it.")
            if name in found:
                msg = f"{place}: {model_file(root, folder)} and {model_file(root, found[name][0])} "
                remedy = "Give one of them a `name:` of its own in its model.yaml."
                raise UserError(f"{msg}must not share the name {name!r}.", remedy)
            found[name] = _load(root, folder, name)
    return found


def _own(root: Path) -> list[Path]:
    found = sorted(path.parent for path in (root.absolute() / "models").glob(f"*/{FILE}"))
    if not found:
        msg = f"models/: holds no model, i.e. no folder with a {FILE}."
        raise UserError(msg, "Restore models/ from git.")
    return found


def _matches(root: Path, entry: str, place: str) -> Iterator[Path]:
    """Yield the folders that an entry of `models` means."""
    if "/" not in entry and "*" not in entry:
        known = [folder.name for folder in _own(root)]
        if entry not in known:
            msg = f"{place} must name a folder of models/, got {entry[:100]!r}."
            raise UserError(msg, suggestion(entry, known))
        yield root.absolute() / "models" / entry
        return
    if PurePosixPath(entry).is_absolute() or "\\" in entry or not entry.isprintable():
        msg = f"{place} must be a path relative to the project, got {entry[:100]!r}."
        raise UserError(msg, "Write it like ../ridge/model or ../*/model.")
    folders = [path.parent for path in _glob(root, entry)]
    if not folders:
        msg = f"{place} finds no model: no folder {entry[:100]!r} holds a {FILE}."
        raise UserError(msg, "Correct the path, or check out the repository of the model there.")
    yield from folders


def _glob(root: Path, pattern: str) -> list[Path]:
    """Find model files; `..` leads above the project, which pathlib's own pattern does not do."""
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    found = [root.absolute()]
    for part in [*parts, FILE]:
        if part == "..":
            found = [path.parent for path in found]
        elif "*" in part:
            found = [child for path in found for child in path.glob(part.replace("**", "*"))]
        else:
            found = [path / part for path in found]
    return sorted({path for path in found if path.is_file()})


def model_file(root: Path, folder: Path) -> str:
    """Return a file as errors name it: relative to the project."""
    return PurePosixPath(Path(os.path.relpath(folder, root)).as_posix(), FILE).as_posix()


def _name_of(root: Path, folder: Path) -> str:
    if folder.parent == root.absolute() / "models":
        return folder.name
    label = model_file(root, folder)
    named = load_settings(Model, folder / FILE, label).name
    return named or (folder.parent.name if folder.name == "model" else folder.name)


def _load(root: Path, folder: Path, name: str) -> tuple[Path, Model]:
    label = model_file(root, folder)
    if not (name.isidentifier() and name.isascii()) or name in RESERVED_FOLDERS:
        msg = f"{label}: a model must have a Python name that is not reserved, got {name!r}."
        remedy = "Use letters, digits and underscores, and a name other than `code` or `data`."
        raise UserError(msg, remedy)
    model = load_settings(Model, folder / FILE, label)
    if model.name not in (None, name):
        msg = f"{label}: name must be that of the folder, got {model.name!r}."
        raise UserError(msg, "Remove it; only a model outside of models/ can choose its name.")
    return folder, model
