"""The code of Processing jobs: of each program what it can reach, and nothing else.

A change in one job's code changes the key of that job alone, so nothing else runs again.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from sagetabular.assets.imports import reachable
from sagetabular.assets.trees import Asset, make_asset, python_files

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = Path(__file__).parents[1]
# The programs of the pipeline's own steps, below `sagetabular/jobs/`.
PROGRAMS = ("ingest", "ingest_files", "preprocess", "collect", "select", "track")
# Where the programs of a project's own steps are.
OWN = "pipelines/training/"
_NO_PROGRAMS = (f"{OWN}__init__.py", f"{OWN}pipeline.py")
_NOTHING: Mapping[str, bytes] = MappingProxyType({})


@cache  # an installed package does not change while a command runs
def package_files() -> Mapping[str, bytes]:
    """Return the files of this package that jobs are made of, by their paths in a job's tree."""
    folders = ("jobs", "serving", "tracking")
    files = {"sagetabular/__init__.py": (PACKAGE / "__init__.py").read_bytes()}
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
