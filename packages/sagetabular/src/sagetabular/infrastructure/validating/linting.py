"""cfn-lint, which is no dependency: it is run where somebody has installed it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sagetabular.infrastructure.concerns import Concern

PROGRAM = "cfn-lint"
# An older one does not know types and limits that the templates use.
OLDEST = (1, 58)
_SECONDS = 300
_VERSION = re.compile(r"cfn-lint (\d+)\.(\d+)")


def find_linter() -> str | None:
    """Return the path of cfn-lint: of this environment, else of the PATH; None if there is none."""
    own = Path(sys.executable).parent / PROGRAM
    return str(own) if own.is_file() else shutil.which(PROGRAM)


def is_too_old(program: str) -> bool:
    """Return whether a cfn-lint says of itself that it is older than the templates need."""
    try:
        said = _output_of([program, "--version"])
    except (OSError, subprocess.TimeoutExpired):
        return False  # that it does not run is said when it is asked to
    found = _VERSION.match(said)
    return found is not None and tuple(map(int, found.groups())) < OLDEST


def lint(program: str, concerns: Sequence[Concern], region: str) -> Iterator[tuple[str, str]]:
    """Yield what cfn-lint finds: the template's place, and rule, line and words of the finding.

    Args:
        program: Path of cfn-lint.
        concerns: The templates.
        region: Whose resources they are.

    Raises:
        UserError: It does not run.
    """
    with TemporaryDirectory() as folder:
        places = {}
        for concern in concerns:
            file = Path(folder) / f"{concern.name}.yaml"
            file.write_text(concern.text, encoding="utf-8")
            places[str(file)] = concern.place
        for found in _run(program, [*places], region):
            rule, line = found["Rule"]["Id"], found["Location"]["Start"]["LineNumber"]
            place = places.get(str(found["Filename"]), str(found["Filename"]))
            yield place, f"cfn-lint {rule}, line {line} as rendered: {found['Message']}"


def _run(program: str, files: list[str], region: str) -> list[dict[str, Any]]:
    command = [program, "--format", "json", "--regions", region, "--", *files]
    try:
        return list(json.loads(_output_of(command) or "[]"))
    except (OSError, ValueError, subprocess.TimeoutExpired) as err:
        msg = f"{program} must check templates, got: {' '.join(str(err).split())}."
        raise UserError(msg, "Install it anew, or remove it: it is not needed.") from err


def _output_of(command: list[str]) -> str:
    ended = subprocess.run(  # noqa: S603  # the user's own program, and files of ours
        command, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    return ended.stdout
