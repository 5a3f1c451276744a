"""A project on disk: its folder and settings, its commit, and the models it is given."""

from __future__ import annotations

from sagetabular.project.folder import MARKER, Project, find_project

__all__ = ["MARKER", "Project", "find_project"]
