"""A project that is at an earlier commit of the template is offered the update, as a branch.

The branch holds what `cruft update` makes of the project, to the byte; a person merges it. Nothing
else of the repository is written to, and nothing of it is executed.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .hardened import SETTINGS, git, try_git
from .refusing import SeedError
from .update.describing import TRAILER, Update, message, news
from .update.merging import run_cruft, wheels_twice
from .update.records import FILE, Record, new_answers, numbers, read_record
from .update.requesting import gitlab_options, link, push, request

if TYPE_CHECKING:
    from .update.given import Answers, Bundle, Repository


def offer(repository: Repository, bundle: Bundle, answers: Answers) -> str:
    """Bring a repository that has commits to the release, or say why there is nothing to do.

    Args:
        repository: The project's.
        bundle: The release.
        answers: Where the repository is.

    Returns:
        One line: `offered: …` or `unchanged: …`.

    Raises:
        SeedError: The repository holds no project of this template, or one that cannot be updated.
            Nothing was pushed then.
    """
    with tempfile.TemporaryDirectory(prefix="update-") as folder:
        # All of the branch: what a three-way merge begins with is in its history.
        target = f"--branch={answers.branch}"
        words = ("clone", "--quiet", "--no-tags", "--single-branch", target, "--", repository.url)
        git(Path(folder), *words, "project")
        return _Offer(repository.url, bundle, answers, Path(folder) / "project").make()


@dataclass(frozen=True)
class _Offer:
    """An update of one project.

    Attributes:
        url: Of the repository, for git.
        bundle: The release.
        answers: Where the repository is.
        project: A clone of it.
    """

    url: str
    bundle: Bundle
    answers: Answers
    project: Path

    @property
    def branch(self) -> str:
        return f"template-{self.bundle.release}"

    def make(self) -> str:
        record = read_record(self.project, self.bundle.template)
        _check_slug(record, self.answers)
        if reason := _nothing_to_do(record, self.bundle):
            return f"unchanged: {reason}."
        if head := git(self.project, "ls-remote", self.url, f"refs/heads/{self.branch}").split():
            return self._find(head[0])
        run_cruft(self.project, self.bundle.clone, record.template, self.bundle.commit)
        update = self._commit(record)
        if update is None:
            return f"unchanged: template {self.bundle.release} changes nothing in this project."
        return self._push(update)

    def _find(self, head: str) -> str:
        """Leave a branch that is there as it is; see that it has its pull request."""
        branch = self.branch
        git(self.project, "fetch", "--quiet", "--no-tags", self.url, f"refs/heads/{branch}")
        form = f"--format=%ce%n%(trailers:key={TRAILER},valueonly)"
        # The first line is empty where the committer has no address.
        by, _, commits = git(self.project, "log", "-1", form, head).partition("\n")
        if by != SETTINGS["user.email"] or commits.split() != [self.bundle.commit]:
            return f"unchanged: the branch {branch} has commits of others, and is left as it is."
        said = git(self.project, "log", "-1", "--format=%B", head)
        place = self._request(head, said, "")
        return f"unchanged: the branch {branch} offers this release already: {place}"

    def _commit(self, record: Record) -> Update | None:
        """Commit what cruft left; None if that is nothing."""
        project, bundle = self.project, self.bundle
        conflicts = _paths(project, "diff", "--name-only", "--diff-filter=U", "-z")
        # Ignored ones too: a fresh clone has no other files than cruft's.
        git(project, "add", "--all", "--force")
        changed = _paths(project, "diff", "--cached", "--name-only", "--no-renames", "-z", "HEAD")
        if not changed:
            return None
        context = json.loads((project / FILE).read_text(encoding="utf-8"))["context"]
        update = Update(
            branch=self.branch,
            target=self.answers.branch,
            release=bundle.release,
            commit=bundle.commit,
            address=bundle.template,
            before=record.release,
            changed=changed,
            conflicts=conflicts,
            rejected=[name for name in changed if name.endswith(".rej")],
            twice=wheels_twice(_paths(project, "ls-files", "-z", "vendor")),
            answers=new_answers(record.answers, context["cookiecutter"]),
            news=news(*(_changelog(bundle, commit) for commit in (record.commit, bundle.commit))),
        )
        words = ("commit", "--quiet", "--no-verify", "--cleanup=verbatim", "--file=-")
        git(project, *words, fed=message(update))
        return update

    def _push(self, update: Update) -> str:
        options: tuple[str, ...] = ()
        if self.answers.source_control == "gitlab":
            draft = update.unresolved > 0
            options = gitlab_options(update.target, update.title, draft=draft)
        said = push(self.project, self.url, update.branch, options)
        head = git(self.project, "rev-parse", "HEAD").strip()
        place = self._request(head, message(update), said)
        todo = f", {update.unresolved} to resolve" if update.unresolved else ""
        return f"offered: template {update.release} on the branch {update.branch}{todo}: {place}"

    def _request(self, head: str, message: str, said: str) -> str:
        """Return the pull request, or where a person opens it."""
        if self.answers.source_control == "codecommit":
            return f"pull request {request(self.answers, self.branch, head, message)}"
        made = self.answers.source_control == "gitlab" and "View merge request" in said
        words = "merge request" if made else "open a pull request at"
        return f"{words} {link(self.answers, self.branch, said)}"


def _check_slug(record: Record, answers: Answers) -> None:
    """Refuse a project that another one of Studio's builds, or that people made by themselves."""
    slug = record.answers["project_slug"]
    if slug != answers.project_slug:
        raise SeedError(
            f"The branch {answers.branch} must hold the project {answers.project_slug!r}, got "
            f"{slug!r}.",
            f"Choose an empty repository, or call the project in Studio {slug!r}.",
        )


def _nothing_to_do(record: Record, bundle: Bundle) -> str:
    """Return why a project needs no update, nothing if it does."""
    commit, name, template = bundle.commit, bundle.release, bundle.clone
    if record.commit == commit:
        return f"the project is at template {name}"
    known = try_git(template, "cat-file", "-e", f"{record.commit}^{{commit}}").returncode == 0
    later = numbers(record.release) > numbers(name)
    if later or (known and _follows(template, record.commit, commit)):
        theirs = record.release or record.commit
        return f"the project is at template {theirs}, which is newer than {name}"
    if not known:
        raise SeedError(
            f"`commit` in {FILE} must be one of the template up to {name}, "
            f"got {record.commit}, which the bundle has not.",
            "Publish a release of the template that contains it, or correct it to the release that "
            "the project came from.",
        )
    return ""


def _follows(template: Path, later: str, earlier: str) -> bool:
    return try_git(template, "merge-base", "--is-ancestor", earlier, later).returncode == 0


def _paths(project: Path, *words: str) -> list[str]:
    return git(project, *words).split("\0")[:-1]


def _changelog(bundle: Bundle, commit: str) -> str:
    return try_git(bundle.clone, "show", f"{commit}:CHANGELOG.md").stdout
