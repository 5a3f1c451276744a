"""Templates as they are deployed: the code of Lambdas and the columns of the table in their place.

A template of the project holds markers, which are what they say if nobody replaces them:

    ZipFile: "raise RuntimeError(…)  # sagetabular.lambdas.start"
    Columns: []  # sagetabular.columns

All else stays as it is written, comments included. The same files give the same bytes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

import sagetabular.lambdas
from sagetabular.errors import UserError
from sagetabular.settings.loading import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FOLDER = Path(sagetabular.lambdas.__file__).parent
_CODE = re.compile(
    r"^(?P<indent> *)ZipFile: [^\n]*# *sagetabular\.lambdas\.(?P<name>\w+)[\"']? *$", re.MULTILINE
)
_COLUMNS = re.compile(r"^(?P<indent> *)Columns: \[\] +# *sagetabular\.columns *$", re.MULTILINE)
_DEPTH = "2"  # blanks
# What a YAML reader takes for the end of a line, or refuses, if it stands as it is.
_UNPLAIN = re.compile(r"[^\n\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]")


def inline(text: str, place: str, columns: Sequence[Mapping[str, Any]] | None = None) -> str:
    """Return a template with what its markers stand for.

    Args:
        text: YAML.
        place: What errors call it.
        columns: What Glue's table has, in its order; None leaves that marker.

    Raises:
        UserError: A marker names a Lambda that there is not.
    """
    text = _CODE.sub(lambda match: _zip_file(match["indent"], code_of(match["name"], place)), text)
    if columns is None:
        return text
    return _COLUMNS.sub(lambda match: _columns(match["indent"], columns), text)


def lambdas() -> dict[str, str]:
    """Return name → code of every Lambda that the package has."""
    return {
        file.stem: file.read_text(encoding="utf-8")
        for file in sorted(_FOLDER.glob("*.py"))
        if file.stem != "__init__"
    }


def lambdas_in(text: str) -> list[str]:
    """Return the Lambdas that a template's markers name, in their order."""
    return [match["name"] for match in _CODE.finditer(text)]


def code_of(name: str, place: str) -> str:
    """Return the code of a Lambda.

    Args:
        name: Of its file, without the ending.
        place: What errors call the template that asks for it.

    Raises:
        UserError: There is none of this name.
    """
    known = lambdas()
    if name not in known:
        msg = f"{place}: there is no Lambda sagetabular.lambdas.{name}."
        raise UserError(msg, suggestion(name, known))
    return known[name]


def block(text: str, indent: str) -> str:
    """Return a text as the value of a YAML key: as it is written wherever YAML can hold that.

    Args:
        text: Any.
        indent: Blanks before the key.

    Returns:
        A literal block with its header; for texts that none can hold, a text in quotes.
    """
    body = text.rstrip("\n")
    if not body.strip(" ") or _UNPLAIN.search(text):
        return _in_quotes(text)
    ends = len(text) - len(body)
    keep = ("-", "", "+")[min(ends, 2)]
    # Blanks or an empty line at the beginning hide where the text is indented to.
    depth = _DEPTH if text.startswith((" ", "\n")) else ""
    lines = [f"{indent}{' ' * int(_DEPTH)}{line}" if line else "" for line in body.split("\n")]
    return "\n".join([f"|{depth}{keep}", *lines, *[""] * max(ends - 1, 0)])


def _in_quotes(text: str) -> str:
    written = yaml.safe_dump(text, default_style='"', width=2**31 - 1)
    return written.rstrip("\n")


def _zip_file(indent: str, code: str) -> str:
    return f"{indent}ZipFile: {block(code, indent)}"


def _columns(indent: str, columns: Sequence[Mapping[str, Any]]) -> str:
    written = yaml.safe_dump([dict(each) for each in columns], sort_keys=False, allow_unicode=True)
    lines = [f"{indent}  {line}" for line in written.splitlines()]
    return "\n".join([f"{indent}Columns:", *lines])
