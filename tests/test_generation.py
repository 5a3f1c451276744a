"""What a generated project holds, for every choice."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sagetabular.infrastructure.templates import parse_template
from tests.baking import CHOICES, DEFAULTS, TEMPLATE, files, generate, run_hook
from tests.conftest import Bake

# The limits of issue 11, as its amendments have them, and of issue 14.
MOST_FILES = {"none": 40, "full": 54}
MOST_ENTRIES = {"none": 15, "full": 16}
MOST_LINES = 1300
MOST_FILES_ADDED = 14
# What nobody writes: locks, licence, packages.
NOT_OWNED = (".lock", ".whl", "LICENSE")
# What issue 11 wants in every project.
BUILDSPEC = "codebuild-buildspec.yml"
ALWAYS = {
    *("AGENTS.md", "LICENSE", "Makefile", "README.md", "pyproject.toml", "requirements.lock"),
    *(".dockerignore", ".editorconfig", ".gitattributes", ".gitignore", ".pre-commit-config.yaml"),
    *(BUILDSPEC, ".renovaterc.json", "pipelines/training/pipeline.py"),
}
FOLDERS = {"conf", "container", "models", "notebooks", "pipelines", "queries", "tests", "vendor"}
BUILD_FILES = {"github": ".github/workflows/ci.yml", "gitlab": ".gitlab-ci.yml"}
DEPLOY = ".github/workflows/deploy.yml"
INFRASTRUCTURE = "infrastructure/"
# The stacks of issue 14.
STACKS = {
    *("build", "data-lake", "deploy", "ledger", "release"),
    *("roles", "sharing", "tracking", "triggers", "workflow"),
}
LICENSES = {
    "MIT-0": "MIT No Attribution",
    "Apache-2.0": "Apache License",
    "Proprietary": "All rights",
}
# Commits of releases whose action.yml says `using: node24`, read in the actions' repositories.
NODE_24 = {
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/setup-python": ("5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0"),
    "actions/upload-artifact": ("bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"),
    "aws-actions/configure-aws-credentials": (
        "e6de054238d6b7531b4efff3b6587d9aade6a06c",
        "v6.2.3",
    ),
}
# How Renovate finds the command in a lock, and which options of uv it does not refuse: from
# lib/modules/manager/pip-compile/common.ts of its release 44.
RENOVATE_HEADER = re.compile(r"^(?:#.*?\r?\n)+# {4}(?P<command>\S*)(?P<arguments> .*?)?\r?\n")
RENOVATE_OPTIONS = {
    *("-v", "--all-extras", "--emit-index-url", "--extra", "--extra-index-url", "--format"),
    *("--constraint", "--constraints", "--exclude-newer", "--exclude-newer-package"),
    *("--fork-strategy", "--generate-hashes", "--group", "--index-url", "--no-emit-package"),
    *("--no-strip-extras", "--output-file", "--override", "--overrides", "--prerelease"),
    *("--python-version", "--resolution", "--universal"),
}
SWITCHES = {"-v", "--all-extras", "--emit-index-url", "--generate-hashes", "--universal"}
COMBINATIONS = [
    dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())
]
COMMANDS: dict[str, Callable[[Any], list[str | None]]] = {
    BUILD_FILES["github"]: lambda build: [
        step.get("run") for step in build["jobs"]["check"]["steps"]
    ],
    BUILD_FILES["gitlab"]: lambda build: build["check"]["script"],
    BUILDSPEC: lambda build: [
        command for phase in build["phases"].values() for command in phase["commands"]
    ],
}
READERS: dict[str, Callable[[str], Any]] = {
    ".ipynb": json.loads,
    ".json": json.loads,
    ".toml": tomllib.loads,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
}
TEMPLATES = re.compile(rf"{INFRASTRUCTURE}[\w-]+\.yaml")

every_combination = pytest.mark.parametrize(
    "answers", COMBINATIONS, ids=lambda answers: "-".join(answers.values())
)


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    return {path: (folder / path).read_bytes() for path in files(folder)}


def owned_lines(project: Path) -> dict[str, int]:
    owned = [path for path in files(project) if not path.endswith(NOT_OWNED)]
    return {path: len(text_of(project / path).splitlines()) for path in owned}


def lines_outside_of_infrastructure(project: Path) -> dict[str, int]:
    """Count owned lines, without what deploys from GitHub or GitLab."""
    lines = owned_lines(project)
    job = text_of(project / BUILD_FILES["gitlab"]) if BUILD_FILES["gitlab"] in lines else ""
    if marker := re.search(r"^\.deploy:$", job, re.M):
        lines[BUILD_FILES["gitlab"]] = len(job[: marker.start()].rstrip().splitlines())
    return {
        name: count
        for name, count in lines.items()
        if name != DEPLOY and not name.startswith(INFRASTRUCTURE)
    }


def run(name: str, *arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment, with an empty home."""
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        [Path(sys.executable).with_name(name), *arguments],
        cwd=folder,
        env={**os.environ, **home},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_choices_make_thirty_combinations() -> None:
    assert CHOICES == {
        "source_control": ["github", "gitlab", "bitbucket", "codecommit", "none"],
        "infrastructure": ["none", "full"],
        "license": ["MIT-0", "Apache-2.0", "Proprietary"],
    }
    assert len(COMBINATIONS) == 30


