"""A team has made a project its own, and gets the next release: by cruft, or as wheels."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from packages import release
from tests.baking import DEFAULTS, TEMPLATE, files
from tests.releases import (
    LINES,
    clone,
    commit,
    edit,
    git,
    install,
    locked,
    make_release,
    next_version,
    start_repository,
    wheel_version,
)

pytestmark = pytest.mark.slow
LOCKS = release.LOCKS
# A step of the team: how many test rows the winner was judged on.
SEGMENTS = '''"""How many test rows the winner was judged on."""

import json

from sagetabular.jobs.runner import base_dir, run_job
from sagetabular.jobs.tables import read_table


def segments(_argv: list[str]) -> None:
    """Write `report.json`."""
    folder = base_dir() / "processing"
    rows = read_table(folder / "input/test")
    target = folder / "output/report"
    target.mkdir(parents=True, exist_ok=True)
    (target / "report.json").write_text(json.dumps({"rows": len(rows)}))


if __name__ == "__main__":
    run_job(segments, [])
'''
STEP = """    segments = build.step(
        "Segments", "segments", inputs={"test": rows.output("test")}, outputs=["report"]
    )
"""
OWN_TEXT = {
    "README.md": "\n## Who to ask\n\nUs.\n",
    "Makefile": "\nnightly: run  ## what our server does\n",
}
# The package that follows sagetabular in the lock.
NEXT_TO_OURS = re.compile(r"(?<=\n)(sagetabular==.*\n.*\n[\w-]+)==\S+ ")
# What the release after it changes: nothing that a job imports, and a file of the project.
REPORT = "packages/sagetabular/src/sagetabular/report/__init__.py"
NAMED = "AGENTS.md"


@dataclass(frozen=True)
class Update:
    """A template with two releases, and a project that came from the first.

    Attributes:
        template: A git repository, at the second release.
        project: A git repository: the team's edits committed, the update not.
        definition: What the team's project compiled to before it.
    """

    template: Path
    project: Path
    definition: bytes


def run(folder: Path, *command: str | Path, packages: Path | None = None) -> str:
    """Run a program in a folder, with packages that come before the installed ones."""
    path = {"PYTHONPATH": str(packages)} if packages else {}
    home = {"HOME": str(folder.parent), "GIT_CONFIG_NOSYSTEM": "1"}
    result = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **home, **path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def pipeline(project: Path, packages: Path, *words: str) -> str:
    return run(project, sys.executable, "-m", "sagetabular.cli", *words, packages=packages)


def edit_as_a_team_does(project: Path, packages: Path) -> None:
    edit(project / "conf/pipeline.yaml", "  trials: 20 ", "  trials: 12 ")
    edit(project / "models/xgboost/model.yaml", "min: 4, max: 10", "min: 3, max: 8")
    pipeline(project, packages, "model", "add", "forest", "--like", "decision_tree")
    pipeline(project, packages, "eject", "preprocess")
    (project / "pipelines/training/segments.py").write_text(SEGMENTS, encoding="utf-8")
    graph = project / "pipelines/training/pipeline.py"
    edit(graph, "preprocess(build, data)", 'preprocess(build, data, program="preprocess")')
    edit(graph, "    return build.pipeline(\n", f"{STEP}    return build.pipeline(\n")
    edit(graph, "tracked, gate, name", "tracked, segments, gate, name")
    for name, text in OWN_TEXT.items():
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(text)


@pytest.fixture(scope="module")
def update(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Update:
    folder = tmp_path_factory.mktemp("update")
    cruft = Path(sys.executable).with_name("cruft")
    source = clone(template, folder / "template")
    make_release(source, next_version(source), "The first of two.")
    run(folder, cruft, "create", source.as_uri(), "--no-input")
    project = start_repository(folder / DEFAULTS["project_slug"])
    packages = install(project, folder / "first")
    edit_as_a_team_does(project, packages)
    definition = pipeline(project, packages, "compile").encode()
    commit(project, "Make it ours")

    edit(source / REPORT, "The report:", "The report of an execution:")
    edit(source / TEMPLATE / NAMED, "For people and agents.", "For agents, and for people.")
    make_release(source, next_version(source), f"The report says more; {NAMED} too.")
    run(project, cruft, "update", "--skip-apply-ask")
    git(project, "add", "--all")
    return Update(source, project, definition)


def changed(project: Path) -> set[str]:
    """Return what is staged against the team's last commit."""
    return set(git(project, "diff", "--cached", "--name-only", "--no-renames", "HEAD").splitlines())


