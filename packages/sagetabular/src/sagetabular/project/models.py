"""Add a model: a folder below `models/`, copied from one that works."""

from __future__ import annotations

import re
import shutil
import tempfile
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from sagetabular.errors import UserError
from sagetabular.settings import RESERVED_FOLDERS, Model
from sagetabular.settings.loading import load_settings
from sagetabular.settings.reading import read_mapping, shown

if TYPE_CHECKING:
    from collections.abc import Collection

LONGEST_TITLE = 40
_TITLE = re.compile(rf"[A-Za-z0-9]{{1,{LONGEST_TITLE}}}")


def add_model(root: Path, name: str, like: str, title: str | None = None) -> str:
    """Copy the folder of a model under another name, with a title of its own.

    Args:
        root: Folder of the project.
        name: Name of the new folder below `models/`.
        like: Name of the folder to copy.
        title: What names the steps; made from `name` if not given.

    Returns:
        The title.

    Raises:
        UserError: A name or title breaks its rule or is taken, or the folder cannot be written.
    """
    titles = _titles(root)
    _check_name(name, root / "models")
    if like not in titles:
        raise UserError(f"--like must name a folder of models/, got {like!r}.", _hint(like, titles))
    chosen = "".join(map(_capitalised, name.split("_"))) if title is None else title
    _check_title(chosen, titles, option=title is not None)
    try:
        # Beside models/, so that no command meets half a model, and one rename makes it appear.
        with tempfile.TemporaryDirectory(dir=root, prefix=".new-model-") as staging:
            copy = Path(staging, name)
            shutil.copytree(root / "models" / like, copy, ignore=_unwanted)
            _rename(copy, like, name, chosen)
            copy.rename(root / "models" / name)
    except OSError as err:
        msg = f"models/{name}: cannot be written: {err.strerror}."
        raise UserError(msg, "Make models/ a folder that is yours.") from err
    return chosen


def _titles(root: Path) -> dict[str, str]:
    """Return folder → title of all models, also those that `conf/pipeline.yaml` leaves out."""
    files = sorted((root / "models").glob("*/model.yaml"))
    labels = {file: f"models/{file.parent.name}/model.yaml" for file in files}
    return {file.parent.name: str(read_mapping(file, labels[file]).get("title")) for file in files}


def _check_name(name: str, folder: Path) -> None:
    usable = name.isidentifier() and name.isascii() and name not in RESERVED_FOLDERS
    if not usable:
        msg = f"NAME must be a Python name that is not reserved, got {shown(name)}."
        raise UserError(
            msg, "Use letters, digits and underscores, and a name other than `code` or `data`."
        )
    if (folder / name).exists():
        msg = f"NAME must be new, got {name!r}: models/{name} exists."
        raise UserError(msg, "Choose another name, or remove that folder.")


def _check_title(title: str, titles: dict[str, str], *, option: bool) -> None:
    source = "--title" if option else "The title made from NAME"
    if not _TITLE.fullmatch(title):
        msg = f"{source} must be 1 to {LONGEST_TITLE} letters and digits, got {shown(title)}."
        raise UserError(msg, "Give one, for example --title RandomForest: it names the steps.")
    owners = [folder for folder, other in titles.items() if other == title]
    if owners:
        msg = f"{source} must be new, got {title!r}: it is that of models/{owners[0]}."
        raise UserError(msg, "Give another one with --title: it names the steps.")


def _hint(word: str, known: Collection[str]) -> str:
    close = get_close_matches(word, known, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return f"{hint}There are {', '.join(known)}."


def _capitalised(word: str) -> str:
    return word[:1].upper() + word[1:]


def _unwanted(_folder: str, names: list[str]) -> set[str]:
    """Return the names that tools leave in a folder, and no model is made of."""
    return {name for name in names if name == "__pycache__" or name.startswith(".")}


def _rename(copy: Path, like: str, name: str, title: str) -> None:
    """Change title and imports in a copy of a model's folder.

    Raises:
        UserError: The `model.yaml` that was copied breaks a rule.
    """
    file = copy / "model.yaml"
    load_settings(Model, file, f"models/{like}/model.yaml")
    # As bytes, so that line ends stay what they are.
    file.write_bytes(_with_title(file.read_bytes().decode(), title).encode())
    before, after = rf"\bmodels\.{like}\b".encode(), f"models.{name}".encode()
    for module in copy.rglob("*.py"):
        module.write_bytes(re.sub(before, after, module.read_bytes()))


def _with_title(text: str, title: str) -> str:
    """Return the text of a `model.yaml` with another title; comments and layout stay.

    A comment behind the title may name steps after it, so it is changed as well.
    """
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(document, yaml.MappingNode)  # noqa: S101 - it has been loaded before
    (value,) = [value for key, value in document.value if key.value == "title"]
    start, end = value.start_mark.index, value.end_mark.index
    line, newline, rest = text[end:].partition("\n")
    return f"{text[:start]}{title}{line.replace(value.value, title)}{newline}{rest}"
