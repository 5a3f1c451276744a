"""What a generated project holds, for every choice."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from allpairspy import AllPairs

from tests.baking import CHOICES, DEFAULTS, TEMPLATE, files, generate
from tests.conftest import Bake

BUILD_FILES = {
    "github": ".github/workflows/ci.yml",
    "gitlab": ".gitlab-ci.yml",
    "codecommit": "codebuild-buildspec.yml",
}
LICENSES = {
    "MIT-0": "MIT No Attribution",
    "Apache-2.0": "Apache License",
    "Proprietary": "All rights",
}
PAIRS = [dict(zip(CHOICES, pair, strict=True)) for pair in AllPairs(list(CHOICES.values()))]


COMMANDS: dict[str, Callable[[Any], list[str | None]]] = {
    "github": lambda build: [step.get("run") for step in build["jobs"]["check"]["steps"]],
    "gitlab": lambda build: build["check"]["script"],
    "codecommit": lambda build: [
        command for phase in build["phases"].values() for command in phase["commands"]
    ],
}


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def test_default_answers_give_the_templates_files_without_any_build_file(
    template: Path, default_project: Path
) -> None:
    assert files(default_project) == files(template / TEMPLATE) - set(BUILD_FILES.values())


def test_the_folder_has_the_name_that_follows_from_the_project_name(default_project: Path) -> None:
    assert default_project.name == DEFAULTS["project_slug"]


def test_a_newcomer_sees_at_most_fifteen_entries(bake: Bake) -> None:
    entries = [path.name for path in bake(infrastructure="ci").iterdir()]
    assert len([name for name in entries if not name.startswith(".")]) <= 15
    assert len(entries) <= 20


@pytest.mark.parametrize("answers", PAIRS, ids=lambda answers: "-".join(answers.values()))
def test_every_pair_of_choices_gives_the_chosen_files(
    template: Path, bake: Bake, answers: dict[str, str]
) -> None:
    project = bake(**answers)
    unchosen = set(BUILD_FILES.values())
    if answers["infrastructure"] == "ci":
        unchosen.remove(BUILD_FILES[answers["source_control"]])
    assert files(project) == files(template / TEMPLATE) - unchosen
    assert text_of(project / "LICENSE").lstrip().startswith(("MIT", "Apache", "Copyright"))
    assert LICENSES[answers["license"]] in text_of(project / "LICENSE")


def test_nothing_is_left_unrendered(bake: Bake) -> None:
    project = bake(infrastructure="ci")
    for path in files(project):
        text = text_of(project / path).replace("${{", "")
        assert "{{ cookiecutter" not in text and "{{cookiecutter" not in text, path
        if not path.endswith(".jinja"):
            assert "{%" not in text, path
    assert not any("{" in path for path in files(project))


def test_templates_of_the_project_itself_arrive_as_they_are(bake: Bake, template: Path) -> None:
    project = bake()
    templates = [path for path in files(project) if path.endswith(".jinja")]
    assert templates
    for path in templates:
        assert (project / path).read_bytes() == (template / TEMPLATE / path).read_bytes()


@pytest.mark.slow
def test_two_generations_are_the_same_to_the_byte(template: Path, tmp_path: Path) -> None:
    first, second = (generate(template, tmp_path / name, {}) for name in ("one", "two"))
    assert {path: (first / path).read_bytes() for path in files(first)} == {
        path: (second / path).read_bytes() for path in files(second)
    }


def test_files_that_are_copied_are_the_templates_to_the_byte(
    template: Path, default_project: Path
) -> None:
    for path in files(default_project):
        if path.endswith((".py", ".lock", ".sql")):
            assert (default_project / path).read_bytes() == (
                template / TEMPLATE / path
            ).read_bytes()


@pytest.mark.parametrize("source_control", BUILD_FILES)
def test_the_build_file_is_yaml_that_sets_up_lints_tests_and_compiles(
    bake: Bake, source_control: str
) -> None:
    project = bake(infrastructure="ci", source_control=source_control)
    build = yaml.safe_load(text_of(project / BUILD_FILES[source_control]))
    commands = COMMANDS[source_control](build)
    wanted = ["make setup", "make lint", "make test"]
    if source_control != "codecommit":  # its machine is needed for the images, too
        wanted.append("make slow")
    assert [command for command in commands if command in wanted] == wanted
    assert any("pipeline compile" in command for command in commands if command)


def test_github_actions_are_pinned_and_may_only_read(template: Path) -> None:
    workflow = yaml.safe_load(text_of(template / TEMPLATE / BUILD_FILES["github"]))
    uses = [step["uses"] for step in workflow["jobs"]["check"]["steps"] if "uses" in step]
    assert uses
    assert all(len(action.partition("@")[2]) == 40 for action in uses)
    assert workflow["permissions"] == {"contents": "read"}


def test_every_data_file_is_well_formed(bake: Bake) -> None:
    project = bake(infrastructure="ci")
    readers: dict[str, Callable[[str], Any]] = {
        ".ipynb": json.loads,
        ".json": json.loads,
        ".toml": tomllib.loads,
        ".yaml": yaml.safe_load,
        ".yml": yaml.safe_load,
    }
    for path in files(project):
        if reader := readers.get(Path(path).suffix):
            assert reader(text_of(project / path)), path


@pytest.mark.parametrize("command", ["check", "format --check"])
def test_a_generated_project_passes_ruff(default_project: Path, command: str) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    result = subprocess.run(
        [ruff, *command.split(), "--no-cache", "."],
        cwd=default_project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_makefile_of_the_template_demonstrates_the_default_project(template: Path) -> None:
    assert f"DEMO := build/demo/{DEFAULTS['project_slug']}\n" in text_of(template / "Makefile")
