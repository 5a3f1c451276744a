"""A draft → files and a table of the lake: all of them, or none."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.files import write_bytes
from sagetabular.lake.store import table_folder, write_table

if TYPE_CHECKING:
    from sagetabular.project import Project
    from sagetabular.starting.changes.drafting import Draft


def write_draft(project: Project, draft: Draft) -> None:
    """Write what a draft says; what was written goes back if anything fails.

    Raises:
        UserError: Something has changed since, or cannot be written.
    """
    for file, (before, _) in draft.changed.items():
        if (project.root / file).read_bytes().decode("utf-8-sig") != before:
            msg = f"{file} has changed since the draft of it was shown, so nothing was written."
            raise UserError(msg, "Run it again, and look at the new draft.")
    try:
        with ExitStack() as undo:
            for file, (_, text) in draft.changed.items():
                path = project.root / file
                undo.callback(write_bytes, path, path.read_bytes())
                write_bytes(path, text.encode())
            if draft.fills:
                folder, title = table_folder(project.lake, *draft.table), draft.plan.source.title
                write_table(folder, draft.plan.table, kind="files", title=title)
            undo.pop_all()
    except OSError as error:
        file = error.filename2 or error.filename or "A file of the project"
        msg = f"{file} cannot be written: {error.strerror or error}. Nothing was changed."
        raise UserError(
            msg, "Make the project a folder that is yours, with room on its disk."
        ) from error
