"""`pipeline doctor` compares `vendor/` with the lock, as the template ships both."""

from __future__ import annotations

import shutil

import pytest
from projects import TEMPLATE

from sagetabular.doctor.wheels import wheels
from sagetabular.project import Project


@pytest.fixture
def project(tmp_path):
    """The template's lock and wheels."""
    shutil.copytree(TEMPLATE / "vendor", tmp_path / "vendor")
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copyfile(TEMPLATE / name, tmp_path / name)
    return Project(tmp_path)


@pytest.fixture
def wheel(project):
    """One of its wheels, whatever its version."""
    (found,) = (project.root / "vendor").glob("sagelocal-*.whl")
    return found


def test_the_templates_own_are_as_they_must_be(project):
    (found,) = wheels(project)
    assert found.state == "ok"


def test_a_missing_wheel_is_named(project, wheel):
    wheel.unlink()
    (found,) = wheels(project)
    assert found.text == (
        f"vendor/{wheel.name} must be there, as requirements.lock names it, and is missing."
    )
    assert "git checkout vendor" in found.remedy


def test_a_changed_wheel_is_named(project, wheel):
    wheel.write_bytes(wheel.read_bytes() + b"x")
    (found,) = wheels(project)
    assert found.text.startswith(f"vendor/{wheel.name} must have the hash that requirements.lock ")


def test_without_a_folder_both_are_named_while_the_project_takes_them_from_there(project):
    shutil.rmtree(project.root / "vendor")
    assert len([*wheels(project)]) == 2
    (project.root / "pyproject.toml").write_text("[project]\n")
    assert [*wheels(project)] == []
