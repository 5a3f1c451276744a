"""The line of a project's graph to change, so that a step runs another program."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagetabular.compiling.loading import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MODULE = "sagetabular.pipeline"
# Step → how a new project's graph builds it.
_FORMS = {
    "ingest": "data = ingest(build, {})",
    "preprocess": "rows = preprocess(build, data, {})",
    "models": "trained = models(build, data, rows, {})",
    "select": "winner = select(build, evaluated, collected, {})",
    "track": "tracked = track(build, rows, trained.searches(), winner, {})",
}


@dataclass(frozen=True)
class Line:
    """A line that a graph must have.

    Attributes:
        number: Its first line in the file; None if the call was not found.
        text: The lines as they must be.
        done: Whether it says so already.
    """

    number: int | None
    text: str
    done: bool = False


def line_with(root: Path, step: str, argument: str, value: str) -> Line:
    """Return the user's own line with a program, or the form of a new project if there is none.

    Args:
        root: Folder of the project.
        step: Name of the function that builds the step.
        argument: Its argument.
        value: What to give it.
    """
    wanted = f'{argument}="{value}"'
    form = Line(None, _FORMS[step].format(wanted))
    try:
        source = (root / FILE).read_text(encoding="utf-8")
        tree = ast.parse(source)
    except (OSError, ValueError, SyntaxError):
        return form
    calls = list(_calls(tree, step))
    if len(calls) != 1:
        return form
    (call,) = calls
    given = [each for each in call.keywords if each.arg == argument]
    if given and isinstance(given[0].value, ast.Constant) and given[0].value.value == value:
        return Line(call.lineno, _statement(source, tree, call), done=True)
    changed = _changed(source, call, given[0] if given else None, wanted)
    return _checked(changed, step, call.lineno, argument, value) or form


def _calls(tree: ast.Module, step: str) -> Iterator[ast.Call]:
    """Yield the calls of a function of `sagetabular.pipeline`, whatever it is called here."""
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == _MODULE
        for alias in node.names
        if alias.name == step
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            by_name = isinstance(called, ast.Name) and called.id in names
            if by_name or (isinstance(called, ast.Attribute) and called.attr == step):
                yield node


def _changed(source: str, call: ast.Call, given: ast.keyword | None, wanted: str) -> str:
    """Return the source with the argument in place of the one that is given, or as the last."""
    content = source.encode()
    if given is not None:
        start = _offset(content, given.lineno, given.col_offset)
        end = _offset(content, given.end_lineno or 0, given.end_col_offset or 0)
        return (content[:start] + wanted.encode() + content[end:]).decode()
    arguments: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    last = max(
        arguments,
        key=lambda each: (each.end_lineno or 0, each.end_col_offset or 0),
        default=None,
    )
    if last is None:
        return source
    end = _offset(content, last.end_lineno or 0, last.end_col_offset or 0)
    return (content[:end] + f", {wanted}".encode() + content[end:]).decode()


def _checked(source: str, step: str, number: int, argument: str, value: str) -> Line | None:
    """Return the line if the changed source says what it must; None if it does not."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    for call in _calls(tree, step):
        for each in call.keywords:
            found = each.value.value if isinstance(each.value, ast.Constant) else None
            if (each.arg, found) == (argument, value):
                return Line(number, _statement(source, tree, call))
    return None


def _statement(source: str, tree: ast.Module, call: ast.Call) -> str:
    """Return the lines of the statement that a call stands in, without their common margin."""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr | ast.Return)
        and node.lineno <= call.lineno <= (node.end_lineno or 0)
    ]
    node = min(around, key=lambda each: (each.end_lineno or 0) - each.lineno, default=call)
    lines = source.splitlines()[node.lineno - 1 : node.end_lineno]
    margin = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[margin:] if not line[:margin].strip() else line for line in lines)


def _offset(content: bytes, line: int, column: int) -> int:
    lines = content.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + column
