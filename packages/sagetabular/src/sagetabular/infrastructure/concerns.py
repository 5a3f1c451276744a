"""The project's templates: one for each concern, in the order in which they are deployed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.infrastructure.columns import glue_columns
from sagetabular.infrastructure.inlining import inline
from sagetabular.infrastructure.templates import parse_template
from sagetabular.settings.loading import suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagetabular.project import Project

FOLDER = "infrastructure"
# Each needs outputs of those before it alone. A project's own templates come last.
ORDER = (
    "data-lake", "roles", "sharing", "tracking", "build", "ledger", "triggers", "deploy",
    "release", "workflow",
)  # fmt: skip


@dataclass(frozen=True)
class Concern:
    """A template, and the stack that is made of it.

    Attributes:
        name: Of the file, without its ending.
        text: The template as it is deployed.
    """

    name: str
    text: str

    @property
    def place(self) -> str:
        """What errors call the file."""
        return f"{FOLDER}/{self.name}.yaml"

    @cached_property
    def template(self) -> dict[str, Any]:
        """The template, its functions in their long form.

        Raises:
            UserError: It is no YAML, or no template.
        """
        return parse_template(self.text, self.place)

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """Name → declaration of every parameter."""
        return self.template.get("Parameters") or {}

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Logical id → resource, whatever its condition."""
        return self.template["Resources"]  # type: ignore[no-any-return]

    @property
    def outputs(self) -> list[str]:
        """Names of the outputs that it may have."""
        return list(self.template.get("Outputs") or {})


def find_concerns(project: Project, wanted: Sequence[str] = ()) -> list[Concern]:
    """Return the project's templates as they are deployed, in the order of deployment.

    Args:
        project: The project.
        wanted: Names of some; all if empty.

    Raises:
        UserError: The project has no templates, or none of a wanted name; a template cannot be
            read or names a Lambda that there is not; `conf/` breaks a rule.
    """
    files = _files(project)
    for name in wanted:
        if name not in files:
            msg = f"{FOLDER}/ has no template {name}.yaml."
            raise UserError(msg, suggestion(name, files))
    columns = glue_columns(project.settings.pipeline.data)
    return [
        Concern(name, inline(_read(file), f"{FOLDER}/{file.name}", columns))
        for name, file in files.items()
        if not wanted or name in wanted
    ]


def _files(project: Project) -> dict[str, Path]:
    found = {file.stem: file for file in sorted((project.root / FOLDER).glob("*.yaml"))}
    if not found:
        msg = f"This project has no templates: {project.root / FOLDER} holds no *.yaml."
        raise UserError(
            msg,
            'Add it with `cruft update --variables-to-update \'{"infrastructure": "full"}\'`, or '
            "generate the project anew with `infrastructure: full`.",
        )
    ordered = [name for name in ORDER if name in found]
    own = [name for name in found if name not in ORDER]
    return {name: found[name] for name in [*ordered, *own]}


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        msg = f"{FOLDER}/{file.name} cannot be read: {err}."
        raise UserError(msg, "Restore the file from git, or generate the project anew.") from err
