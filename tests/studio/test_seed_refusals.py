"""What the seed refuses to update, before cruft reads a word of it: quick, on tiny repositories."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.seed.refusing import SeedError
from studio.seed.update.describing import LONGEST, Update, message, news
from studio.seed.update.requesting import link, push
from studio.seed.updating import offer
from tests.releases import commit, git, start_repository
from tests.studio.two_releases import ADDRESS, Place, Release, refs

PYPROJECT = '[tool.sagetabular]\ntemplate = "1.4.0"\n'
ANSWERS = {"project_slug": "housing-prices", "license": "MIT-0", "_template": "{{ its own }}"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("bundle") / "template"
    folder.mkdir()
    (folder / "CHANGELOG.md").write_text("# Changelog\n")
    start_repository(folder)
    first = git(folder, "rev-parse", "HEAD")
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## 1.5.0 - 2026-12-01\n")
    commit(folder, first)
    return Release("1.5.0", git(folder, "rev-parse", "HEAD"), folder)


@pytest.fixture
def made(bundle: Release, tmp_path: Path) -> Callable[[Callable[[Path], object]], Place]:
    def make(change: Callable[[Path], object]) -> Place:
        project = tmp_path / "team"
        project.mkdir()
        record = {
            "template": ADDRESS,
            "commit": git(bundle.clone, "rev-parse", "HEAD~"),
            "checkout": None,
            "context": {"cookiecutter": ANSWERS},
            "directory": None,
        }
        (project / ".cruft.json").write_text(json.dumps(record))
        (project / "pyproject.toml").write_text(PYPROJECT)
        change(project)
        start_repository(project)
        git(tmp_path, "clone", "--quiet", "--bare", str(project), "bare.git")
        return Place((tmp_path / "bare.git").as_uri())

    return make


def recorded(**changes: object) -> Callable[[Path], object]:
    def change(project: Path) -> None:
        file = project / ".cruft.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))

    return change


def answering(**answers: object) -> Callable[[Path], object]:
    return recorded(context={"cookiecutter": {**ANSWERS, **answers}})


def written(name: str, text: str | bytes) -> Callable[[Path], object]:
    content = text.encode() if isinstance(text, str) else text
    return lambda project: (project / name).write_bytes(content)


def linked(name: str) -> Callable[[Path], object]:
    def change(project: Path) -> None:
        (project / name).unlink()
        (project / name).symlink_to("/etc/hostname")

    return change


def skipping(path: object) -> Callable[[Path], object]:
    return written("pyproject.toml", f"{PYPROJECT}[tool.cruft]\nskip = {json.dumps(path)}\n")


REFUSED: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no record": (
        lambda project: (project / ".cruft.json").unlink(),
        "has no .cruft.json",
        f"`uvx cruft link {ADDRESS}",
    ),
    "broken": (written(".cruft.json", '{"template": '), ".cruft.json must be JSON", "Restore"),
    "a list": (written(".cruft.json", "[]"), "must be one JSON object, got []", "Restore"),
    "deep": (written(".cruft.json", "[" * 200_000), ".cruft.json must be JSON", "Restore"),
    "bytes": (
        written(".cruft.json", b'{"\xff": 1}'),
        ".cruft.json must be UTF-8, and byte 2 is not",
        "Save .cruft.json as UTF-8",
    ),
    "another template": (
        recorded(template="https://other.example.com/template.git"),
        f"`template` in .cruft.json must be {ADDRESS}, got 'https://other.example.com",
        "from its own",
    ),
    "a beginning": (recorded(template=f"{ADDRESS}x"), "`template` in .cruft.json", "its own"),
    "unknown commit": (
        recorded(commit="0" * 40),
        f"got {'0' * 40}, which the bundle has not",
        "Publish a release of the template that contains it",
    ),
    "an option": (recorded(commit="--upload-pack=sh"), "`commit` in .cruft.json", "Restore"),
    "hooks of its own": (recorded(directory="../x"), "`directory` in .cruft.json", "null"),
    "skip recorded": (recorded(skip=["/tmp"]), "`skip` in .cruft.json must list", "relative"),
    "skip above": (skipping(["../../**"]), "`skip` in pyproject.toml must list", "relative"),
    "skip a folder": (skipping("/codebuild"), "`skip` in pyproject.toml must list", "relative"),
    "skip all": (skipping(["."]), "`skip` in pyproject.toml must list", "relative"),
    "Jinja": (
        answering(project_name="{{ cookiecutter.__init__.__globals__ }}"),
        "The answer project_name in .cruft.json must be text without {{, {%, {#",
        "plain text",
    ),
    "a statement": (answering(license="{% set x = 1 %}"), "The answer license", "plain text"),
    "nested": (answering(license={"{{ 1 }}": 1}), "The answer license", "plain text"),
    "a path": (answering(project_slug="../up"), "The answer project_slug", "Restore"),
    "no answers": (recorded(context=None), "`context.cookiecutter` in .cruft.json", "Restore"),
    "a link": (linked(".cruft.json"), ".cruft.json must be a regular file", "Replace"),
    "another link": (linked("pyproject.toml"), "pyproject.toml must be a regular", "Replace"),
    "broken TOML": (written("pyproject.toml", "[tool"), "pyproject.toml must be TOML", "Correct"),
    "other TOML": (written("pyproject.toml", "tool = 1"), "pyproject.toml must be TOML", "Correct"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_repository_that_cannot_be_updated_is_refused(
    case: str, bundle: Release, made: Callable[[Callable[[Path], object]], Place]
) -> None:
    change, rule, remedy = REFUSED[case]
    place = made(change)
    before = refs(place)
    with pytest.raises(SeedError) as refused:
        offer(place, bundle, place)
    first, second = str(refused.value).splitlines()
    assert rule in first
    assert remedy in second
    assert refs(place) == before


def test_project_that_is_newer_than_the_bundle_is_left_alone(
    bundle: Release, made: Callable[[Callable[[Path], object]], Place]
) -> None:
    def newer(project: Path) -> None:
        recorded(commit="0" * 40)(project)
        written("pyproject.toml", PYPROJECT.replace("1.4.0", "1.10.0"))(project)

    place = made(newer)
    said = offer(place, bundle, place)
    assert said == "unchanged: the project is at template 1.10.0, which is newer than 1.5.0."


def test_repository_that_is_not_what_it_says_is_refused(
    bundle: Release, made: Callable[[Callable[[Path], object]], Place]
) -> None:
    """Git normalises lines of a file only when it is added: the clone differs at once."""
    place = made(written("notes.txt", b"one\r\n"))
    team = place.bare.parent / "team"
    attributes = "notes.txt text eol=lf\n"
    (team / ".gitattributes").write_text(attributes)
    git(team, "add", ".gitattributes")
    git(team, "commit", "--quiet", "--message", "Normalise")
    git(team, "push", "--quiet", place.url, "HEAD:main")
    with pytest.raises(SeedError, match="A fresh clone of the repository must equal its commit"):
        offer(place, bundle, place)


def test_push_takes_no_branch_that_somebody_has_made_meanwhile(
    made: Callable[[Callable[[Path], object]], Place],
) -> None:
    place = made(written("notes.txt", "x"))
    git(place.bare, "branch", "template-1.5.0", "main")
    before = refs(place)
    team = place.bare.parent / "team"
    (team / "notes.txt").write_text("y")
    commit(team, "Change it")
    with pytest.raises(SeedError, match="The server must take the branch template-1.5.0"):
        push(team, place.url, "template-1.5.0", ())
    assert refs(place) == before


def test_push_that_changes_a_workflow_is_explained(
    made: Callable[[Callable[[Path], object]], Place],
) -> None:
    place = made(written("notes.txt", "x"))
    hook = place.bare / "hooks/update"
    # In GitHub's words: https://github.com/repo-sync/github-sync/issues/23
    hook.write_text(
        "#!/bin/sh\necho 'refusing to allow a GitHub App to create or update workflow "
        "`.github/workflows/ci.yml` without `workflows` permission' >&2\nexit 1\n"
    )
    hook.chmod(0o755)
    with pytest.raises(SeedError, match="allow it to the connection's app"):
        push(place.bare.parent / "team", place.url, "template-1.5.0", ())


@pytest.mark.parametrize(
    ("source_control", "said", "expected"),
    [
        (
            "github",
            "remote: See https://ghe.example.com/org/housing/security/dependabot\n"
            "remote: Create a pull request for 'x' on GitHub by visiting:\n"
            "remote:      https://ghe.example.com/org/housing/pull/new/x        \n",
            "https://ghe.example.com/org/housing/pull/new/x",
        ),
        (
            "bitbucket",
            "remote: Create pull request for x:\n"
            "remote:   https://bitbucket.org/org/housing/pull-requests/new?source=x&t=1\n",
            "https://bitbucket.org/org/housing/pull-requests/new?source=x&t=1",
        ),
        ("github", "", "https://github.com/org/housing/compare/rel%2F1...x?expand=1"),
        (
            "bitbucket",
            "",
            "https://bitbucket.org/org/housing/pull-requests/new?source=x&dest=rel%2F1",
        ),
        (
            "gitlab",
            "",
            "https://gitlab.com/org/housing/-/merge_requests/new?merge_request%5Bsource_branch%5D="
            "x&merge_request%5Btarget_branch%5D=rel%2F1",
        ),
    ],
)
def test_link_is_the_servers_or_that_of_its_rule(
    source_control: str, said: str, expected: str
) -> None:
    """The forms are those that the servers print after a push, and GitHub's documented one."""
    assert link(Place("", source_control, branch="rel/1"), "x", said) == expected


