"""The seed of an existing project: a newer release becomes a branch, and nothing else changes."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from packages import release as releases
from studio.seed.refusing import SeedError
from studio.seed.update.describing import TRAILER
from studio.seed.updating import offer
from tests.baking import files
from tests.releases import commit, edit, git
from tests.studio import aws_program, seeding
from tests.studio.two_releases import (
    ADDRESS,
    FIRST_NEWS,
    LINE,
    NAMED,
    NEW_LINE,
    SECOND_NEWS,
    History,
    Place,
    make_history,
    refs,
    run_cruft,
)

pytestmark = pytest.mark.slow
Make = Callable[..., Place]
OURS = "For us alone."


@pytest.fixture(scope="module")
def history(template: Path, tmp_path_factory: pytest.TempPathFactory) -> History:
    return make_history(template, tmp_path_factory.mktemp("history"))


@pytest.fixture
def made(history: History, tmp_path: Path) -> Make:
    """Return a function that pushes the project, changed by a team, to a bare repository."""

    def make(change: Callable[[Path], object] | None = None, **answers: str) -> Place:
        project = tmp_path / "team"
        git(tmp_path, "clone", "--quiet", str(history.project), "team")
        git(project, "config", "user.name", "Somebody")
        git(project, "config", "user.email", "somebody@example.com")
        if change:
            change(project)
            commit(project, "Make it ours")
        git(tmp_path, "clone", "--quiet", "--bare", str(project), "bare.git")
        git(tmp_path / "bare.git", "config", "receive.advertisePushOptions", "true")
        return Place((tmp_path / "bare.git").as_uri(), **answers)

    return make


def tree_by_hand(history: History, project: Path) -> str:
    """Update a project by the command line, and return the tree as git has it."""
    words = ("update", "--skip-apply-ask", "--checkout", history.second.commit)
    run_cruft(history.template, project, *words)
    git(project, "add", "--all")
    return git(project, "write-tree")


@pytest.fixture(scope="module")
def ours_by_hand(history: History, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the tree that the command line makes of the project that the team has made its own."""
    folder = tmp_path_factory.mktemp("by-hand")
    git(folder, "clone", "--quiet", str(history.project), "team")
    make_it_ours(folder / "team")
    git(
        folder / "team",
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.com",
        "commit",
        "-aqm",
        "x",
    )
    return tree_by_hand(history, folder / "team")


def offered_tree(place: Place, history: History) -> str:
    return git(place.bare, "rev-parse", f"{history.second.branch}^{{tree}}")


def body_of(place: Place, history: History) -> str:
    return git(place.bare, "log", "-1", "--format=%B", history.second.branch)


def make_it_ours(project: Path) -> None:
    edit(project / "conf/pipeline.yaml", "  trials: 20 ", "  trials: 12 ")
    with (project / "README.md").open("a", encoding="utf-8") as file:
        file.write("\n## Who to ask\n\nUs.\n")


