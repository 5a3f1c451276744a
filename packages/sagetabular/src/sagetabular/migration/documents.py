"""A configuration file → a document of bounded size and depth, whatever is in the file."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.settings.reading import read_mapping, shown

if TYPE_CHECKING:
    from pathlib import Path

# Far more than any configuration has. Aliases make a document of a short YAML file as large as one
# likes, so it is counted with all of them followed.
LARGEST_FILE = 100_000
MOST_VALUES = 20_000
DEEPEST = 30


def read_document(path: Path) -> dict[str, Any]:
    """Read a YAML file, or a JSON file by its ending, that holds one mapping.

    Raises:
        UserError: It is missing, is none, or is larger or deeper than a configuration can be.
    """
    label = label_of(path)
    _check_file(path, label)
    is_json = path.suffix.lower() == ".json"
    document = _read_json(path, label) if is_json else read_mapping(path, label)
    _check_values(document, label)
    return document


def label_of(path: Path) -> str:
    """Return a file as errors name it: as it was given."""
    return str(path) if str(path).isprintable() else repr(str(path))


def _check_file(path: Path, label: str) -> None:
    try:
        regular, size = path.is_file(), path.stat().st_size
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or "not a path"
        msg = f"{label}: cannot be read: {reason}."
        raise UserError(msg, "Name a configuration file that exists.") from err
    if not regular:
        raise UserError(f"{label}: is not a file.", "Name the configuration files themselves.")
    if size > LARGEST_FILE:
        msg = f"{label}: must have at most {LARGEST_FILE:,} bytes, got {size:,}."
        raise UserError(msg, "Name a configuration file, and no data.")


def _read_json(path: Path, label: str) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except OSError as err:
        msg = f"{label}: cannot be read: {err.strerror}."
        raise UserError(msg, "Make it a file that you may read.") from err
    except RecursionError as err:
        raise UserError(f"{label}: is nested too deeply.", "Correct the syntax.") from err
    except ValueError as err:
        detail = " ".join(str(err).split())
        raise UserError(f"{label}: not readable as JSON: {detail}.", "Correct the syntax.") from err
    if not isinstance(content, dict):
        msg = f"{label}: must hold one object, got {type(content).__name__}."
        raise UserError(msg, "Name a configuration file.")
    return content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            msg = f"the key {shown(key)} stands twice"
            raise ValueError(msg)
        found[key] = value
    return found


def _refuse(constant: str) -> float:
    msg = f"{constant} is no number of JSON"
    raise ValueError(msg)


def _check_values(document: dict[str, Any], label: str) -> None:
    waiting: list[tuple[Any, int]] = [(document, 0)]
    count = 0
    while waiting:
        value, depth = waiting.pop()
        count += 1
        if count > MOST_VALUES or depth > DEEPEST:
            msg = f"{label}: must have at most {MOST_VALUES:,} values in {DEEPEST} levels."
            raise UserError(msg, "Take out aliases that repeat themselves.")
        if isinstance(value, dict):
            waiting += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            waiting += [(part, depth + 1) for part in value]
        elif not _is_plain(value):
            msg = f"{label}: must hold text, numbers and dates, got {type(value).__name__}."
            raise UserError(msg, "Write numbers of at most 18 digits, and text in Unicode.")


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, int):
        return abs(value) < 2**63
    return value is None or isinstance(value, float | datetime.date)
