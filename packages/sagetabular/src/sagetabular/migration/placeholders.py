"""Placeholders in configurations: names of environment variables inside of values.

dynamic-sagemaker-pipelines-framework replaced any word that happened to be the name of a variable
(`HOME`), and left those of unset variables as they were. Here only declared names count, and need a
value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.migration.plan import Place

# The framework documents all of its variables under this prefix.
_DOCUMENTED = r"SMP_[A-Z0-9]+(?:_[A-Z0-9]+)*"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_values(pairs: list[str]) -> dict[str, str]:
    """Read `NAME=VALUE` of the command line.

    Raises:
        UserError: One is nothing of the kind.
    """
    values = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not _NAME.fullmatch(name) or not value or not value.isprintable():
            msg = f"--set must be NAME=VALUE with the name of a placeholder, got {pair[:100]!r}."
            raise UserError(msg, "Write it like --set SMP_REGION=eu-west-1.")
        values[name] = value
    return values


class Placeholders:
    """Values of placeholders, and which were used."""

    def __init__(self, given: Mapping[str, str], environment: Mapping[str, str]) -> None:
        """Take the values.

        Args:
            given: Name → value; these names are declared by being given.
            environment: Where the values of the framework's own names come from else.
        """
        self._given = given
        self._environment = environment
        names = sorted(map(re.escape, given), key=len, reverse=True)
        every = "|".join([*names, _DOCUMENTED])
        self._pattern = re.compile(rf"(?<![A-Za-z0-9_])(?:{every})(?![A-Za-z0-9_])")
        self.used: dict[str, None] = {}

    def fill(self, value: Any, place: Place) -> Any:
        """Return a document with all placeholders replaced in its values.

        Raises:
            UserError: One has no value.
        """
        if isinstance(value, dict):
            return {key: self.fill(item, place.at(key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item, place.at(number)) for number, item in enumerate(value)]
        if isinstance(value, str):
            return self._pattern.sub(lambda match: self._value(match[0], place), value)
        return value

    def is_one(self, value: str) -> bool:
        """Return whether a value is a placeholder and nothing else."""
        return self._pattern.fullmatch(value) is not None

    def get(self, name: str) -> str | None:
        """Return the value of a placeholder; None without one."""
        return self._given.get(name) or self._environment.get(name) or None

    def _value(self, name: str, place: Place) -> str:
        value = self.get(name)
        if value is None or not value.isprintable():
            msg = f"{place} has the placeholder {name}, which has no value."
            raise UserError(msg, f"Export {name}, or give it with --set {name}=VALUE.")
        self.used[name] = None
        return value
