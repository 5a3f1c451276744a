"""YAML file → mapping, stricter than YAML where YAML lets an error pass."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


def read_mapping(path: Path, label: str) -> dict[str, Any]:
    """Read a file that holds one mapping, without keys that stand twice.

    Raises:
        UserError: The file is missing, unreadable or not such a file; `label` is how it is named.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)  # noqa: S506
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
    except yaml.YAMLError as err:
        msg = f"{label}: not readable as YAML: {_in_words(err)}."
        tab = "'\\t'" in str(err)
        remedy = "Indent with blanks: YAML takes no tabs." if tab else "Correct the syntax."
        raise UserError(msg, remedy) from err
    if content is None:
        msg = f"{label}: must hold `key: value` lines, and says nothing."
        raise UserError(msg, "Compare it with the version in git.")
    if not isinstance(content, dict):
        msg = f"{label}: must hold `key: value` lines, got {shown(content)}."
        raise UserError(msg, "Compare it with the version in git.")
    return content


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


class _UniqueKeyLoader(yaml.SafeLoader):
    """A safe loader that refuses a key written twice instead of keeping the last."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (AttributeError, KeyError, ValueError) as err:  # e.g. the date 2026-02-30
            msg = f"{shown(node.value)} is no {node.tag.rpartition(':')[2]}"
            raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark) from err

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        written = [key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        keys = [self.construct_object(key, deep=deep) for key in written]
        for position, key in enumerate(keys):
            if key in keys[:position]:
                msg, place = f"the key {key!r} stands twice", written[position].start_mark
                raise yaml.constructor.ConstructorError(None, None, msg, place)
        return super().construct_mapping(node, deep=deep)


# YAML 1.1 takes 1e-3 for text; whoever writes it means the number.
_UniqueKeyLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def shown(value: object) -> str:
    """Return a value as the user would recognise it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
