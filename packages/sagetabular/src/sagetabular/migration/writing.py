"""A plan → files: all of them, and a project that compiles, or none."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sagetabular.compiling.compilation import compile_pipeline
from sagetabular.errors import UserError
from sagetabular.migration.editing import value_at, with_value
from sagetabular.project.models import add_model
from sagetabular.settings import load_project
from sagetabular.settings.reading import read_mapping, shown

if TYPE_CHECKING:
    from sagetabular.migration.plan import Change, NewModel, Plan

CONF = ("conf/pipeline.yaml", "conf/aws.yaml")
_UNWANTED = shutil.ignore_patterns("__pycache__", ".*")


@dataclass(frozen=True)
class Written:
    """A file that an import wrote, or would write: its path in the project, and its content."""

    file: str
    content: bytes


def write_plan(root: Path, plan: Plan, sources: str, *, dry_run: bool = False) -> list[Written]:
    """Write what a plan says; a project that it would break stays as it is.

    Args:
        root: Folder of the project.
        plan: What to write.
        sources: The files that it was made from, for errors.
        dry_run: Whether to stop before the project is changed.

    Returns:
        The files.

    Raises:
        UserError: Something is there already, the outcome breaks a rule, or cannot be written.
    """
    _check_free(root, plan)
    try:
        place = tempfile.TemporaryDirectory(dir=None if dry_run else root, prefix=".import-")
        with place as name:
            staging = Path(name)
            changed = _stage(root, staging, plan, sources)
            written = [
                Written(path.relative_to(staging).as_posix(), path.read_bytes())
                for part in [*(f"models/{model.name}" for model in plan.models), *changed]
                for path in _files(staging / part)
            ]
            _verify(staging, sources)
            if not dry_run:
                _move(root, staging, plan, changed)
    except OSError as err:
        file = err.filename2 or err.filename
        msg = f"{file or root}: cannot be written: {err.strerror or err}."
        raise UserError(msg, "Make the project a folder that is yours.") from err
    return written


def _check_free(root: Path, plan: Plan) -> None:
    """Refuse to overwrite what a user has written."""
    settings = load_project(root)  # an error in conf/ is reported before anything else
    if settings.pipeline.models is not None:
        msg = "conf/pipeline.yaml: models must not be there, since it would leave out new models."
        raise UserError(msg, "Remove it for the import, and list the models again after it.")
    for model in plan.models:
        if (root / "models" / model.name).exists():
            msg = f"models/{model.name}: must be new for an import, but it exists."
            raise UserError(msg, "Remove or rename that folder, or the model in its configuration.")
    documents = {file: read_mapping(root / file, file) for file in CONF}
    for change in plan.changes:
        present = value_at(documents[change.file], change.path)
        if present not in (None, change.value, *change.untouched):
            field = f"{change.file}: {'.'.join(change.path)}"
            msg = f"{field} must not be changed before an import, got {shown(present)}."
            wanted = shown(change.value)
            raise UserError(msg, f"Remove it, since {change.place} asks for {wanted}.")


def _stage(root: Path, staging: Path, plan: Plan, sources: str) -> list[str]:
    """Make the project as it is going to be; return which files of `conf/` differ."""
    for part in ("conf", "models", "pipelines"):
        shutil.copytree(root / part, staging / part, ignore=_UNWANTED)
    data = load_project(root).pipeline.data
    if data.reads_tables:
        (staging / data.query).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / data.query, staging / data.query)
    for model in plan.models:
        _stage_model(staging, model, sources)
    return [file for file in CONF if _edit(staging / file, file, plan.changes)]


def _stage_model(staging: Path, model: NewModel, sources: str) -> None:
    folder = staging / "models" / model.name
    if model.like:
        add_model(staging, model.name, model.like, model.document["title"])
    for name, content in model.programs.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    folder.mkdir(exist_ok=True)
    text = yaml.dump(model.document, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    heading = f"# Imported from {sources}.\n"
    (folder / "model.yaml").write_text(heading + text, encoding="utf-8")


class _Dumper(yaml.SafeDumper):
    """Writes out what stands in several places, in place of aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _edit(path: Path, file: str, changes: list[Change]) -> bool:
    before = text = path.read_bytes().decode()
    for change in changes:
        if change.file == file and value_at(yaml.safe_load(text), change.path) != change.value:
            text = with_value(text, change.path, change.value, file)
    path.write_bytes(text.encode())
    return text != before


def _verify(staging: Path, sources: str) -> None:
    """Compile the project, so that whatever is wrong with it is known before it exists."""
    try:
        compile_pipeline(load_project(staging))
    except UserError as err:
        msg = f"{sources}: the import would break a rule: {err.message}"
        raise UserError(msg, err.remedy) from err


def _move(root: Path, staging: Path, plan: Plan, changed: list[str]) -> None:
    """Move everything into place; what was moved goes back if anything fails."""
    with ExitStack() as undo:
        for model in plan.models:
            target = root / "models" / model.name
            (staging / "models" / model.name).rename(target)
            undo.callback(shutil.rmtree, target)
        for file in changed:
            before = (root / file).read_bytes()
            undo.callback((root / file).write_bytes, before)
            (staging / file).replace(root / file)
        undo.pop_all()


def _files(part: Path) -> list[Path]:
    found = sorted(part.rglob("*")) if part.is_dir() else [part]
    return [path for path in found if path.is_file()]
