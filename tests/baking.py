"""A small layer over cookiecutter: generate a project, render and run a hook."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cookiecutter.main import cookiecutter
from cookiecutter.utils import create_env_with_context

ROOT = Path(__file__).parents[1]
TEMPLATE = "{{cookiecutter.project_slug}}"
QUESTIONS: Mapping[str, Any] = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
CHOICES: Mapping[str, list[str]] = {
    name: value
    for name, value in QUESTIONS.items()
    if isinstance(value, list) and not name.startswith("_")
}
DEFAULTS: Mapping[str, str] = {
    "project_name": QUESTIONS["project_name"],
    "project_slug": "housing-prices",
    "aws_region": QUESTIONS["aws_region"],
    **{name: values[0] for name, values in CHOICES.items()},
}
JUNK = ("__pycache__", ".*_cache", ".git", ".hypothesis", ".pipeline", ".venv", "build")


def files(folder: Path) -> set[str]:
    """Return all files below a folder, as POSIX paths relative to it."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def copy_repository(destination: Path) -> Path:
    """Copy this repository without what tools have left in it."""
    shutil.copytree(ROOT, destination, ignore=shutil.ignore_patterns(*JUNK))
    return destination


def generate(template: Path, output: Path, answers: Mapping[str, str], **options: Any) -> Path:
    """Generate a project below ``output`` and return its folder; leave the home folder alone."""
    output.mkdir(parents=True, exist_ok=True)
    config = output.parent / f"{output.name}-cookiecutter.json"
    folders = {name: str(output.parent / name) for name in ("cookiecutters_dir", "replay_dir")}
    config.write_text(json.dumps(folders), encoding="utf-8")
    return Path(
        cookiecutter(
            str(template),
            no_input=True,
            extra_context=dict(answers),
            output_dir=str(output),
            config_file=str(config),
            **options,
        )
    )


def run_hook(
    name: str, answers: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Render a hook with answers as they are typed at the prompt, and run it in ``folder``.

    cookiecutter renders answers given in advance once more, as it does defaults, but never what
    somebody types: Jinja in an answer reaches the hooks only this way.
    """
    context = {"cookiecutter": {**DEFAULTS, **answers}}
    source = (ROOT / "hooks" / f"{name}.py").read_text(encoding="utf-8")
    script = create_env_with_context(context).from_string(source).render(**context)
    return subprocess.run(
        [sys.executable, "-"],
        input=script,
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
