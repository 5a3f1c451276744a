"""Fragments: the templates of `infrastructure/`, and what takes the place of their parameters.

The frame, `studio/project.yaml`, says in `Metadata: Fragments:` which there are, in their order:

    <fragment>:
      <Parameter>: an expression of the frame
      defaults: [parameters that keep the default of the fragment]
      without: [resources that are not to be there]
      patch: {<resource>: what is merged into it, expressions of the frame}

A parameter that an earlier fragment has an output for, by equal name, gets that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.infrastructure.values import problem
from studio.publishing.assembly.deciding import is_literal

if TYPE_CHECKING:
    from collections.abc import Mapping

_SETTINGS = ("defaults", "without", "patch")
_LISTS = ("CommaDelimitedList", "List<")
# What the assembly knows to do with; Rules and the groups of parameters are the frame's own.
_SECTIONS = {
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Rules"),
    *("Parameters", "Conditions", "Resources", "Outputs"),
}


@dataclass(frozen=True)
class Fragment:
    """A template of `infrastructure/`, and what the frame says of it.

    Attributes:
        name: Of its file, without the ending.
        template: As it is written, functions in their long form.
        expressions: Parameter → expression, in terms of the assembled template.
        defaults: Parameters that keep their default.
        left_out: Resources that are not to be there.
        patch: Resource → what is merged into it, in terms of the assembled template.
    """

    name: str
    template: Mapping[str, Any]
    expressions: Mapping[str, Any] = field(default_factory=dict)
    defaults: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    patch: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """What errors and comments call its file."""
        return f"infrastructure/{self.name}.yaml"

    @property
    def prefix(self) -> str:
        """What its resources are called in front: for data-lake, DataLake."""
        return "".join(word.capitalize() for word in self.name.split("-"))


def fragment_of(name: str, template: Mapping[str, Any], said: Mapping[str, Any]) -> Fragment:
    """Return a fragment.

    Args:
        name: Of its file, without the ending.
        template: As `read_template` returns it.
        said: What the frame says of it.

    Raises:
        UserError: The frame speaks of a parameter or a resource that there is not, or the fragment
            has a section that cannot be merged.
    """
    fragment = Fragment(
        name,
        template,
        {key: value for key, value in said.items() if key not in _SETTINGS},
        frozenset(said.get("defaults", [])),
        frozenset(said.get("without", [])),
        said.get("patch", {}),
    )
    _check(fragment)
    return fragment


def bind(fragment: Fragment, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a fragment's parameters → what takes their place.

    Args:
        fragment: The fragment.
        outputs: Of earlier fragments, in terms of the assembled template.

    Raises:
        UserError: Nothing takes the place of a parameter, or a value that it does not allow.
    """
    found = {}
    for name, declared in (fragment.template.get("Parameters") or {}).items():
        value = _value(fragment, name, declared, outputs)
        if is_literal(value) and (rule := problem(declared, _text(value))):
            raise _error(f"{fragment.place}: {name} {rule}, got {value!r}")
        found[name] = _typed(declared, value)
    return found


def _value(
    fragment: Fragment, name: str, declared: Mapping[str, Any], outputs: Mapping[str, Any]
) -> Any:
    if name in fragment.expressions:
        return fragment.expressions[name]
    if name in fragment.defaults:
        if "Default" not in declared:
            raise _error(f"{fragment.place}: {name} has no default to keep")
        return declared["Default"]
    if name in outputs:
        return outputs[name]
    raise UserError(
        f"{fragment.place}: nothing gives the parameter {name} a value.",
        f"Name it in studio/project.yaml, Metadata: Fragments: {fragment.name}: "
        f"as {name}: <expression>, or among its defaults.",
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _typed(declared: Mapping[str, Any], value: Any) -> Any:
    """Return a value as `Ref` gives it: a list where the parameter is one."""
    if not str(declared.get("Type")).startswith(_LISTS):
        return value
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return value if isinstance(value, list) else [value]


def _check(fragment: Fragment) -> None:
    parameters = fragment.template.get("Parameters") or {}
    resources = fragment.template["Resources"]
    for name in [*fragment.expressions, *sorted(fragment.defaults)]:
        if name not in parameters:
            raise _error(f"{fragment.place} has no parameter {name}")
    for name in [*sorted(fragment.left_out), *fragment.patch]:
        if name not in resources:
            raise _error(f"{fragment.place} has no resource {name}")
    for section in fragment.template:
        if section not in _SECTIONS:
            raise _error(f"{fragment.place} has the section {section}, which cannot be merged")


def _error(problem: str) -> UserError:
    return UserError(f"{problem}.", "Correct Metadata: Fragments: in studio/project.yaml.")
