"""A project's own `get_pipeline()`, imported afresh for each project."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import TYPE_CHECKING

from sagetabular.assets.code import PACKAGE
from sagetabular.errors import UserError
from sagetabular.steps.isolation import is_hidden

if TYPE_CHECKING:
    from sagetabular.pipeline import Pipeline

MODULE = "pipelines.training.pipeline"
_PACKAGE = MODULE.split(".", maxsplit=1)[0]
FILE = f"{MODULE.replace('.', '/')}.py"


def project_pipeline(root: Path) -> Pipeline:
    """Return what `get_pipeline()` of the project at `root` builds.

    Raises:
        UserError: The project has no graph, a setting breaks a rule, or the project's own code
            fails; what fails in this package is raised as it is.
    """
    if not (root / FILE).is_file():
        msg = f"{FILE} must hold get_pipeline(), got no such file."
        raise UserError(msg, "Restore it from git, or from a newly generated project.")
    _forget()
    sys.path.insert(0, str(root))
    try:
        pipeline: Pipeline = _build(root)
    except UserError:
        raise
    except SystemExit as err:
        msg = f"{FILE}: get_pipeline() must return a pipeline, but it ended the program: {err}."
        raise UserError(msg, "Raise another exception, or return build.pipeline(…).") from err
    except Exception as err:
        if (place := _place(root, err)) is None:
            raise
        msg = f"{place}: {type(err).__name__}: {_first_line(err)}."
        raise UserError(msg, _remedy(err)) from err
    finally:
        sys.path.remove(str(root))
        _forget()
    return pipeline


def _build(root: Path) -> Pipeline:
    from sagetabular.pipeline import Pipeline

    build = getattr(import_module(MODULE), "get_pipeline", None)
    if not callable(build):
        msg = f"{FILE} must define get_pipeline(), got none."
        raise UserError(msg, "Give the function that name.")
    pipeline = build(root)
    if not isinstance(pipeline, Pipeline):
        msg = f"{FILE}: get_pipeline() must return a pipeline, got {pipeline!r:.100}."
        raise UserError(msg, "End it with `return build.pipeline(…)`.")
    return pipeline


def _forget() -> None:
    """Drop the modules of a project: the next one has others of the same names."""
    for name in [each for each in sys.modules if each.split(".", 1)[0] == _PACKAGE]:
        del sys.modules[name]
    invalidate_caches()


def _place(root: Path, err: Exception) -> str | None:
    """Return file and line where the project's own code failed; None if it was not its own."""
    own = root.resolve() / _PACKAGE
    places = [(each.filename, each.lineno) for each in traceback.extract_tb(err.__traceback__)]
    if isinstance(err, SyntaxError) and err.filename:
        places.append((err.filename, err.lineno))
    # Its call of a library counts as its own, such as `os.environ[…]`; its call of us does not.
    for file, line in reversed(places):
        path = Path(file).resolve()
        if path.is_relative_to(own):
            return f"{path.relative_to(root.resolve()).as_posix()}: line {line}"
        if path.is_relative_to(PACKAGE):
            return None
    return None


def _remedy(err: Exception) -> str:
    name = err.args[0] if isinstance(err, KeyError) and err.args else None
    if isinstance(name, str) and is_hidden(name):
        return f"Compiling sees no {name}: write the value into conf/, as own, or as a parameter."
    return "Correct that line."


def _first_line(err: Exception) -> str:
    text = err.msg if isinstance(err, SyntaxError) else str(err)
    return (text.strip().splitlines() or ["no message"])[0].rstrip(".")
