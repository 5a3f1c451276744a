"""Files of skops without what differs between two equal runs: addresses in memory, and times.

skops (0.16) numbers objects by their addresses, in `schema.json` and in the names of the arrays
beside it, and ZIP notes when a member was written.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SCHEMA = "schema.json"
_ID, _FILE = "__id__", "file"
# The first moment that ZIP knows.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def make_reproducible(file: Path) -> None:
    """Write a file of skops anew, so that equal models give equal bytes; others stay as they are.

    Objects get the numbers 1, 2, … in the order of the schema; what is one object stays one.
    """
    if not zipfile.is_zipfile(file):
        return
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if _SCHEMA not in members:
        return
    schema = json.loads(members.pop(_SCHEMA))
    numbers: dict[int, int] = {}
    for node in _nodes(schema):
        if isinstance(node.get(_ID), int):
            node[_ID] = numbers.setdefault(node[_ID], len(numbers) + 1)
    for node in _nodes(schema):
        if isinstance(node.get(_FILE), str) and node[_FILE] in members:
            node[_FILE] = _renamed(node[_FILE], numbers)
    renamed = {_renamed(name, numbers): content for name, content in members.items()}
    renamed[_SCHEMA] = json.dumps(schema, indent=2).encode()
    _write(file, renamed)


def _write(file: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, _NO_TIME), members[name])


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects of a document, in its order."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield found
            waiting.extend(reversed(list(found.values())))
        elif isinstance(found, list):
            waiting.extend(reversed(found))


def _renamed(name: str, numbers: dict[int, int]) -> str:
    path = PurePosixPath(name)
    known = path.stem.isdecimal() and int(path.stem) in numbers
    return f"{numbers[int(path.stem)]}{path.suffix}" if known else name
