"""The model as an artefact: what its code saves, and a manifest of what it expects."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagetabular.jobs.models.manifest import FILE
from sagetabular.jobs.models.reproducible import make_reproducible

if TYPE_CHECKING:
    from sagetabular.jobs.models.hyperparameters import ModelCode
    from sagetabular.jobs.models.manifest import Manifest


def save_model(code: ModelCode, model: Any, manifest: Manifest, folder: Path) -> None:
    """Write model and manifest into `folder`, each file whole or not at all, the manifest last.

    Equal models give equal bytes, so that an artefact says by its hash whether it is another one.
    """
    folder.mkdir(exist_ok=True)
    # Inside the folder, since SageMaker may have mounted it: files can only be moved within it.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as name:
        staging = Path(name)
        code.save(model, staging)
        for path in sorted(staging.rglob("*.skops")):
            make_reproducible(path)
        for path in sorted(staging.iterdir()):
            path.replace(folder / path.name)
        manifest.write(staging)
        (staging / FILE).replace(folder / FILE)


def pack_serving_code(base: Path) -> None:
    """Put the code that AWS's images serve the model with into the artefact, if the job has it.

    Args:
        base: The container's tree; the channel `serving` holds the code.
    """
    channel = base / "input/data/serving"
    if channel.is_dir():  # by content alone: objects of a store may be read-only
        shutil.copytree(channel, base / "model/code", copy_function=shutil.copyfile)