@every_combination
def test_a_project_holds_the_template_but_for_what_was_not_chosen(
    template: Path, bake: Bake, answers: dict[str, str]
) -> None:
    project = bake(**answers)
    chosen, full = answers["source_control"], answers["infrastructure"] == "full"
    others = {file for source_control, file in BUILD_FILES.items() if source_control != chosen}
    if not full:
        others |= {file for file in files(template / TEMPLATE) if file.startswith(INFRASTRUCTURE)}
    if not full or chosen != "github":
        others |= {DEPLOY}
    found = files(project)
    assert found == files(template / TEMPLATE) - others
    assert found >= ALWAYS
    assert (project / ".github").exists() == (chosen == "github")
    assert (project / INFRASTRUCTURE).exists() == full
    assert text_of(project / "LICENSE").lstrip().startswith(("MIT", "Apache", "Copyright"))
    assert LICENSES[answers["license"]] in text_of(project / "LICENSE")


@every_combination
def test_a_team_owns_little(bake: Bake, answers: dict[str, str]) -> None:
    project = bake(**answers)
    infrastructure = answers["infrastructure"]
    visible = {path.name for path in project.iterdir() if not path.name.startswith(".")}
    folders = FOLDERS | ({"infrastructure"} if infrastructure == "full" else set())
    lines = lines_outside_of_infrastructure(project)
    assert len(files(project)) <= MOST_FILES[infrastructure]
    assert len(visible) <= MOST_ENTRIES[infrastructure]
    assert {name for name in visible if (project / name).is_dir()} == folders
    assert sum(lines.values()) <= MOST_LINES, sorted(lines.items(), key=lambda item: -item[1])


@pytest.mark.parametrize("source_control", CHOICES["source_control"])
def test_infrastructure_adds_a_folder_and_the_way_to_deploy(
    bake: Bake, template: Path, tmp_path: Path, source_control: str
) -> None:
    without = contents(bake(source_control=source_control))
    answers = {"source_control": source_control, "infrastructure": "full"}
    full = contents(generate(template, tmp_path / "full", answers))
    added = full.keys() - without.keys()
    assert without.keys() <= full.keys()
    assert len(added) <= MOST_FILES_ADDED
    assert {name for name in added if not name.startswith(INFRASTRUCTURE)} == (
        {DEPLOY} if source_control == "github" else set()
    )
    changed = {name for name in without if without[name] != full[name]}
    build = {BUILD_FILES["gitlab"]} if source_control == "gitlab" else set()
    assert changed == {"README.md", *build}


def test_every_stack_that_the_template_has_is_removed_with_the_others(template: Path) -> None:
    folder = template / TEMPLATE / INFRASTRUCTURE
    assert {path.stem for path in folder.glob("*.yaml")} <= STACKS
    assert {path.name for path in folder.iterdir() if path.suffix != ".yaml"} == {"README.md"}


def test_stacks_hold_nothing_that_is_a_template_to_jinja(template: Path) -> None:
    """cruft renders by the list of the release that made a project, which had no stacks."""
    for path in (template / TEMPLATE / INFRASTRUCTURE).glob("*.yaml"):
        assert not re.search(r"\{[{%#]", text_of(path)), path.name


