"""Mapping → typed settings; an error becomes two lines that name file and field."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from sagetabular.errors import UserError
from sagetabular.settings.reading import read_written, shown
from sagetabular.settings.yaml_text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from sagetabular.settings.yaml_text import Written


class Settings(BaseModel):
    """Base of all settings: immutable, no unknown keys, no silent conversion of types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _switch(value: object) -> object:
    """Accept a bare `off`, which YAML reads as false."""
    return "off" if value is False else value


EarlyStopping = Annotated[Literal["off", "auto"], BeforeValidator(_switch)]
SettingsType = TypeVar("SettingsType", bound=Settings)


def load_settings(kind: type[SettingsType], path: Path, label: str) -> SettingsType:
    """Read `path` and check it against `kind`.

    Args:
        kind: The settings class.
        path: A YAML file that holds one mapping.
        label: How errors name the file, relative to the project.

    Raises:
        UserError: The file is missing, is no YAML mapping, or a field breaks its rule.
    """
    content, written = read_written(path, label)
    try:
        return kind.model_validate(content)
    except ValidationError as err:
        raise _explain(err, kind, label, written) from err


def _explain(err: ValidationError, kind: type[Settings], label: str, written: Written) -> UserError:
    """Turn the first of pydantic's findings into rule, offending value and remedy."""
    # A misspelt key is also a missing one; the spelling is what helps.
    unknown = [detail for detail in err.errors() if detail["type"] == "extra_forbidden"]
    detail = [*unknown, *err.errors()][0]
    field = ".".join(_name(part) for part in detail["loc"] if not _is_tag(part)) or "the file"
    if detail["type"] == "extra_forbidden":
        return _unknown_key(detail, kind, label, field)
    if detail["type"] == "missing":
        return UserError(f"{label}: {field} is missing.", "Add it.")
    if detail["type"].startswith("union_tag"):
        return _wrong_kind(detail, label, field)
    if isinstance(reason := detail.get("ctx", {}).get("error"), RuleError):
        return UserError(f"{label}: {field} {reason}".replace("the file ", ""), reason.remedy)
    rule = re.sub(r"^(Input|String|List|Dictionary|Keys) should", "must", detail["msg"])
    rule = re.sub(r"a valid dictionary.*", "a mapping", rule)
    text = written.get(tuple(part for part in detail["loc"] if not _is_tag(part)))
    got, remedy = shown(detail["input"]), f"Correct {field} in {label}."
    if text not in (None, got) and detail["type"] == "string_type":
        got, remedy = f"{got} for {text}", quoted(text)
    message = f"{label}: {field}: {rule}, got {got}."
    return UserError(message.replace(": must", " must"), remedy)


def _name(part: str | int) -> str:
    """Return a part of a field's path, on one line whatever the key is."""
    return part if isinstance(part, str) and part.isprintable() else repr(part)


def _is_tag(part: str | int) -> bool:
    return part in (*_TAGS, PLAIN_TAG, NAMED_TAG) or str(part).startswith(STEP_TAG)


# What pydantic puts into the path of a tagged union; the user never wrote these as keys.
_TAGS = {
    "integer",
    "continuous",
    "categorical",
    "framework-image",
    "project-image",
    "any-image",
    "algorithm-image",
    "str",
    "Column",
    "[key]",
}
STEP_TAG = "step:"
PLAIN_TAG, NAMED_TAG = "a value itself", "a value by name"


class RuleError(ValueError):
    """A rule of ours about a field: the message says rule and offender, `remedy` what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def _unknown_key(detail: ErrorDetails, kind: type[Settings], label: str, field: str) -> UserError:
    key = str(detail["loc"][-1])
    close = get_close_matches(key, sorted(_field_names(kind)), n=1)
    remedy = f"Did you mean {close[0]!r}?" if close else "Remove it."
    if close == [key]:
        remedy = "Remove it here: it is a setting of something else."
    return UserError(f"{label}: {field} is not a known setting.", remedy)


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return a remedy: the known name that may have been meant, and all that there are."""
    names = list(known)
    close = get_close_matches(name, names, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return f"{hint}There are {', '.join(names)}."


def _wrong_kind(detail: ErrorDetails, label: str, field: str) -> UserError:
    """Return the error for a missing or unknown `type`, which says what a mapping holds."""
    remedy = "Set it to integer, continuous or categorical."
    if detail["type"] == "union_tag_not_found":
        return UserError(f"{label}: {field}.type is missing.", remedy)
    tag = detail["ctx"]["tag"]
    return UserError(f"{label}: {field}.type is of no known kind, got {tag!r}.", remedy)


def _field_names(kind: Any) -> set[str]:
    """Return all keys of a settings class, at any depth: the pool of suggestions."""
    names: set[str] = set()
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            names |= {field.alias or name} | _field_names(field.annotation)
    for argument in getattr(kind, "__args__", ()):
        names |= _field_names(argument)
    return names
