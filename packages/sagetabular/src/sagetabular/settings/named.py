"""Values that `start` may change: `{parameter: NAME, default: …}` in place of the value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Discriminator, Field, Tag

from sagetabular.settings.loading import NAMED_TAG, PLAIN_TAG, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]*$", max_length=64)]


class Named(Settings):
    """A value that is a pipeline parameter.

    Attributes:
        parameter: Its name.
    """

    parameter: Name

    @property
    def text(self) -> str | None:
        """Its default as text, the type that these parameters have; None without one."""
        default = getattr(self, "default", None)
        return default if default is None or isinstance(default, str) else repr(default)


class NamedInteger(Named):
    """A whole number that is a pipeline parameter."""

    default: int


class NamedNumber(Named):
    """A number that is a pipeline parameter."""

    default: float


class NamedText(Named):
    """A text that is a pipeline parameter; without a default, each start has to give it one."""

    default: str | None = None


def tag_of(value: object) -> str:
    """Return the form of a value, by what it is before it is checked."""
    return NAMED_TAG if isinstance(value, dict | Named) else PLAIN_TAG


Integer = Annotated[
    Annotated[int, Tag(PLAIN_TAG)] | Annotated[NamedInteger, Tag(NAMED_TAG)], Discriminator(tag_of)
]
Number = Annotated[
    Annotated[float, Tag(PLAIN_TAG)] | Annotated[NamedNumber, Tag(NAMED_TAG)], Discriminator(tag_of)
]


def named_values(settings: Any, field: str = "") -> Iterator[tuple[str, Named]]:
    """Yield all values below `settings` that are pipeline parameters, each with its field."""
    if isinstance(settings, Named):
        yield field, settings
    elif isinstance(settings, Settings | dict):
        known = {} if isinstance(settings, dict) else type(settings).model_fields
        for name, value in settings.items() if isinstance(settings, dict) else settings:
            key = known[name].alias or name if name in known else name
            yield from named_values(value, f"{field}.{key}" if field else str(key))
    elif isinstance(settings, list | tuple):
        for position, value in enumerate(settings):
            yield from named_values(value, f"{field}.{position}")
