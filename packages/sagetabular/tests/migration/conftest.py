"""What several modules about imports need."""

from __future__ import annotations

import pytest
from configurations import VALUES, write_repository


@pytest.fixture(autouse=True)
def values(monkeypatch):
    """The placeholders have values."""
    for name, value in VALUES.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def repository(tmp_path):
    """All configurations, with their programs."""
    return write_repository(tmp_path / "repository")


def content_of(folder):
    """Every file below a folder, by its name; without what Python and a compilation leave."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", ".pipeline"} & set(path.parts)
    }


@pytest.fixture(scope="session")
def files_of():
    """Reads all files of a project."""
    return content_of
