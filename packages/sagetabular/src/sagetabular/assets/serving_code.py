"""The code that a model's artefact carries to an image of AWS, which serves it in script mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.assets.imports import reachable
from sagetabular.assets.trees import Asset, make_asset, setup_file

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = "inference.py"
_MODULE = "sagetabular/serving/aws_image.py"
_INFERENCE = (
    b"from sagetabular.serving.aws_image import model_fn, transform_fn\n\n"
    b'__all__ = ["model_fn", "transform_fn"]\n'
)


def serving_code(model: str, tree: Mapping[str, bytes]) -> Asset:
    """Collect what the image imports: the project's server without its HTTP side, and the model.

    Args:
        model: Name of the model.
        tree: Path → content of the model's files, and of all that jobs are made of.
    """
    own = [path for path in tree if path.startswith(f"models/{model}/")]
    files = reachable(tree, [*own, _MODULE])
    return make_asset("code", {**files, PROGRAM: _INFERENCE, **setup_file([PROGRAM])})
