"""What the parts of the seed must know of each other, for updates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class Bundle(Protocol):
    """The release, and the template at its commit."""

    @property
    def release(self) -> str:
        """Such as `1.4.0`."""

    @property
    def commit(self) -> str:
        """Full hash."""

    @property
    def template(self) -> str:
        """Address of the template, for people and cruft."""

    @property
    def clone(self) -> Path:
        """Folder of a clone of the template that has the commit."""


class Answers(Protocol):
    """Where a project's repository is."""

    @property
    def project_slug(self) -> str:
        """Of the project in Studio."""

    @property
    def source_control(self) -> str:
        """As the question has it."""

    @property
    def repository(self) -> str:
        """As in owner/name; of CodeCommit the name."""

    @property
    def branch(self) -> str:
        """That is built at every push."""

    @property
    def aws_region(self) -> str:
        """Of the project."""


class Repository(Protocol):
    """The repository."""

    @property
    def url(self) -> str:
        """For git."""
