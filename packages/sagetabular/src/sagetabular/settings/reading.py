"""YAML file → mapping, stricter than YAML where YAML lets an error pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from sagetabular.errors import UserError
from sagetabular.settings.yaml_text import MisreadError, load

if TYPE_CHECKING:
    from pathlib import Path

    from sagetabular.settings.yaml_text import Written


def read_mapping(path: Path, label: str) -> dict[str, Any]:
    """Read a file that holds one mapping, without keys that stand twice.

    Raises:
        UserError: The file is missing, unreadable or not such a file; `label` is how it is named.
    """
    return read_written(path, label)[0]


def read_written(path: Path, label: str) -> tuple[dict[str, Any], Written]:
    """Read a file that holds one mapping; return it, and how its values are written.

    Raises:
        UserError: The file is missing, unreadable or not such a file; `label` is how it is named.
    """
    content, written = _read(path, label)
    if content is None:
        msg = f"{label}: must hold `key: value` lines, and says nothing."
        raise UserError(msg, "Compare it with the version in git.")
    if not isinstance(content, dict):
        msg = f"{label}: must hold `key: value` lines, got {shown(content)}."
        raise UserError(msg, "Compare it with the version in git.")
    return content, written


def _read(path: Path, label: str) -> tuple[Any, Written]:
    try:
        return load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as err:
        msg = f"{label}: the file is missing."
        raise UserError(msg, "Run the command inside a project, or restore the file.") from err
    except OSError as err:
        msg = f"{label}: cannot be read: {err.strerror}."
        raise UserError(msg, "Make it a file that you may read.") from err
    except RecursionError as err:
        raise UserError(f"{label}: is nested too deeply.", "Correct the syntax.") from err
    except UnicodeDecodeError as err:
        msg = f"{label}: not readable as YAML: {err}."
        raise UserError(msg, "Save it in the encoding UTF-8.") from err
    except MisreadError as err:
        place = f"line {err.line + 1}, column {err.column + 1}"
        raise UserError(f"{label}: {place}: {err}", err.remedy) from err
    except yaml.YAMLError as err:
        msg = f"{label}: not readable as YAML: {_in_words(err)}."
        tab = "'\\t'" in str(err)
        remedy = "Indent with blanks: YAML takes no tabs." if tab else "Correct the syntax."
        raise UserError(msg, remedy) from err


def _in_words(error: yaml.YAMLError) -> str:
    """Return an error and its place in one line; PyYAML takes several and names no file."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return " ".join(str(error).split())
    return ", ".join(
        text if mark is None else f"{text} (line {mark.line + 1}, column {mark.column + 1})"
        for text, mark in (
            (error.context, error.context_mark),
            (error.problem, error.problem_mark),
        )
        if text
    )


def shown(value: object) -> str:
    """Return a value as the user would recognise it, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # a number of more digits than Python writes
        return "a number of thousands of digits"
    return text if len(text) <= 100 else f"{text[:97]}..."
