"""The project as `cruft create` makes it, byte for byte."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from .hardened import environment
from .refusing import SeedError

if TYPE_CHECKING:
    from pathlib import Path

    from .answers import Answers
    from .bundle import Bundle

_TRACEBACK = "Traceback (most recent call last)"


def render(answers: Answers, bundle: Bundle, output: Path) -> Path:
    """Generate a project from the address of the template, and return its folder.

    Args:
        answers: To the questions.
        bundle: The template.
        output: Folder to make it in.

    Raises:
        SeedError: The template refuses an answer, or cannot be rendered.
    """
    output.mkdir()
    given = ["--no-input", "--default-config", "--output-dir", str(output)]
    told = ["--checkout", bundle.commit, "--extra-context", json.dumps(answers.questions())]
    # -I: no variable and no folder leads to other modules.
    command = [sys.executable, "-I", "-X", "utf8", "-m", "cruft", "create", *given, *told]
    ended = subprocess.run(  # noqa: S603  # words of ours
        [*command, "--", bundle.template],
        cwd=output.parent,
        env={**environment(bundle.settings()), "TYPER_STANDARD_TRACEBACK": "1"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ended.returncode:
        raise _failed(ended.stderr)
    return output / answers.project_slug


def _failed(said: str) -> SeedError:
    """Return what the template's hook says, a rule and a remedy; else cruft's last line."""
    before = said.partition(_TRACEBACK)[0].strip().splitlines()
    lines = [line for line in before if not line.startswith(("ERROR:", "Stopping"))]
    if len(lines) >= 2:
        return SeedError(" ".join(lines[:-1]), lines[-1])
    last = (said.strip().splitlines() or ["nothing"])[-1].strip()
    return SeedError(
        f"cruft must be able to create the project, and said: {last[:400]}.",
        "Publish the template again from a release whose tests pass.",
    )
