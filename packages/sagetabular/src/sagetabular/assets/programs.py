"""A project's own programs, checked before they travel: their syntax, and their imports."""

from __future__ import annotations

import ast
import symtable
import warnings
from typing import TYPE_CHECKING

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Packages whose files travel with a program: what is missing there is missing in the job.
_TRAVELLING = ("pipelines", "sagetabular")


def check_program(files: Mapping[str, bytes]) -> None:
    """Accept or refuse the code of a program, without running it.

    Args:
        files: Path → content of what travels, such as `pipelines/training/segments.py`.

    Raises:
        UserError: A file of the project is no Python, or imports at its top what does not exist.
    """
    own = [path for path in files if path.startswith("pipelines/")]
    trees = {path: _parsed(path, files[path]) for path in own}
    for path, tree in trees.items():
        for line, module, name in _imports(tree, path):
            if not _resolves(files, module, name):
                what = f"{module}.{name}" if name else module
                msg = f"{path}: line {line}: {what} does not exist where the job runs."
                raise UserError(
                    msg, "Correct the import; write it in full: pipelines.training.NAME."
                )


def _parsed(path: str, source: bytes) -> ast.Module:
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(source, path, "exec", dont_inherit=True)
            return ast.parse(source, path)
    except (SyntaxError, ValueError, RecursionError) as err:
        line = f" line {err.lineno}:" if isinstance(err, SyntaxError) and err.lineno else ""
        reason = err.msg if isinstance(err, SyntaxError) else str(err)
        msg = f"{path}:{line} must be Python, got: {reason}."
        raise UserError(msg, "Correct that line.") from err


def _imports(tree: ast.Module, path: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, module and name of what is imported whenever the file is; names may be empty."""
    package = path.removesuffix(".py").split("/")[:-1]
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, module, alias.name) for alias in node.names)


def _resolves(files: Mapping[str, bytes], module: str, name: str) -> bool:
    if module.split(".", maxsplit=1)[0] not in _TRAVELLING:
        return True
    place = module.replace(".", "/")
    file = next((each for each in (f"{place}.py", f"{place}/__init__.py") if each in files), None)
    if file is None:
        # A folder without `__init__.py` is a package too.
        return any(each.startswith(f"{place}/") for each in files) and (
            not name or _resolves(files, f"{module}.{name}", "")
        )
    inside = (f"{place}/{name}.py", f"{place}/{name}/__init__.py")
    return not name or any(each in files for each in inside) or _defines(files[file], name)


def _defines(source: bytes, name: str) -> bool:
    """Return whether a module has a name; one that is put together at run time may have any."""
    try:
        table = symtable.symtable(source.decode(), "<module>", "exec")
    except (SyntaxError, ValueError):
        return True  # told where it is parsed
    names = {each.get_name(): each for each in table.get_symbols()}
    if name == "*" or "__getattr__" in names or b"import *" in source:
        return True
    found = names.get(name)
    return found is not None and (
        found.is_assigned() or found.is_imported() or found.is_namespace()
    )
