"""Templates written to files, for any other tool that deploys CloudFormation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.files import write_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagetabular.infrastructure.concerns import Concern

_MARK = "# Written by `pipeline infra render`"


def render(concerns: Sequence[Concern], folder: Path) -> list[Path]:
    """Write templates as they are deployed; return the files.

    Args:
        concerns: The templates.
        folder: Where to; it is made if it is missing.

    Raises:
        UserError: A file of the name is there that no rendering wrote, or a file cannot be
            written.
    """
    files = {folder / f"{concern.name}.yaml": concern for concern in concerns}
    try:
        for file in files:
            _check_own(file)
        folder.mkdir(parents=True, exist_ok=True)
        for file, concern in files.items():
            head = f"{_MARK}: change {concern.place}, not this file.\n"
            write_bytes(file, f"{head}{concern.text}".encode())
    except OSError as err:
        msg = f"{err.filename or folder}: cannot be written: {err.strerror}."
        raise UserError(msg, "Name a folder that is yours.") from err
    return list(files)


def _check_own(file: Path) -> None:
    if not file.exists():
        return
    with file.open("rb") as stream:
        if stream.read(len(_MARK.encode())) != _MARK.encode():
            msg = f"{file} is there, and `pipeline infra render` did not write it."
            raise UserError(msg, "Name another folder with -o, or remove the file.")
