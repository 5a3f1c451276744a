"""Documents: what the endpoint alone keeps, one JSON file for each name."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sagelocal.files import JsonObject, read_json, write_json


class Documents:
    """Objects by their names, which may be longer than those of files.

    Args:
        folder: Where they lie; made when first needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> JsonObject | None:
        """Return the object of a name; None without one.

        Raises:
            DamagedError: If it is not what was written.
        """
        try:
            document: JsonObject = read_json(self._file(name))["document"]
        except FileNotFoundError:
            return None
        return document

    def put(self, name: str, document: JsonObject) -> None:
        """Keep an object under a name."""
        write_json(self._file(name), {"name": name, "document": document})

    def remove(self, name: str) -> None:
        """Keep nothing under a name."""
        self._file(name).unlink(missing_ok=True)

    def all(self) -> list[JsonObject]:
        """Return all objects.

        Raises:
            DamagedError: If one is not what was written.
        """
        return [read_json(path)["document"] for path in sorted(self._folder.glob("*.json"))]

    def _file(self, name: str) -> Path:
        # Names differ in case; not every file system sees that.
        digest = hashlib.sha256(name.encode()).hexdigest()[:12]
        return self._folder / f"{name[:80].replace('/', '_')}-{digest}.json"
