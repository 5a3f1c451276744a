"""The code that a model's artefact carries to an image of AWS, which serves it in script mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.training.imports import reachable
from pipelines.training.trees import Asset, make_asset, python_files, setup_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROGRAM = "inference.py"
_MODULE = "pipelines/serving/aws_image.py"
_INFERENCE = (
    b"from pipelines.serving.aws_image import model_fn, transform_fn\n\n"
    b'__all__ = ["model_fn", "transform_fn"]\n'
)


def serving_code(root: Path, model: str, tree: Mapping[str, bytes]) -> Asset:
    """Collect what the image imports: the project's server without its HTTP side, and the model.

    Args:
        root: Folder of the project.
        model: Name of the model.
        tree: Path → content of the model's files, and of those that all jobs share.
    """
    serving = python_files(root / "pipelines/serving", "pipelines/serving")
    own = [path for path in tree if path.startswith(f"models/{model}/")]
    files = reachable({**tree, **serving}, [*own, _MODULE])
    return make_asset("code", {**files, PROGRAM: _INFERENCE, **setup_file([PROGRAM])})