def test_a_folder_of_the_teams_own_stays(bake: Bake) -> None:
    project = bake()
    own = {"infrastructure/network.yaml": b"Resources: {}\n", ".github/workflows/own.yml": b"{}\n"}
    for name, text in own.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_bytes(text)
    for name in STACKS:
        (project / INFRASTRUCTURE / f"{name}.yaml").write_text("{}")
    assert run_hook("post_gen_project", DEFAULTS, project).returncode == 0
    kept = {name for name in files(project) if name.startswith(INFRASTRUCTURE)}
    assert kept == {"infrastructure/network.yaml"}
    assert all((project / name).read_bytes() == text for name, text in own.items())


@every_combination
def test_every_file_is_rendered_and_well_formed(bake: Bake, answers: dict[str, str]) -> None:
    project = bake(**answers)
    for path in files(project):
        assert "{" not in path
        if path.endswith(".whl"):
            continue
        text = text_of(project / path)
        assert not re.search(r"(?<!\$)\{\{ ?cookiecutter|\{%", text), path
        if TEMPLATES.fullmatch(path):
            assert parse_template(text, path)["Resources"], path
        elif reader := READERS.get(Path(path).suffix):
            assert reader(text), path


def test_the_folder_has_the_name_that_follows_from_the_project_name(default_project: Path) -> None:
    assert default_project.name == DEFAULTS["project_slug"]


def test_two_generations_are_the_same_to_the_byte(bake: Bake, default_project: Path) -> None:
    assert contents(bake()) == contents(default_project)


@pytest.mark.parametrize(
    "ending", [".ipynb", ".lock", ".py", ".sql", ".whl", "/ci.yml", "/deploy.yml", "/tracking.yaml"]
)
def test_files_that_are_copied_are_the_templates_to_the_byte(
    template: Path, full_project: Path, ending: str
) -> None:
    copied = [path for path in files(full_project) if path.endswith(ending)]
    assert copied
    for path in copied:
        assert (full_project / path).read_bytes() == (template / TEMPLATE / path).read_bytes()


