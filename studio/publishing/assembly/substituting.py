"""`Fn::Sub` whose variables are known in part: what is known stands in its text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from studio.publishing.assembly.deciding import VARIABLE, is_literal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_PURE = re.compile(r"\$\{([^!}][^}]*)\}")


class Substitution:
    """One `Fn::Sub`, its variables looked up one after the other.

    Args:
        own: Its own variables → their values, which nothing is left to do to.
        look_up: Returns what another name stands for.
        taken: Names that mean something outside of it, so that none of its own may be so called.
    """

    def __init__(
        self, own: Mapping[str, Any], look_up: Callable[[str], Any], taken: Collection[str]
    ) -> None:
        self._given, self._look_up, self._taken = own, look_up, taken
        self._own: dict[str, Any] = {}

    def apply(self, text: str) -> Any:
        """Return the value: a text if all is known, a reference if it is nothing else.

        Args:
            text: With `${variables}`.
        """
        text = VARIABLE.sub(self._replaced, text)
        if self._own:
            return {"Fn::Sub": [text, self._own]}
        if pure := _PURE.fullmatch(text):
            name, _, attribute = pure[1].partition(".")
            return {"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name}
        if not _PURE.search(text):
            return text.replace("${!", "${")
        return {"Fn::Sub": text}

    def _replaced(self, match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return match[0]
        value = self._given[name] if name in self._given else self._look_up(name)
        return self._written(name, value)

    def _written(self, name: str, value: Any) -> str:
        """Return what stands in the text for a value.

        Raises:
            UserError: It is none that a text can hold.
        """
        if is_literal(value):
            return str(value).replace("${", "${!")
        if not isinstance(value, dict):
            msg = f"The variable {name} of a Fn::Sub must be a text, got a list."
            raise UserError(msg, "Take it apart by Fn::Join or Fn::Select in the fragment.")
        (function, argument), = value.items()  # fmt: skip
        if function == "Ref":
            return f"${{{argument}}}"
        if function == "Fn::GetAtt":
            return f"${{{'.'.join(argument)}}}"
        if function == "Fn::Sub" and isinstance(argument, str):
            return argument
        while name in self._taken or self._own.get(name, value) != value:
            name = f"{name}Value"
        self._own[name] = value
        return f"${{{name}}}"