def vendored(project: Path) -> dict[str, bytes]:
    return {name: (project / name).read_bytes() for name in (*LOCKS, *wheels_of(project))}


def copy_of(update: Update, folder: Path) -> Path:
    """Clone the project as the team committed it, before the update."""
    git(folder, "clone", "--quiet", str(update.project), "project")
    git(folder / "project", "config", "user.name", "Somebody")
    git(folder / "project", "config", "user.email", "somebody@example.com")
    return folder / "project"


def wheels_of(project: Path) -> list[str]:
    return sorted(f"vendor/{wheel.name}" for wheel in (project / "vendor").glob("*.whl"))


def test_an_update_by_cruft_leaves_no_conflict(update: Update) -> None:
    assert [name for name in files(update.project) if name.endswith((".rej", ".orig"))] == []
    assert git(update.project, "ls-files", "--unmerged") == ""
    assert "<<<<<<<" not in git(update.project, "diff", "--cached")


def test_an_update_by_cruft_changes_what_the_release_names(update: Update) -> None:
    before = git(update.project, "ls-tree", "--name-only", "HEAD", "vendor/").splitlines()
    old = {name for name in before if name.endswith(".whl")}
    new = set(wheels_of(update.project))
    assert len(old) == len(new) == 2
    assert changed(update.project) == old | new | set(LOCKS) | {
        ".cruft.json",
        "pyproject.toml",
        NAMED,
    }


def test_an_update_by_cruft_brings_the_wheels_of_the_release(update: Update) -> None:
    theirs = update.template / TEMPLATE
    assert vendored(update.project) == vendored(theirs)
    for lock in LOCKS:
        for package, (version, digest) in locked(update.project / lock).items():
            wheel = release.vendored(update.project)[package]
            assert version == wheel_version(wheel) == release.last_release(update.template)
            assert digest == hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_an_update_by_cruft_changes_one_line_of_the_teams_pyproject(update: Update) -> None:
    difference = git(update.project, "diff", "--cached", "-U0", "HEAD", "pyproject.toml")
    lines = re.findall(r"^[-+](?![-+]{2}).*", difference, re.M)
    assert [line.partition('"')[0] for line in lines] == ["-template = ", "+template = "]
    assert lines[1] == f'+template = "{release.last_release(update.template)}"'


def test_where_a_team_has_other_versions_in_a_lock_that_lock_alone_conflicts(
    update: Update, tmp_path: Path
) -> None:
    project = copy_of(update, tmp_path)
    lock = project / "requirements.lock"
    text = lock.read_text(encoding="utf-8")
    theirs = NEXT_TO_OURS.sub(r"\1==99.0 ", text)
    lock.write_text(theirs, encoding="utf-8")
    commit(project, "Have a newer package")
    run(project, Path(sys.executable).with_name("cruft"), "update", "--skip-apply-ask")
    assert git(project, "diff", "--name-only", "--diff-filter=U") == "requirements.lock"
    assert wheels_of(project) == wheels_of(update.project)
    assert [name for name in files(project) if name.endswith(".rej")] == []
    git(project, "checkout", "--ours", "requirements.lock")
    assert lock.read_text(encoding="utf-8") == theirs != text


def test_who_has_the_packages_from_an_index_gets_no_wheels(update: Update, tmp_path: Path) -> None:
    project = copy_of(update, tmp_path)
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('\n[tool.cruft]\nskip = ["vendor"]\n')
    shutil.rmtree(project / "vendor")
    commit(project, "Take both from an index")
    run(project, Path(sys.executable).with_name("cruft"), "update", "--skip-apply-ask")
    assert not (project / "vendor").exists()
    assert all((project / lock).read_bytes() == vendored(update.project)[lock] for lock in LOCKS)


