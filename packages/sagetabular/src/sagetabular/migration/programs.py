"""The programs that steps run: found beside the configuration, and read."""

from __future__ import annotations

import ast
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagetabular.migration.plan import Place, Plan

MOST_FILES, MOST_BYTES = 1_000, 10_000_000


def find_folder(source: str, programs: Sequence[str], starts: Sequence[Path], place: Place) -> Path:
    """Find the folder that holds the programs of a model.

    Args:
        source: The folder, relative to one of `starts` or to a folder above it.
        programs: Paths below it that must be there.
        starts: Where to begin.
        place: The field that names the folder.

    Raises:
        UserError: It names no folder, or a program is missing.
    """
    pure = PurePosixPath(source)
    if pure.is_absolute() or ".." in pure.parts or "\\" in source or "\0" in source:
        msg = f"{place} must be a path below the repository, got {source[:100]!r}."
        raise UserError(msg, "Write it relative to the repository, and name that with --source.")
    roots = [root for start in starts for root in (start, *start.parents)]
    folders = [root / source for root in roots if (root / source).is_dir()]
    for folder in folders:
        if all((folder / program).is_file() for program in programs):
            return folder
    if not folders:
        msg = f"{place} names no folder: {source[:100]!r} is not at the configuration or above it."
        raise UserError(msg, "Check out the repository, and name its folder with --source.")
    missing = next(program for program in programs if not (folders[0] / program).is_file())
    msg = f"{place}: the program {missing[:100]!r} is missing in {source[:100]!r}."
    raise UserError(msg, "Correct entry_point, or check out the whole repository.")


def read_programs(folder: Path, place: Place, plan: Plan) -> dict[str, bytes]:
    """Read all Python files below a folder; other files are noted.

    Raises:
        UserError: There are too many, or one cannot be read.
    """
    found: dict[str, bytes] = {}
    others: list[str] = []
    for path in _files(folder, place):
        name = path.relative_to(folder).as_posix()
        if path.suffix != ".py":
            others.append(name)
            continue
        try:
            found[name] = path.read_bytes()
        except OSError as err:
            msg = f"{place}: {name!r} cannot be read: {err.strerror}."
            raise UserError(msg, "Make it a file that you may read.") from err
    if sum(map(len, found.values())) > MOST_BYTES:
        msg = f"{place} holds more than {MOST_BYTES:,} bytes of programs."
        raise UserError(msg, "Name the folder that holds the programs of the model alone.")
    for name in sorted(others):
        plan.drop(place.at(name), "only programs come along; images hold what they import")
    for program, module in sorted(_imports_of_own(found)):
        plan.note(place.at(program), f"imports {module!r}, which lies in its model's package now")
    return dict(sorted(found.items()))


def _files(folder: Path, place: Place) -> Iterator[Path]:
    count = 0
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        for name in files:
            count += 1
            if count > MOST_FILES:
                msg = f"{place} holds more than {MOST_FILES:,} files."
                raise UserError(msg, "Name the folder that holds the programs of the model alone.")
            if not name.startswith("."):
                yield Path(parent, name)


def _imports_of_own(programs: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yield programs, and modules beside them that they import as if they lay on the path."""
    own = {PurePosixPath(name).parts[0].removesuffix(".py") for name in programs}
    for name, content in programs.items():
        try:
            tree = ast.parse(content)
        except (SyntaxError, ValueError, RecursionError):  # it will say so when it runs
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module or ""]
            else:
                continue
            yield from ((name, module) for module in modules if module.partition(".")[0] in own)
