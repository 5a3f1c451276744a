"""Names of other frameworks → names that this project takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sagetabular.settings.loading import suggestion
from sagetabular.settings.models.unit_steps import RESERVED_NAMES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

LONGEST_NAME, LONGEST_TITLE = 32, 40
_WORD = re.compile(r"[A-Za-z0-9]+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def identifier(text: str, taken: Collection[str] = (), other: str = "item") -> str:
    """Make a name of letters, digits and underscores that is not taken, case aside.

    Args:
        text: Any text; its letters and digits stay.
        taken: Names that it may not be.
        other: What it begins with where `text` begins with no letter.
    """
    name = "_".join(_WORD.findall(text))
    if not name[:1].isalpha():
        name = f"{other}_{name}".rstrip("_")
    name = name[:LONGEST_NAME].rstrip("_")
    lower = {word.lower() for word in taken}
    chosen, number = name, 1
    while chosen.lower() in lower:
        number += 1
        suffix = f"_{number}"
        chosen = name[: LONGEST_NAME - len(suffix)] + suffix
    return chosen


def step_name(text: str, model: str, taken: Collection[str], *, registers: bool) -> str:
    """Name a step of a model: `churn-eu-CreateModel` of `churn_eu` is `create_model`.

    The model's name at its front is left out, since the pipeline appends the model's title.

    Args:
        text: Its name so far.
        model: The model that it belongs to.
        taken: Names of the model's steps before it.
        registers: Whether it is a register step, the only one that may be called so.
    """
    words = [word.lower() for word in _PART.findall(text)]
    whole = "".join(_WORD.findall(model.lower()))
    fronts = ("".join(words[:count]) for count in range(len(words)))
    skipped = next((count for count, front in enumerate(fronts) if front == whole), 0)
    name = "_".join(words[skipped:])
    if name in RESERVED_NAMES or (name == "register" and not registers):
        name = f"{name}_step"
    return identifier(name, taken, other="step")


def hint(name: str, known: Iterable[str]) -> str:
    """Return which name may have been meant, on one line whatever the names are."""
    return suggestion(_shown(name), map(_shown, known))


def _shown(name: str) -> str:
    return name if name.isprintable() else repr(name)


def title_of(name: str) -> str:
    """Return what names the steps of a model in the pipeline: `churn_eu` is `ChurnEu`."""
    words = "".join(word[:1].upper() + word[1:] for word in _WORD.findall(name))
    return words[:LONGEST_TITLE]