def test_new_wheels_and_the_hashes_that_pip_prints_are_an_update_too(
    update: Update, tmp_path: Path
) -> None:
    project = copy_of(update, tmp_path)
    for old in wheels_of(project):
        (project / old).unlink()
    for new in wheels_of(update.project):
        shutil.copy(update.project / new, project / new)
    printed = run(project, sys.executable, "-m", "pip", "hash", *wheels_of(project))
    hashes = dict(re.findall(r"^vendor/(\w+)-.*:\n--hash=sha256:(\w+)$", printed, re.M))
    version = release.last_release(update.template)
    for lock in LOCKS:
        text = (project / lock).read_text(encoding="utf-8")
        for package, old_version, digest in LINES.findall(text):
            text = text.replace(f"{package}=={old_version} ", f"{package}=={version} ")
            text = text.replace(digest, hashes[package])
        (project / lock).write_text(text, encoding="utf-8")
    assert vendored(project) == vendored(update.project)
    packages = install(project, tmp_path / "packages")
    assert pipeline(project, packages, "compile").encode() == update.definition


def test_a_release_that_changes_no_job_repeats_no_step_and_passes_the_teams_tests(
    update: Update, tmp_path: Path
) -> None:
    packages = install(update.project, tmp_path / "packages")
    ask = "from importlib.metadata import version as v; import sagetabular as s; "
    ask += "print(v('sagetabular'), s.__file__)"
    version, file = run(update.project, sys.executable, "-c", ask, packages=packages).split()
    assert version == release.last_release(update.template)
    assert Path(file).is_relative_to(packages)
    assert pipeline(update.project, packages, "compile").encode() == update.definition
    assert '"Name":"Segments"' in update.definition.decode().replace(" ", "")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    assert re.search(r"\d+ passed", run(update.project, *command, packages=packages))


def without_the_question(source: Path) -> None:
    """Make the template what 1.2.0 was, which asked nothing about infrastructure.

    As 1.3.0 did, it offers three places of the repository.
    """
    questions = json.loads((source / "cookiecutter.json").read_text(encoding="utf-8"))
    del questions["infrastructure"], questions["__prompts__"]["infrastructure"]
    questions["source_control"] = ["github", "gitlab", "codecommit"]
    questions["_copy_without_render"].remove("infrastructure/*.yaml")
    (source / "cookiecutter.json").write_text(json.dumps(questions), encoding="utf-8")
    edit(source / "hooks/post_gen_project.py", 'ANSWERS["infrastructure"]', '"none"')
    edit(source / TEMPLATE / ".gitlab-ci.yml", 'cookiecutter.infrastructure == "full"', "false")
    shutil.rmtree(source / TEMPLATE / "infrastructure")
    (source / TEMPLATE / ".github/workflows/deploy.yml").unlink()


@pytest.fixture(scope="module")
def unasked(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Update a project of a release that asked nothing about infrastructure, and commit it."""
    folder = tmp_path_factory.mktemp("unasked")
    cruft = Path(sys.executable).with_name("cruft")
    source = clone(template, folder / "template")
    without_the_question(source)
    commit(source, "Ask nothing")
    run(folder, cruft, "create", source.as_uri(), "--no-input")
    project = start_repository(folder / DEFAULTS["project_slug"])
    assert "infrastructure" not in (project / ".cruft.json").read_text(encoding="utf-8")
    git(source, "checkout", "HEAD~", "--", ".")
    commit(source, "Ask")
    run(project, cruft, "update", "--skip-apply-ask")
    git(project, "add", "--all")
    return project


def test_a_project_that_was_asked_nothing_is_updated_without_infrastructure(unasked: Path) -> None:
    assert changed(unasked) == {".cruft.json"}
    record = json.loads((unasked / ".cruft.json").read_text(encoding="utf-8"))
    assert record["context"]["cookiecutter"]["infrastructure"] == "none"
    assert record["context"]["cookiecutter"]["source_control"] == "github"


def test_infrastructure_is_added_later_by_an_update(
    unasked: Path, full_project: Path, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(unasked, project)
    git(project, "commit", "--quiet", "--message", "Update")
    wanted = json.dumps({"infrastructure": "full"})
    cruft = Path(sys.executable).with_name("cruft")
    run(project, cruft, "update", "--skip-apply-ask", "--variables-to-update", wanted)
    git(project, "add", "--all")
    theirs = files(full_project)
    added = {name for name in theirs if name.startswith("infrastructure/")}
    told = {".github/workflows/deploy.yml", ".cruft.json", "README.md"}
    assert changed(project) == added | told
    for name in theirs:
        assert (project / name).read_bytes() == (full_project / name).read_bytes(), name