def aws_on_the_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the fake `aws` before the real one, and return the log of its calls."""
    (folder / "bin").mkdir()
    aws_program.install(folder / "bin")
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv(aws_program.LOG, str(folder / "calls"))
    return folder / "calls"


@pytest.mark.parametrize("source_control", ["github", "gitlab", "bitbucket", "codecommit"])
def test_update_is_a_branch_with_what_the_command_line_makes(
    source_control: str,
    history: History,
    made: Make,
    ours_by_hand: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = made(make_it_ours, source_control=source_control)
    log = aws_on_the_path(tmp_path, monkeypatch)
    before = refs(place)
    said = offer(place, history.second, place)
    after = refs(place)
    assert {*after} - {*before} == {f"refs/heads/{history.second.branch}"}
    assert {name: after[name] for name in before} == before
    assert offered_tree(place, history) == ours_by_hand
    assert git(place.bare, "rev-parse", f"{history.second.branch}~") == before["refs/heads/main"]
    # A second run changes no ref, and names the same place.
    again = offer(place, history.second, place)
    assert refs(place) == after
    assert said.startswith(f"offered: template {history.second.release} on the branch ")
    assert again.startswith(f"unchanged: the branch {history.second.branch} offers")
    assert said.rpartition(" ")[2] == again.rpartition(" ")[2]
    asked = aws_program.calls(log)
    # The same question twice, with the same token: CodeCommit gives the request that it has.
    assert asked == ([asked[0]] * 2 if source_control == "codecommit" else [])


def test_pull_request_of_codecommit_says_what_the_commit_says_and_is_asked_for_until_it_is_made(
    history: History, made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = made(source_control="codecommit", repository="sagemaker-housing-p-1")
    log = aws_on_the_path(tmp_path, monkeypatch)
    monkeypatch.setenv(aws_program.FAILING, "create-pull-request")
    with pytest.raises(
        SeedError, match="is pushed, and AWS refused a pull request for it: .*Denied"
    ):
        offer(place, history.second, place)
    monkeypatch.delenv(aws_program.FAILING)
    said = offer(place, history.second, place)
    assert "/repositories/sagemaker-housing-p-1/pull-requests/1/details?region=eu-west-1" in said
    # The first was denied.
    denied, asked = aws_program.calls(log)
    assert denied == asked
    assert asked["targets"] == [
        {
            "repositoryName": "sagemaker-housing-p-1",
            "sourceReference": history.second.branch,
            "destinationReference": "main",
        }
    ]
    body = body_of(place, history)
    assert [asked["title"], asked["description"]] == body.split("\n\n", 1)
    said_by(history, place, body)


def said_by(history: History, place: Place, body: str) -> None:
    """Check what the update of a project that nobody changed has moved, and says."""
    words = ("diff", "--name-status", "--no-renames", "main", history.second.branch)
    changed = git(place.bare, *words).splitlines()
    old, new = history.first.release, history.second.release
    wheel = "{}\tvendor/{}-{}-py3-none-any.whl"
    removed = {wheel.format("D", name, old) for name in releases.PACKAGES}
    added = {wheel.format("A", name, new) for name in releases.PACKAGES}
    assert {line for line in changed if line.endswith(".whl")} == removed | added
    assert body.startswith(f"Update to template {new}\n")
    assert SECOND_NEWS in body
    assert FIRST_NEWS not in body
    assert "- `license: MIT-0`" in body
    assert body.endswith(f"{TRAILER}: {history.second.commit}")
    assert "onflict" not in body


def change_what_the_release_changes(project: Path) -> None:
    edit(project / NAMED, LINE, OURS)
    for wheel in (project / "vendor").glob("sagelocal-*.whl"):
        wheel.rename(wheel.with_name("sagelocal-1.3.9-py3-none-any.whl"))


def test_what_a_team_changed_too_is_kept_marked_and_named(
    history: History, made: Make, tmp_path: Path
) -> None:
    place = made(change_what_the_release_changes, source_control="gitlab")
    hook = place.bare / "hooks/pre-receive"
    # What a server's own program gets: https://git-scm.com/docs/githooks#pre-receive
    hook.write_text(
        f"#!/bin/sh\nenv | grep '^GIT_PUSH_OPTION_[0-9]' | sort > {tmp_path}/options\n"
        "echo 'View merge request for it:' >&2\n"
        "echo '  https://gitlab.example.com/org/housing/-/merge_requests/3' >&2\n"
    )
    hook.chmod(0o755)
    said = offer(place, history.second, place)
    end = ", 1 to resolve: merge request https://gitlab.example.com/org/housing/-/merge_requests/3"
    assert said.endswith(end)
    assert offered_tree(place, history) == tree_by_hand(history, tmp_path / "team")
    text = git(place.bare, "show", f"{history.second.branch}:{NAMED}")
    assert all(part in text for part in ("<<<<<<<", OURS, NEW_LINE))
    title, _, body = body_of(place, history).partition("\n")
    assert title == f"Update to template {history.second.release} (1 file to resolve)"
    conflicts, _, twice = body.partition("**Two versions of a package.**")
    assert f"- `{NAMED}`" in conflicts.partition("**Conflicts.**")[2]
    assert "- `vendor/sagelocal-1.3.9-py3-none-any.whl`" in twice
    options = (tmp_path / "options").read_text().splitlines()
    assert [option.partition("=")[2] for option in options] == [
        "merge_request.create",
        "merge_request.target=main",
        f"merge_request.title=Draft: {title}",
    ]


def test_offer_is_made_once_and_left_alone_when_others_work_on_it(
    history: History, made: Make, tmp_path: Path
) -> None:
    place = made()
    git(place.bare, "branch", "template-1.3.7", "main")
    earlier = refs(place)
    said = offer(place, history.first, place)
    assert said == f"unchanged: the project is at template {history.first.release}."
    assert refs(place) == earlier
    offer(place, history.second, place)
    assert {name: refs(place)[name] for name in earlier} == earlier

    team, branch = tmp_path / "team", history.second.branch
    git(team, "fetch", "--quiet", place.url, branch)
    git(team, "checkout", "--quiet", "FETCH_HEAD")
    (team / "README.md").write_text("Resolved.\n")
    commit(team, "Resolve it")
    git(team, "push", "--quiet", place.url, f"HEAD:{branch}")
    before = refs(place)
    said = offer(place, history.second, place)
    assert said == f"unchanged: the branch {branch} has commits of others, and is left as it is."
    assert refs(place) == before

    git(place.bare, "update-ref", "refs/heads/main", branch)
    merged = refs(place)
    for bundle, words in ((history.second, "is at"), (history.first, "is newer than")):
        said = offer(place, bundle, place)
        assert said.startswith("unchanged: the project is at template")
        assert words in said
    assert refs(place) == merged


@pytest.mark.parametrize("email", ["", " ", "a b", "template@localhost"])
def test_a_branch_of_that_name_is_others_whatever_its_last_commit_says(
    history: History, made: Make, tmp_path: Path, email: str
) -> None:
    """git keeps what it is given, also a committer without an address."""
    place = made()
    branch = history.second.branch
    head, _, said = git(place.bare, "cat-file", "commit", "main").partition("\n\n")
    written = re.sub(r"(?m)^(committer [^<]*)<.*>", rf"\1<{email}>", head)
    trailer = "" if email == "template@localhost" else f"\n\n{TRAILER}: {history.second.commit}"
    for number, end in enumerate(dict.fromkeys(["", trailer])):
        (tmp_path / "commit").write_text(f"{written}\n\n{said}{end}\n")
        words = ("hash-object", "-t", "commit", "-w", str(tmp_path / "commit"))
        made_by_others = git(place.bare, *words)
        git(place.bare, "update-ref", f"refs/heads/{branch}", made_by_others)
        before = refs(place)
        assert offer(place, history.second, place) == (
            f"unchanged: the branch {branch} has commits of others, and is left as it is."
        ), number
        assert refs(place) == before


def test_files_that_a_team_skips_stay_and_an_address_may_be_written_otherwise(
    history: History, made: Make
) -> None:
    def skipping(project: Path) -> None:
        with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write('\n[tool.cruft]\nskip = ["vendor"]\n')
        edit(project / ".cruft.json", f'"template": "{ADDRESS}"', f'"template": "{ADDRESS[:-4]}/"')

    place = made(skipping, source_control="gitlab")
    # A server, or something before it, that takes no options of a push.
    git(place.bare, "config", "receive.advertisePushOptions", "false")
    said = offer(place, history.second, place)
    assert "https://gitlab.com/org/housing/-/merge_requests/new?" in said
    words = ("diff", "--name-only", "main", history.second.branch, "--", "vendor")
    assert git(place.bare, *words) == ""


def test_nothing_of_the_repository_is_executed(
    history: History, made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign = tmp_path / "executed"
    shell, python = f"touch {sign}", f"open({str(sign)!r}, 'w').close()\n"

    def hostile(project: Path) -> None:
        # Modules of the names that Python would look for in the folder that it is started in.
        for name in ("cruft", "json", "git", "cookiecutter", "sitecustomize", "typer"):
            (project / f"{name}.py").write_text(python)
        (project / "hooks").mkdir()
        (project / "hooks/post_gen_project.py").write_text(python)
        with (project / ".gitattributes").open("a") as file:
            file.write("*.md filter=evil diff=evil merge=evil\n")
            file.write("*.toml filter=lfs\n")
        (project / ".gitconfig").write_text(f'[filter "evil"]\n\tclean = {shell}\n')
        (project / ".gitmodules").write_text(
            f'[submodule "a"]\n\tpath = a\n\turl = ext::sh -c {shell}\n\tupdate = !{shell}\n'
        )
        (project / "out").symlink_to(tmp_path)
        (project / ".cookiecutterrc").write_text("default_context: {license: Proprietary}\n")
        edit(project / NAMED, LINE, OURS)

    place = made(hostile)
    # Even where whoever runs it has such settings.
    settings = tmp_path / ".gitconfig"
    lfs = "".join(f"\t{name} = {shell}\n" for name in ("clean", "smudge", "process"))
    settings.write_text(
        f'[core]\n\thooksPath = {tmp_path}/hooks\n[filter "lfs"]\n{lfs}\trequired = true\n'
    )
    (tmp_path / "hooks").mkdir()
    for name in ("post-checkout", "pre-commit", "pre-push", "post-commit"):
        (tmp_path / "hooks" / name).write_text(f"#!/bin/sh\n{shell}\n")
        (tmp_path / "hooks" / name).chmod(0o755)
    monkeypatch.setenv("HOME", str(tmp_path))
    before = files(tmp_path)
    assert offer(place, history.second, place).startswith("offered: ")
    assert not sign.exists()
    assert {name for name in files(tmp_path) - before if not name.startswith("bare.git/")} == set()


def test_buildspec_of_the_first_release_seeds_and_that_of_the_second_offers(
    history: History, tmp_path: Path
) -> None:
    """With the environment of the first one's stack, as `--offer-updates` starts the build."""
    first = seeding.make_bundle(history.first.clone, tmp_path / "first")
    second = seeding.make_bundle(history.second.clone, tmp_path / "second")
    (tmp_path / "account").mkdir()
    account = seeding.Account(first, tmp_path / "account")
    assert account.build().result.startswith("seeded: ")
    main = git(account.bare, "rev-parse", "main")
    shutil.rmtree(account.source)
    shutil.copytree(second, account.source)
    ended = account.build(RELEASE=history.second.release)
    branch = f"template-{seeding.RELEASE}"
    assert ended.code == 0, ended.output
    assert ended.result.startswith(f"offered: template {seeding.RELEASE} on the branch {branch}: ")
    assert git(account.bare, "for-each-ref", "--format=%(refname:short)").split() == [
        "main",
        branch,
    ]
    assert git(account.bare, "rev-parse", "main", f"{branch}~").split() == [main, main]
    assert NEW_LINE in git(account.bare, "show", f"{branch}:{NAMED}")
    assert account.build().result.startswith(f"unchanged: the branch {branch} offers this release")
