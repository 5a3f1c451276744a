"""How files are written, as far as somebody has said it; the rest is guessed by their reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from sagetabular.errors import UserError
from sagetabular.settings.files import Files
from sagetabular.settings.loading import RuleError
from sagetabular.starting.tables.naming import TEMPLATE_TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_IN_CONF = "under data.files in conf/pipeline.yaml"
_REMEDY = "Write, for example, --files 'decimal: \",\"'; docs/data.md lists the keys of data.files."


def said_of_files(
    data: Mapping[str, Any], table: tuple[str, str], options: Sequence[str]
) -> dict[str, Any]:
    """Return what is said of files: by options, and by `data.files` if it is about them.

    Args:
        data: The section `data` of `conf/pipeline.yaml`.
        table: Database and table that the files are going to be.
        options: Texts `KEY: VALUE`, or `KEY=VALUE`.

    Raises:
        UserError: There is no such key, or it has no such value.
    """
    # What stands in a new project's configuration was written for the first table.
    own = data.get("table") in (TEMPLATE_TABLE, table[1])
    said = dict(data.get("files") or {}) if own else {}
    for option in options:
        said |= _parsed(option)
    try:
        Files.model_validate(said)
    except ValidationError as error:
        raise _refusal(error) from error
    return said


def with_option(error: UserError) -> UserError:
    """Return an error of the reader whose remedy is an option of the command."""
    return UserError(error.message, error.remedy.replace(_IN_CONF, "as in --files 'KEY: VALUE'"))


def _parsed(option: str) -> dict[str, Any]:
    key, equals, value = option.partition("=")
    text = f"{key}: {value}" if equals and ":" not in key else option
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        found = None
    if not isinstance(found, dict):
        raise UserError(f"--files must be 'KEY: VALUE', got {option!r}.", _REMEDY)
    return found


def _refusal(error: ValidationError) -> UserError:
    detail = error.errors()[0]
    reason = detail.get("ctx", {}).get("error")
    field = ".".join(map(str, detail["loc"]))
    if isinstance(reason, RuleError):
        return UserError(f"--files: {field} {reason}".replace("  ", " "), reason.remedy)
    return UserError(f"--files: {field}: {detail['msg']}, got {detail['input']!r}.", _REMEDY)
