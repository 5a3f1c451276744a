"""What must hold for every file of this repository."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.baking import QUESTIONS, ROOT, TEMPLATE, files

LOCKS = ["requirements.lock", f"{TEMPLATE}/requirements.lock"]
SERVER_LOCKS = [
    "tests/athena/requirements.lock",
    "tests/aws/requirements.lock",
    *(
        f"tests/infrastructure/{lock.name}"
        for lock in (ROOT / "tests/infrastructure").glob("*.lock")
    ),
]
IMAGES = {"model", "jobs"}
IMAGE_LOCKS = [f"{TEMPLATE}/container/{image}.lock" for image in sorted(IMAGES)]
# Put together here, so that this file does not hold what it looks for.
FORBIDDEN = [
    *(f"/{folder}/" for folder in ("root", "home", "work", "Users")),
    *(".".join(host) for host in (("pypi", "org"), ("pythonhosted", "org"), ("devpi", "net"))),
]
WINDOWS_DEVICES = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10))}


@pytest.fixture(scope="module")
def repository(template: Path) -> dict[str, str]:
    """Give the text of every file but pictures and wheels; any other must be UTF-8."""
    paths = [path for path in files(template) if not path.endswith((".png", ".whl"))]
    return {path: (template / path).read_bytes().decode("utf-8") for path in paths}


def test_no_file_names_a_package_host_or_a_folder_of_somebodys_machine(
    repository: dict[str, str],
) -> None:
    found = [
        (path, word) for path, text in repository.items() for word in FORBIDDEN if word in text
    ]
    assert found == []


def test_wheels_lie_in_the_projects_vendor_alone(template: Path) -> None:
    wheels = {path for path in files(template) if path.endswith(".whl")}
    assert {path.rpartition("/")[0] for path in wheels} == {f"{TEMPLATE}/vendor"}
    assert len(wheels) == 2


@pytest.mark.parametrize("path", [*LOCKS, *IMAGE_LOCKS, *SERVER_LOCKS])
def test_a_lock_file_has_hashes_for_every_package_and_no_address(
    repository: dict[str, str], path: str
) -> None:
    assert "://" not in repository[path]
    packages = re.split(r"^(?=[a-z0-9])", repository[path], flags=re.MULTILINE)[1:]
    assert len(packages) > 15
    for package in packages:
        assert re.match(r"[a-z0-9-]+==\S+ ", package)
        assert "--hash=sha256:" in package


def test_the_two_lock_files_agree(repository: dict[str, str]) -> None:
    pins = [
        {line for line in repository[path].splitlines() if "==" in line and "tools" not in line}
        for path in LOCKS
    ]
    names = [{pin.split("==")[0] for pin in lock} for lock in pins]
    common = names[0] & names[1]
    assert common
    assert {p for p in pins[0] if p.split("==")[0] in common} <= pins[1]


@pytest.mark.parametrize("path", IMAGE_LOCKS)
def test_an_image_has_the_versions_that_the_project_is_tested_with(
    repository: dict[str, str], path: str
) -> None:
    image, project = (
        re.findall(r"^(\S+)==(.+) \\$", repository[p], re.M) for p in (path, LOCKS[1])
    )
    names = {name for name, _ in project}
    assert {"numpy", "pandas", "pyarrow"} <= names & {name for name, _ in image}
    assert {pin for pin in image if pin[0] in names} <= set(project)


def test_each_image_is_asked_for_in_a_group_of_its_own(repository: dict[str, str]) -> None:
    groups = tomllib.loads(repository[f"{TEMPLATE}/pyproject.toml"])["dependency-groups"]
    assert {name.removeprefix("image-") for name in groups if name != "dev"} == IMAGES
    for image in IMAGES:
        lock = repository[f"{TEMPLATE}/container/{image}.lock"]
        for requirement in groups[f"image-{image}"]:
            name = re.split(r"[^a-z0-9-]", requirement)[0]
            assert re.search(rf"^{name}==", lock, re.M), (image, name)


def test_the_dockerfile_pins_its_base_and_asks_for_hashes(repository: dict[str, str]) -> None:
    text = repository[f"{TEMPLATE}/container/Dockerfile"]
    assert re.search(r"^ARG BASE=\S+/python:3\.12\.\d+-slim-\w+$", text, re.M)
    assert "latest" not in text
    installs = re.findall(r"pip .*? install.*? -r /", text, re.S)
    assert len(installs) == len(IMAGES)
    assert all("--require-hashes" in i and "--only-binary :all:" in i for i in installs)


def test_the_lock_file_holds_what_the_project_asks_for(repository: dict[str, str]) -> None:
    project = tomllib.loads(repository[f"{TEMPLATE}/pyproject.toml"])
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    locked = {line.split("==")[0] for line in repository[LOCKS[1]].splitlines() if "==" in line}
    names = {re.split(r"[^a-z0-9-]", requirement)[0] for requirement in asked}
    assert names <= locked


def test_python_in_the_template_is_python(repository: dict[str, str]) -> None:
    modules = {path: text for path, text in repository.items() if path.endswith(".py")}
    assert modules
    for path, text in modules.items():
        ast.parse(text, path)
        if path.startswith(TEMPLATE):
            assert not re.search(r"\{%|cookiecutter\.", text), path


def test_hooks_hold_one_line_of_jinja(repository: dict[str, str]) -> None:
    for path, text in repository.items():
        if path.startswith("hooks/"):
            assert re.findall(r".*\{[{%#].*", text) == [
                'ANSWERS: Mapping[str, str] = json.loads(r"""{{ cookiecutter | tojson }}""")'
            ]


def test_every_question_has_a_prompt_and_is_used(repository: dict[str, str]) -> None:
    questions = {name for name in QUESTIONS if not name.startswith("_")}
    assert set(QUESTIONS["__prompts__"]) == questions
    rendered = "".join(text for path, text in repository.items() if path != "cookiecutter.json")
    for question in questions:
        assert f"cookiecutter.{question}" in rendered or f'"{question}"' in rendered


def test_every_path_is_legal_on_windows_and_unique_without_case(
    repository: dict[str, str],
) -> None:
    for path in repository:
        for part in path.split("/"):
            assert not re.search(r'[<>:"\\|?*\x00-\x1f]', part), path
            assert part.rstrip(". ") == part, path
            assert part.split(".")[0].lower() not in WINDOWS_DEVICES, path
        assert len(path) < 140, path
    assert len({path.lower() for path in repository}) == len(repository)


def test_the_build_server_runs_what_a_developer_runs(repository: dict[str, str]) -> None:
    assert repository[".ci/run"].rstrip().endswith("make test")
    assert "set -euo pipefail" in repository[".ci/run"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


@pytest.mark.parametrize("folder", ["", TEMPLATE])
def test_make_without_a_target_says_what_there_is(folder: str, template: Path) -> None:
    result = subprocess.run(
        ["make", "-s"], cwd=template / folder, capture_output=True, text=True, check=True
    )
    makefile = (template / folder / "Makefile").read_text(encoding="utf-8")
    documented = set(re.findall(r"^([a-z]+):.*  ## ", makefile, flags=re.MULTILINE))
    assert {"test", "lint", "clean", "help"} <= documented
    assert {line.split()[0] for line in result.stdout.splitlines()[1:]} == documented


def test_setup_says_what_is_missing_when_python_is_too_old(template: Path, tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\necho 3.9\n", encoding="utf-8")
    old.chmod(0o755)
    result = subprocess.run(
        ["make", "-s", "interpreter", f"VENV={tmp_path / 'venv'}", f"PYTHON={old}"],
        cwd=template / TEMPLATE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "Python 3.11 to 3.14" in result.stderr and f"{old} 3.9" in result.stderr
    assert not (tmp_path / "venv").exists()


def _takes_anything(function: ast.FunctionDef | ast.Lambda) -> bool:
    """Return whether it answers any arguments; one that always raises answers none."""
    body = function.body if isinstance(function.body, list) else [function.body]
    return bool(function.args.vararg or function.args.kwarg) and not all(
        isinstance(statement, ast.Raise) for statement in body
    )


def _stand_ins_that_take_anything(path: str, text: str) -> list[str]:
    """Return the calls of `setattr` that replace something by what never refuses an argument."""
    tree = ast.parse(text)
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr != "setattr" or not node.args:
            continue
        given = node.args[-1]
        name = getattr(given, "id", getattr(given, "attr", ""))
        function = given if isinstance(given, ast.Lambda) else functions.get(name)
        if function is not None and _takes_anything(function):
            found.append(f"{path}:{node.lineno}: {ast.unparse(node)}")
    return found


def test_no_stand_in_takes_arguments_that_the_real_one_would_refuse(
    repository: dict[str, str],
) -> None:
    """A download that always crashed was tested with such a one: use `create_autospec`."""
    tests = {
        path: text for path, text in repository.items()
        if path.endswith(".py") and "tests" in Path(path).parts
    }  # fmt: skip
    assert len(tests) > 150
    assert [found for each in tests.items() for found in _stand_ins_that_take_anything(*each)] == []
    bad = "def fake(**_):\n    return 1\npatch.setattr(library, 'fetch', fake)\n"
    assert len(_stand_ins_that_take_anything("test_bad.py", bad)) == 1
