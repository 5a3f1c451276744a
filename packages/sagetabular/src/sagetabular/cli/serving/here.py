"""Predictions of a registered model in this process, without a server."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sagetabular.cli.serving.serve import choose_package, serving_variables, unpack_model
from sagetabular.errors import UserError
from sagetabular.jobs.errors import JobError
from sagetabular.project import find_project
from sagetabular.serving.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sagetabular.project import Project
    from sagetabular.serving.model import ServedModel


@contextmanager
def registered(version: str) -> Iterator[tuple[ServedModel, str]]:
    """Load a registered model as the server does; yield it and what to call it.

    Args:
        version: A number, or `newest`.

    Raises:
        UserError: There is none, or it cannot be loaded.
    """
    if version != "newest" and not (version.isascii() and version.isdigit()):
        msg = f"--version must be a number or `newest`, got {version!r}."
        raise UserError(msg, "`pipeline registry list` shows the versions.")
    project = find_project()
    package = choose_package(project, None if version == "newest" else int(version))
    name = f"version {package['ModelPackageVersion']}"
    with tempfile.TemporaryDirectory(prefix="predict-") as folder:
        sys.path.insert(0, str(project.root))  # the model's code is the project's
        try:
            yield _load(project, package, name, Path(folder)), name
        finally:
            sys.path.remove(str(project.root))


def _load(project: Project, package: dict[str, Any], name: str, folder: Path) -> ServedModel:
    from sagetabular.serving.model import load_model
    from sagetabular.serving.settings import read_default_outputs

    unpack_model(project, package, folder)
    try:
        outputs = read_default_outputs(serving_variables(package) | os.environ)
        return load_model(folder / "model", outputs)
    except ServerError as err:
        raise UserError(*str(err).split("\n", maxsplit=1)) from err
    except JobError as err:
        raise UserError(f"{name} cannot be loaded: {err.message}", err.remedy) from err
