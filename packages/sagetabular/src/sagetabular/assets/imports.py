"""Which of a project's modules a program can reach, read from its import statements."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def reachable(files: Mapping[str, bytes], roots: list[str]) -> dict[str, bytes]:
    """Return the files that the roots import, directly or not, and the roots themselves.

    Imports inside functions count; names that are put together at run time cannot be seen, so what
    is loaded that way belongs to the roots.

    Args:
        files: Path such as `sagetabular/jobs/fit.py` → content.
        roots: Some of these paths.

    Returns:
        Path → content, in the order of `files`.
    """
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        path = waiting.pop()
        if path in found or path not in files:
            continue
        found.add(path)
        for module in _imported(files[path]):
            waiting += _paths(module)
    return {path: content for path, content in files.items() if path in found}


@cache  # the archives of all models share the jobs' files
def _imported(source: bytes) -> tuple[str, ...]:
    """Return every module that may be meant: `from a import b` can mean `a.b`."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # the job fails with a better message than we could give
        return ()
    return tuple(_modules(tree))


def _modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _paths(module: str) -> list[str]:
    """Return where a module may lie: a file or a package, with the packages above it."""
    parts = module.split(".")
    packages = ["/".join([*parts[:count], "__init__.py"]) for count in range(1, len(parts) + 1)]
    return [*packages, "/".join(parts) + ".py"]
