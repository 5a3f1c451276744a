"""Libraries: what a program would import from outside its own folder, without running it."""

from __future__ import annotations

import ast
import re
import threading
from pathlib import Path

Import = tuple[str, list[str]]

# `pip install x`, `"pip", "install", "x"`, `pip.main(…)`, `from pip._internal import …`.
_INSTALLS = re.compile(rb"\bpip3?\W{1,8}(install|main|_internal)")

# Python 3.11 and 3.12 keep the parser's depth for all threads together: two that parse at the same
# time end with a SystemError (CPython issue 106905).
_PARSING = threading.Lock()


def imported_libraries(program: Path) -> list[Import]:
    """Return what a program, and the packages beside it, import at the top of their files.

    Imports inside functions are left out: they stand there because few runs need them. So are
    other programs in the folder.

    Returns:
        Module → names that are wanted of it (none for `import module`), in the order of the files.
    """
    folder = program.parent
    own = {entry.name.partition(".")[0] for entry in folder.iterdir()}
    files = [program, *sorted(folder.glob("*/**/*.py"))]
    found = [entry for file in files for entry in _imports(file)]
    return [(module, names) for module, names in found if module.partition(".")[0] not in own]


def offers_preparation(program: Path) -> bool:
    """Return whether a program has `prepare` at its top: its own, or imported from a module.

    Such a program is imported before it is run, so it has to keep what it does as a program behind
    `if __name__ == "__main__"`.
    """
    return any(
        (isinstance(statement, ast.FunctionDef) and statement.name == "prepare")
        or (
            isinstance(statement, ast.ImportFrom)
            and any((alias.asname or alias.name) == "prepare" for alias in statement.names)
        )
        for statement in _statements(program)
    )


def mentions_pip(folder: Path) -> bool:
    """Return whether a program below a folder installs packages, as far as its text tells."""
    return any(_INSTALLS.search(file.read_bytes()) for file in sorted(folder.rglob("*.py")))


def _imports(file: Path) -> list[Import]:
    """Return the absolute imports of a file."""
    found: list[Import] = []
    for statement in _statements(file):
        if isinstance(statement, ast.Import):
            found += [(alias.name, []) for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            found.append((statement.module, [alias.name for alias in statement.names]))
    return found


def _statements(file: Path) -> list[ast.stmt]:
    """Return the statements at the top of a file; none of one that is no Python."""
    try:
        with _PARSING:
            return ast.parse(file.read_bytes()).body
    except (SyntaxError, ValueError):
        return []
