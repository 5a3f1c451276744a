"""A wheel built from sources, under a version that says so."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sagetabular.errors import UserError

_VERSION = re.compile(r'^version = "([^"+]+)"$', re.MULTILINE)
# Seconds: what the members of an archive are dated, so that the same sources give the same wheel.
_EPOCH = "315532800"
# How uv draws its errors.
_DRAWN = "\N{MULTIPLICATION SIGN}│├╰─▶ "


def build_wheel(source: Path, target: Path, suffix: str) -> Path:
    """Build the wheel of a package by its own `pyproject.toml`.

    Args:
        source: Folder of the package.
        target: Folder of the wheel.
        suffix: What its version ends in.

    Raises:
        UserError: The package is none, or what builds it cannot be had.
    """
    name = f"packages/{source.name}"
    with tempfile.TemporaryDirectory(prefix="building-") as folder:
        copy = Path(folder, source.name)
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        file = copy / "pyproject.toml"
        text, count = _VERSION.subn(rf'version = "\g<1>{suffix}"', file.read_text(encoding="utf-8"))
        if count != 1:
            msg = f'{name}/pyproject.toml must have one line version = "…", got {count}.'
            raise UserError(msg, "Write it with the three numbers of a version.")
        file.write_text(text, encoding="utf-8", newline="\n")
        _run_uv(copy, target, name)
    return next(target.glob(f"{source.name}-*.whl"))


def _run_uv(source: Path, target: Path, name: str) -> None:
    options = ["--wheel", "--no-create-gitignore", "--python", sys.executable]
    ended = subprocess.run(  # noqa: S603 - the project's own build
        [sys.executable, "-m", "uv", "build", *options, "--out-dir", str(target), str(source)],
        env={**os.environ, "SOURCE_DATE_EPOCH": _EPOCH},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        lines = [line.strip(_DRAWN) for line in ended.stderr.splitlines() if line.strip(_DRAWN)]
        reason = lines[-1].rstrip(".") if lines else f"exit code {ended.returncode}"
        raise UserError(
            f"{name} cannot be built: {reason}.",
            "Correct it; uv must be installed, and gets hatchling from the package index.",
        )
