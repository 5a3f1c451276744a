"""The code of Processing jobs: of each program what it can reach, and nothing else.

A change in one job's code changes the key of that job alone, so nothing else runs again.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from sagetabular.assets.trees import Asset, make_asset, python_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = Path(__file__).parents[1]
# The programs of the pipeline's own steps, below `sagetabular/jobs/`.
PROGRAMS = ("ingest", "ingest_files", "preprocess", "collect", "select", "track")
# Where the programs of a project's own steps are.
OWN = "pipelines/training/"
_NO_PROGRAMS = (f"{OWN}__init__.py", f"{OWN}pipeline.py")
# Modules that stand alone, and that jobs print with.
_ALONE = ("__init__.py", "printing.py")
_NOTHING: Mapping[str, bytes] = MappingProxyType({})


@cache  # an installed package does not change while a command runs
def package_files() -> Mapping[str, bytes]:
    """Return the files of this package that jobs are made of, by their paths in a job's tree."""
    folders = ("jobs", "reading", "serving", "tracking")
    files = {f"sagetabular/{name}": (PACKAGE / name).read_bytes() for name in _ALONE}
    for name in folders:
        files |= python_files(PACKAGE / name, f"sagetabular/{name}")
    return files


def job_code() -> dict[str, Asset]:
    """Return program → its code, for each step of the pipeline's own."""
    files = package_files()
    return {
        name: make_asset("code", reachable(files, [f"sagetabular/jobs/{name}.py"]))
        for name in PROGRAMS
    }


def own_code(root: Path) -> dict[str, dict[str, bytes]]:
    """Return program → path → content, for each module beside a project's own graph.

    Args:
        root: Folder of the project.
    """
    own = python_files(root / "pipelines", "pipelines")
    files = {**package_files(), **own}
    programs = [path for path in own if path.startswith(OWN) and path not in _NO_PROGRAMS]
    return {
        path.removeprefix(OWN).removesuffix(".py"): reachable(files, [path])
        for path in programs
        if "/" not in path.removeprefix(OWN)
    }


def model_code(
    name: str, folder: Path, job: str | None = None, also: Mapping[str, bytes] = _NOTHING
) -> Asset:
    """Return the code of a model's Processing step: the model's own files, and what they reach.

    Args:
        name: Name of the model.
        folder: Where its files are.
        job: The program below `sagetabular/jobs/` that works on it, if one does.
        also: Further files.
    """
    own = python_files(folder, f"models/{name}")
    roots = [*own, *([f"sagetabular/jobs/{job}.py"] if job else [])]
    return make_asset("code", {**reachable({**package_files(), **own}, roots), **also})


def reachable(files: Mapping[str, bytes], roots: list[str]) -> dict[str, bytes]:
    """Return the files that the roots import, directly or not, and the roots themselves.

    Imports inside functions count; names that are put together at run time cannot be seen, so what
    is loaded that way belongs to the roots.

    Args:
        files: Path such as `sagetabular/jobs/fit.py` → content.
        roots: Some of these paths.

    Returns:
        Path → content, in the order of `files`.
    """
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        path = waiting.pop()
        if path in found or path not in files:
            continue
        found.add(path)
        for module in _imported(files[path]):
            waiting += _paths(module)
    return {path: content for path, content in files.items() if path in found}


@cache  # the archives of all models share the jobs' files
def _imported(source: bytes) -> tuple[str, ...]:
    """Return every module that may be meant: `from a import b` can mean `a.b`."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # the job fails with a better message than we could give
        return ()
    return tuple(_modules(tree))


def _modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _paths(module: str) -> list[str]:
    """Return where a module may lie: a file or a package, with the packages above it."""
    parts = module.split(".")
    packages = ["/".join([*parts[:count], "__init__.py"]) for count in range(1, len(parts) + 1)]
    return [*packages, "/".join(parts) + ".py"]
