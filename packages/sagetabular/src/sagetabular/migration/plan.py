"""Plan of what an import writes, in one form whichever framework it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Place:
    """A field of a file, as errors and remarks name it."""

    file: str
    path: tuple[str, ...] = ()

    def at(self, *names: object) -> Place:
        """Return a field below this one."""
        return Place(self.file, (*self.path, *map(str, names)))

    def __str__(self) -> str:
        """Return `file: a.b.c`, on one line whatever the keys are."""
        names = (name if name.isprintable() else repr(name) for name in self.path)
        return f"{self.file}: {'.'.join(names)}" if self.path else self.file


@dataclass(frozen=True)
class NewModel:
    """A model's folder to be.

    Attributes:
        name: Name of the folder below `models/`.
        document: Its `model.yaml`.
        programs: Path below the folder → content.
        like: The model whose code it begins with, where the configuration brings none.
    """

    name: str
    document: dict[str, Any]
    programs: Mapping[str, bytes] = field(default_factory=dict)
    like: str | None = None


@dataclass(frozen=True)
class Change:
    """A field of a file in `conf/` that gets a value, if nobody has set it yet.

    Attributes:
        file: The file, relative to the project.
        path: Keys that lead to the field.
        value: What it becomes.
        untouched: Values, beside none at all, that say that nobody has.
        place: Where the value comes from.
    """

    file: str
    path: tuple[str, ...]
    value: Any
    untouched: tuple[Any, ...]
    place: Place


@dataclass
class Plan:
    """All that an import writes, and what there is to say about it.

    Attributes:
        models: The new models.
        changes: What becomes of `conf/`.
        remarks: One line for whatever changes its name or is not carried over.
    """

    models: list[NewModel] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def drop(self, place: Place, reason: str) -> None:
        """Note that something is not carried over."""
        self.remarks.append(f"{place} is not carried over: {reason}.")

    def note(self, place: Place, remark: str) -> None:
        """Note something else that the user should know."""
        self.remarks.append(f"{place} {remark}.")