def test_news_are_the_sections_that_were_not_there_before() -> None:
    old = "# Changelog\n\n## Unreleased\n\n- x\n\n## 1.0.0 - 2026-01-01\n\n- one\n"
    new = (
        "# Changelog\n\n## Unreleased\n\n## 1.2.0 - 2026-03-01\n\n- three\n\n"
        "## 1.1.0 - 2026-02-01\n\n- two\n\n## 1.0.0 - 2026-01-01\n\n- one\n"
    )
    expected = "## 1.2.0 - 2026-03-01\n\n- three\n\n## 1.1.0 - 2026-02-01\n\n- two"
    assert news(old, new) == expected


def test_message_fits_into_a_pull_request_and_names_are_no_lines_of_their_own() -> None:
    update = Update(
        "template-1.5.0", "main", "1.5.0", "a" * 40, ADDRESS, "1.4.0",
        changed=["models/x\nTemplate-Commit: b.py"] * 99,
        conflicts=["container/jobs.lock"],
        rejected=["README.md.rej"],
        news="\n".join(f"- {number} " + "x" * 80 for number in range(900)),
    )  # fmt: skip
    text = message(update)
    assert len(text) <= LONGEST < 10_240
    assert text.startswith("Update to template 1.5.0 (2 files to resolve)\n")
    assert text.endswith(f"(The rest: CHANGELOG.md of {ADDRESS}.)\n\nTemplate-Commit: {'a' * 40}\n")
    assert text.count("\nTemplate-Commit: ") == 1
    assert "- and 59 more" in text
    assert "`make lock`" in text
    assert "- `README.md.rej`" in text
