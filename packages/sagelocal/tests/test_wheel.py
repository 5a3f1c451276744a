"""The wheel, installed in an environment that holds Optuna, botocore, what they need, no more."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from readme import block, commands

PACKAGE = Path(__file__).parents[1]
# Where the modules of a process come from, one line each, after the command has run.
LOOK = (
    "import sys; from sagelocal.cli import main; code = main(sys.argv[1:]); "
    "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr); sys.exit(code)"
)
OPTUNA = "import sagelocal.tuning.job, sys; print(*sys.modules)"


def needed(name: str) -> set[str]:
    """Return the distributions that one needs, directly or not, as this environment has them."""
    found, waiting = set(), [name]
    while waiting:
        for text in distribution(waiting.pop()).requires or []:
            requirement = Requirement(text)
            other = canonicalize_name(requirement.name)
            applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if applies and other not in found:
                found.add(other)
                waiting.append(other)
    return found


def top_names(name: str) -> set[str]:
    """Return the files and folders of a distribution at the top of site-packages."""
    files = distribution(name).files or []
    return {file.parts[0] for file in files} - {"..", "__pycache__"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    ignore = shutil.ignore_patterns("__pycache__", "tests", ".*")
    shutil.copytree(PACKAGE, folder / "copy", ignore=ignore)
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(words, cwd=folder / "copy", check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment with the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=True, symlinks=True)
    interpreter = folder / "bin" / "python"
    options = ["--no-deps", "--no-index", "--disable-pip-version-check"]
    words = [interpreter, "-I", "-m", "pip", "install", *options, wheel]
    subprocess.run(words, check=True, capture_output=True)
    tools = [interpreter, "-I", "-m", "pip", "uninstall", "--yes", "setuptools", "pip"]
    subprocess.run(tools, check=True, capture_output=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in needed("sagelocal"):
        for top in top_names(name):
            (packages / top).symlink_to(distribution(name).locate_file(top))
    return interpreter


def run(python: Path, folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    variables = {"PATH": f"{python.parent}:/usr/bin:/bin", "HOME": str(folder)}
    options = {"cwd": folder, "env": variables, "timeout": 120}
    return subprocess.run(words, check=False, capture_output=True, text=True, **options)


@pytest.mark.slow
def test_the_environment_holds_nothing_that_is_not_needed(python: Path, tmp_path: Path) -> None:
    code = "import importlib.metadata as m; print(*[found.name for found in m.distributions()])"
    listed = run(python, tmp_path, python, "-c", code).stdout.split()
    installed = {canonicalize_name(name) for name in listed}
    assert installed == {"sagelocal", *needed("sagelocal")}
    assert {"botocore", "optuna"} <= installed
    assert not installed & {"sagetabular", "sagemaker", "boto3", "pandas", "scikit-learn"}


@pytest.mark.slow
def test_the_definition_of_the_readme_runs_with_the_command_alone(
    python: Path, tmp_path: Path
) -> None:
    (tmp_path / "definition.json").write_text(block("json"))
    command = python.with_name("sagelocal")
    succeeds, fails = [
        run(python, tmp_path, command, *words) for words in commands() if words[0] == "run"
    ]
    assert (succeeds.returncode, fails.returncode) == (0, 1), succeeds.stderr + fails.stderr
    assert "Too few rows." in fails.stdout
    listed = run(python, tmp_path, command, "executions").stdout
    assert re.findall("Succeeded|Failed", listed) == ["Failed", "Succeeded"]


@pytest.mark.slow
def test_a_run_loads_the_standard_library_and_sagelocal_alone(python: Path, tmp_path: Path) -> None:
    (tmp_path / "definition.json").write_text(block("json"))
    ended = run(python, tmp_path, python, "-c", LOOK, "run", "definition.json")
    assert ended.returncode == 0, ended.stderr
    loaded = set(ended.stderr.splitlines()[-1].split()) - {*sys.stdlib_module_names, "__main__"}
    # What `sysconfig` reads is part of the standard library, under a name of each platform.
    assert {name for name in loaded if not name.startswith("_sysconfigdata_")} == {"sagelocal"}


@pytest.mark.slow
def test_a_search_loads_optuna_and_what_it_needs_alone(python: Path, tmp_path: Path) -> None:
    ended = run(python, tmp_path, python, "-c", OPTUNA)
    assert ended.returncode == 0, ended.stderr
    loaded = {name.partition(".")[0] for name in ended.stdout.split()}
    theirs = {Path(top).stem for name in needed("sagelocal") for top in top_names(name)}
    allowed = theirs | {*sys.stdlib_module_names, "sagelocal", "__main__"}
    assert "optuna" in loaded
    assert {name for name in loaded - allowed if not name.startswith("_")} == set()


@pytest.mark.slow
def test_the_wheel_holds_the_package_the_licence_and_the_command(wheel: Path) -> None:
    import zipfile

    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (points,) = [name for name in names if name.endswith("entry_points.txt")]
        assert "sagelocal = sagelocal.cli:main" in archive.read(points).decode()
    files = [path for path in PACKAGE.glob("src/**/*.*") if path.suffix != ".pyc"]
    sources = {path.relative_to(PACKAGE / "src").as_posix() for path in files}
    held = {name for name in names if not name.partition("/")[0].endswith(".dist-info")}
    assert held == sources
    assert any(name.endswith("LICENSE") for name in names)
