"""What a reviewer reads: of the commit, which pull requests take it from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TRAILER = "Template-Commit"
# CodeCommit takes 10,240 characters: botocore's model of CreatePullRequest.
LONGEST = 10_000
_SHOWN = 40
_HEADING = re.compile(r"^## (\d+\.\d+\.\d+)\b.*$", re.MULTILINE)
_LOCKS = ("requirements.lock", "container/")


@dataclass(frozen=True)
class Update:
    """What an update has come to.

    Attributes:
        branch: That it is offered on.
        target: The branch that it is for.
        release: Of the template.
        commit: Of the template.
        address: Of the template.
        before: Release that the project has; empty if it says none.
        changed: Paths of all files that it changes.
        conflicts: Files in which git has marked a conflict.
        rejected: Files of the update's lines that could not be placed.
        twice: Wheels of one package that are there in two versions.
        answers: New question → its default.
        news: Sections of the changelog.
    """

    branch: str
    target: str
    release: str
    commit: str
    address: str
    before: str
    changed: Sequence[str] = ()
    conflicts: Sequence[str] = ()
    rejected: Sequence[str] = ()
    twice: Sequence[str] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    news: str = ""

    @property
    def unresolved(self) -> int:
        """Number of files that somebody has to decide on."""
        return len(self.conflicts) + len(self.rejected)

    @property
    def title(self) -> str:
        """In one line."""
        files = f"{self.unresolved} file{'s' * (self.unresolved != 1)}"
        return f"Update to template {self.release}" + (
            f" ({files} to resolve)" if self.unresolved else ""
        )


def news(before: str, after: str) -> str:
    """Return the sections of a changelog that an earlier one has not.

    Args:
        before: The earlier one.
        after: The changelog, newest release first.
    """
    known = set(_HEADING.findall(before))
    starts = list(_HEADING.finditer(after))
    ends = [*(found.start() for found in starts[1:]), len(after)]
    sections = [
        after[found.start() : end].strip()
        for found, end in zip(starts, ends, strict=False)
        if found[1] not in known
    ]
    return "\n\n".join(sections)


def message(update: Update) -> str:
    """Return the commit's message: title, body, and the template's commit as a trailer."""
    end = f"{TRAILER}: {update.commit}\n"
    parts = [_opening(update), _conflicts(update), _questions(update), _checks(update)]
    text = "\n\n".join([update.title, *filter(None, parts), update.news]).rstrip()
    rest = f"\n\n(The rest: CHANGELOG.md of {update.address}.)"
    room = LONGEST - len(end) - len(rest) - 2
    if len(text) > room:
        text = text[:room].rpartition("\n")[0].rstrip() + rest
    return f"{text}\n\n{end}"


def _opening(update: Update) -> str:
    since = f", from {update.before}" if update.before else ""
    kept = [name for name in update.changed if not name.startswith("vendor/")]
    return (
        f"The template's release {update.release}{since}, by `cruft update`. Nothing is on "
        f"`{update.target}` before you merge it.\n\nFiles beside those of `vendor/`:\n\n"
        + _listed(kept)
    )


def _conflicts(update: Update) -> str:
    parts = []
    if update.conflicts:
        parts.append(
            "**Conflicts.** You changed lines that the release changes too. Each of these files "
            "has both, between `<<<<<<<` and `>>>>>>>`: yours first. Resolve them on this branch "
            "before you merge:\n\n" + _listed(update.conflicts)
        )
        if any(name.startswith(_LOCKS) and name.endswith(".lock") for name in update.conflicts):
            parts.append(
                "A lock is resolved anew instead: take yours, "
                f"`git checkout origin/{update.target} -- requirements.lock container`, then "
                "`make lock`."
            )
    if update.rejected:
        parts.append(
            "**Not placed.** The release's lines for these files had no place in yours, which are "
            "unchanged. Take from each what you need, then delete it:\n\n"
            + _listed(update.rejected)
        )
    if update.twice:
        parts.append(
            "**Two versions of a package.** The update removes the wheels that the last one "
            f"brought; remove the older of these, and run `make lock`:\n\n{_listed(update.twice)}"
        )
    return "\n\n".join(parts)


def _questions(update: Update) -> str:
    if not update.answers:
        return ""
    lines = _listed(f"{name}: {value}" for name, value in update.answers.items())
    return (
        f"New questions, answered by their defaults:\n\n{lines}\n\nAnother answer: "
        '`uvx cruft update --variables-to-update \'{"NAME": "ANSWER"}\'`, after the merge.'
    )


def _checks(update: Update) -> str:
    return (
        "Before you merge, see what it does to the pipeline:\n\n"
        "    pipeline compile -o before.json\n"
        f"    git fetch && git switch {update.branch}\n"
        "    make setup test\n"
        "    pipeline compile --compare before.json"
    )


def _listed(names: Iterable[str]) -> str:
    """Return a line for each, of which names of the repository cannot make two."""
    lines = [f"- `{' '.join(name.split())}`" for name in names]
    more = [f"- and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "\n".join(lines[:_SHOWN] + more) or "- none"
