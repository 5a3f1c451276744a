"""YAML file → typed settings; a mistake becomes two lines that name file and field."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails


class Settings(BaseModel):
    """Base of all settings: immutable, no unknown keys, no silent conversion of types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


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
    try:
        return kind.model_validate(_read_mapping(path, label))
    except ValidationError as err:
        raise _explain(err, kind, label) from err


def _read_mapping(path: Path, label: str) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)  # noqa: S506
    except FileNotFoundError as err:
        msg = f"{label}: the file is missing."
        raise UserError(msg, "Run the command inside a project, or restore the file.") from err
    except (yaml.YAMLError, UnicodeDecodeError) as err:
        detail = " ".join(str(err).split())
        raise UserError(f"{label}: not readable as YAML: {detail}", "Mend the syntax.") from err
    if not isinstance(content, dict):
        msg = f"{label}: must hold `key: value` lines, got {type(content).__name__}."
        raise UserError(msg, "Compare it with the version in git.")
    return content


class _UniqueKeyLoader(yaml.SafeLoader):
    """A safe loader that refuses a key written twice instead of keeping the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        for position, key in enumerate(keys):
            if key in keys[:position]:
                msg = f"the key {key!r} stands twice"
                raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark)
        return super().construct_mapping(node, deep=deep)


def _explain(err: ValidationError, kind: type[Settings], label: str) -> UserError:
    """Turn the first of pydantic's findings into rule, offending value and remedy."""
    detail = err.errors()[0]
    field = ".".join(str(part) for part in detail["loc"] if part not in _TAGS) or "the file"
    if detail["type"] == "extra_forbidden":
        return _unknown_key(detail, kind, label, field)
    if detail["type"] == "missing":
        return UserError(f"{label}: {field} is missing.", "Add it.")
    if isinstance(reason := detail.get("ctx", {}).get("error"), RuleError):
        return UserError(f"{label}: {field} {reason}".replace("the file ", ""), reason.remedy)
    rule = re.sub(r"^(Input|String|List|Dictionary) should", "must", detail["msg"])
    message = f"{label}: {field}: {rule}, got {detail['input']!r}."
    return UserError(message.replace(": must", " must"), f"Correct {field} in {label}.")


# Discriminator values that pydantic puts into the path of a tagged union; the user never wrote them
# as keys.
_TAGS = {
    "integer",
    "continuous",
    "categorical",
    "framework-image",
    "project-image",
    "str",
    "Column",
}


class RuleError(ValueError):
    """A rule of ours about a field: the message says rule and offender, `remedy` what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def _unknown_key(detail: ErrorDetails, kind: type[Settings], label: str, field: str) -> UserError:
    key = str(detail["loc"][-1])
    known = sorted(_field_names(kind))
    close = get_close_matches(key, known, n=1)
    remedy = f"Did you mean {close[0]!r}?" if close else "Remove it."
    return UserError(f"{label}: {field} is not a known setting.", remedy)


def _field_names(kind: Any) -> set[str]:
    """All keys that can stand in a settings class, at any depth: the pool of suggestions."""
    names: set[str] = set()
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            names |= {name} | _field_names(field.annotation)
    for argument in getattr(kind, "__args__", ()):
        names |= _field_names(argument)
    return names
