"""The program of the image that trains and serves: what `train` and `serve` can reach.

Less would not run; more would give the image another name, and so repeat every trial of its
models, whenever some other part of this package changes. Standard library alone: an image build
runs it as `python3 -m sagetabular.assets.image FOLDER`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sagetabular.assets.code import package_files, reachable

_ROOTS = (
    "sagetabular/jobs/container/train.py",
    "sagetabular/jobs/container/classic.py",
    "sagetabular/jobs/encoding.py",
    "sagetabular/jobs/privileges.py",
    "sagetabular/serving/__main__.py",
    "sagetabular/serving/worker.py",
)


def image_files() -> dict[str, bytes]:
    """Return path below the program's folder → content."""
    return reachable(package_files(), [*_ROOTS])


def write_files(folder: Path) -> None:
    """Write the program below a folder, which is made."""
    for name, content in image_files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    write_files(Path(sys.argv[1]))