def test_a_zip_file_of_the_template_gives_the_same_project(
    template: Path, default_project: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "template.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for path in (template, *sorted(template.rglob("*"))):  # the top folder comes first
            target.write(path, Path("template-main") / path.relative_to(template))
    assert contents(generate(archive, tmp_path / "output", {})) == contents(default_project)


def test_cruft_gives_the_same_project_and_a_record_of_it(
    template: Path, default_project: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "template"
    shutil.copytree(template, clone)
    author = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    for command in (["init", "-q"], ["add", "-A"], [*author, "commit", "-q", "-m", "Start"]):
        subprocess.run(["git", *command], cwd=clone, check=True)
    output = tmp_path / "output"
    output.mkdir()
    result = run("cruft", "create", clone.as_uri(), "--no-input", folder=output)
    assert result.returncode == 0, result.stdout + result.stderr
    project = contents(output / DEFAULTS["project_slug"])
    record = json.loads(project.pop(".cruft.json"))
    assert project == contents(default_project)
    assert record["context"]["cookiecutter"].items() >= DEFAULTS.items()


@pytest.mark.parametrize("source_control", CHOICES["source_control"])
def test_build_files_set_up_lint_test_and_compile(bake: Bake, source_control: str) -> None:
    project = bake(source_control=source_control)
    for file in {BUILDSPEC, BUILD_FILES.get(source_control, BUILDSPEC)}:
        commands = COMMANDS[file](yaml.safe_load(text_of(project / file)))
        wanted = ["make setup", "make lint", "make test", "make contract"]
        assert [command for command in commands if command in wanted] == wanted
        assert any("pipeline compile" in command for command in commands if command)


def test_actions_are_pinned_to_releases_on_node_24(full_project: Path) -> None:
    found: dict[str, tuple[str, str]] = {}
    for name in (BUILD_FILES["github"], DEPLOY):
        text = text_of(full_project / name)
        uses = re.findall(r"uses: ([\w/-]+)@(\w+) # (\S+)$", text, re.M)
        assert len(uses) == text.count("uses:") - text.count("uses: $/.github/")
        assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
        found |= {action: (commit, tag) for action, commit, tag in uses}
    assert found == NODE_24


@pytest.mark.parametrize(
    "command",
    [
        ["actionlint", "-shellcheck=", "-pyflakes=", BUILD_FILES["github"], DEPLOY],
        ["zizmor", "--offline", "--no-progress", "--persona=pedantic", ".github/workflows"],
    ],
    ids=["actionlint", "zizmor"],
)
def test_the_workflows_pass_their_linters(full_project: Path, command: list[str]) -> None:
    result = run(*command, folder=full_project)
    assert result.returncode == 0, result.stdout + result.stderr


def test_renovate_can_run_the_command_that_the_lock_names(default_project: Path) -> None:
    header = RENOVATE_HEADER.match(text_of(default_project / "requirements.lock"))
    assert header
    assert header["command"] == "uv"
    words = header["arguments"].split()
    assert words[:2] == ["pip", "compile"]
    options = [word for word in words[2:] if word.startswith("-")]
    assert {option.partition("=")[0] for option in options} <= RENOVATE_OPTIONS
    assert all("=" in option for option in options if option not in SWITCHES)
    assert [word for word in words[2:] if not word.startswith("-")] == ["pyproject.toml"]
    assert "--output-file=requirements.lock" in options


def test_renovate_updates_the_lock_and_leaves_our_packages_alone(default_project: Path) -> None:
    settings = json.loads(text_of(default_project / ".renovaterc.json"))
    patterns = [pattern.strip("/") for pattern in settings["pip-compile"]["managerFilePatterns"]]
    assert {
        path for path in files(default_project) if any(re.search(p, path) for p in patterns)
    } == {"requirements.lock"}
    off = [rule for rule in settings["packageRules"] if rule.get("enabled") is False]
    names = {name for rule in off for name in rule["matchPackageNames"]}
    assert {"sagelocal", "sagetabular", "numpy", "pandas", "scikit-learn", "xgboost-cpu"} <= names


def test_hooks_before_a_commit_need_only_what_setup_installs(default_project: Path) -> None:
    settings = yaml.safe_load(text_of(default_project / ".pre-commit-config.yaml"))
    assert [repository["repo"] for repository in settings["repos"]] == ["local"]
    hooks = settings["repos"][0]["hooks"]
    assert [hook["id"] for hook in hooks] == ["ruff-check", "ruff-format", "compile"]
    assert all(hook["entry"].startswith(".venv/bin/") for hook in hooks)
    edited = re.compile(hooks[-1]["files"])
    assert all(edited.search(f"{name}/x") for name in ("conf", "models", "pipelines", "queries"))


def test_agents_find_what_their_page_names(default_project: Path) -> None:
    lines = text_of(default_project / "AGENTS.md").splitlines()
    assert len(lines) <= 60
    assert max(len(line) for line in lines) <= 100
    text = "\n".join(lines)
    for path in re.findall(r"`([\w.]+/[\w./]*)`", text):
        ours = not path.startswith((".venv/", ".pipeline/"))
        assert (default_project / path).exists() == ours, path
    targets = re.findall(r"^([a-z]+):.*  ## ", text_of(default_project / "Makefile"), re.M)
    assert set(re.findall(r"`make ([a-z]+)", text)) <= set(targets)


def lint(project: Path, environment: Path) -> subprocess.CompletedProcess[str]:
    """Run `make lint` with a `pipeline`, and with a ruff and a mypy that find nothing."""
    programs = environment / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    run_pipeline = f'exec "{sys.executable}" -m sagetabular.cli "$@"'
    for name, command in {"ruff": "true", "mypy": "true", "pipeline": run_pipeline}.items():
        (programs / name).write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    return subprocess.run(
        ["make", "--old-file=setup", "lint", f"VENV={environment}"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def test_lint_checks_the_templates_of_a_project_that_has_them(
    bake: Bake, default_project: Path, tmp_path: Path
) -> None:
    assert "infra validate" not in lint(default_project, tmp_path / "venv").stdout
    project = bake(infrastructure="full")
    result = lint(project, tmp_path / "venv")
    assert result.returncode == 0, result.stdout + result.stderr
    build = project / "infrastructure/build.yaml"
    build.write_text(text_of(build).replace("KmsKey: !Ref KeyArn", "KmsKey: !Ref KeyAnr"))
    result = lint(project, tmp_path / "venv")
    assert result.returncode != 0
    assert "infrastructure/build.yaml" in result.stdout + result.stderr
    assert "KeyAnr" in result.stdout + result.stderr


@pytest.mark.parametrize("command", ["check", "format --check"])
def test_a_generated_project_passes_ruff(default_project: Path, command: str) -> None:
    result = run("ruff", *command.split(), "--no-cache", ".", folder=default_project)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_makefile_of_the_template_demonstrates_the_default_project(template: Path) -> None:
    assert f"DEMO := build/demo/{DEFAULTS['project_slug']}\n" in text_of(template / "Makefile")
