"""The offer, before a new project's first run, to begin with a table of one's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sagetabular.cli.starting.init import begin
from sagetabular.cli.terminal.asking import ask_for
from sagetabular.cli.terminal.output import program, say
from sagetabular.errors import UserError

_AGAIN = "Start again, with another file, or with Enter for the made-up sample."

if TYPE_CHECKING:
    from sagetabular.project import Project


def offered(project: Project) -> bool:
    """Offer to begin with a file; return whether somebody did.

    Args:
        project: A project without data.
    """
    from sagetabular.starting.options import Wishes
    from sagetabular.starting.tables.naming import TEMPLATE_DATABASE, TEMPLATE_TABLE

    data = project.settings.pipeline.data
    if (data.database, data.table) != (TEMPLATE_DATABASE, TEMPLATE_TABLE):
        return False
    if not sys.stdin.isatty():
        say(f"For a table of your own: {program()} init FILE --target COLUMN")
        return False
    file = ask_for("A table of your own? Its FILE, or Enter for the made-up sample")
    if not file:
        return False
    if not begin(project, [str(Path(file).expanduser())], None, Wishes()):
        raise UserError("No table was written, so there is nothing to run.", _AGAIN)
    return True
