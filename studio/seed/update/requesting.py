"""Pull requests: made where git or IAM can make them, else a link for a person.

A connection of CodeConnections gives git and nothing else: its role has `UseConnection`, and no API
of GitHub's, GitLab's or Bitbucket's is behind it. GitLab makes a merge request from options of the
push; its title and description are those of the only commit:
https://docs.gitlab.com/topics/git/commit/#push-options-for-merge-requests
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from ..hardened import environment, try_git
from ..refusing import SeedError

if TYPE_CHECKING:
    from pathlib import Path

    from .given import Answers

# Servers name other pages too, such as GitHub that of known vulnerabilities.
_ADDRESS = re.compile(
    r"^remote:.*?(https://[^\s<>\"]+/(?:pull|pull-requests|merge_requests)/[^\s<>\"]+)",
    re.MULTILINE,
)
_NO_OPTIONS = "does not support push options"
_NO_WORKFLOWS = "refusing to allow"


def push(project: Path, url: str, branch: str, options: tuple[str, ...]) -> str:
    """Push HEAD as a new branch, and return what the server says of it.

    Args:
        project: The clone.
        url: Of the repository.
        branch: Its name, which must not be there.
        options: For the server.

    Raises:
        SeedError: The server does not take it; nothing was pushed then.
    """
    # An empty expectation: the branch must not exist, or git refuses.
    words = ["push", f"--force-with-lease=refs/heads/{branch}:"]
    given = [f"--push-option={option}" for option in options]
    target = [url, f"HEAD:refs/heads/{branch}"]
    ended = try_git(project, *words, *given, *target)
    if ended.returncode and given and _NO_OPTIONS in ended.stderr:
        ended = try_git(project, *words, *target)
    if ended.returncode:
        raise _refused(ended.stderr, branch)
    return ended.stderr


def _refused(said: str, branch: str) -> SeedError:
    lines = [line.strip() for line in said.splitlines() if "rejected" in line or "fatal:" in line]
    words = " ".join(lines)[:400] or said[-200:]
    msg = f"The server must take the branch {branch}, and said: {words}."
    if _NO_WORKFLOWS in said:
        return SeedError(
            msg,
            "The release changes a workflow, which GitHub takes only from apps that may write "
            "workflows: allow it to the connection's app, or run `uvx cruft update` yourself.",
        )
    return SeedError(msg, "Allow the connection or role to push branches, and start again.")


def gitlab_options(target: str, title: str, *, draft: bool) -> tuple[str, ...]:
    """Return the options of a push that make a merge request.

    Args:
        target: The branch that it is for.
        title: In one line.
        draft: Whether GitLab is to refuse merging it as it is.
    """
    name = f"Draft: {title}" if draft else title
    made = ("merge_request.create", f"merge_request.target={target}")
    return (*made, f"merge_request.title={name}")


def request(answers: Answers, branch: str, head: str, message: str) -> str:
    """Make CodeCommit's pull request, and return its address.

    Asked again with the same commit, CodeCommit gives the request that it has made: the commit is
    the token.

    Args:
        answers: Where the repository is.
        branch: That was pushed.
        head: Its commit.
        message: Of that commit.

    Raises:
        SeedError: AWS refuses it; the branch stays.
    """
    title, _, body = message.partition("\n")
    target = {
        "repositoryName": answers.repository,
        "sourceReference": branch,
        "destinationReference": answers.branch,
    }
    told = {
        "title": title[:150],
        "description": body.strip()[:10_240],
        "targets": [target],
        "clientRequestToken": head,
    }
    command = ["aws", "codecommit", "create-pull-request", "--output", "json"]
    ended = subprocess.run(  # noqa: S603  # words of ours
        [*command, "--cli-input-json", json.dumps(told)],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise SeedError(
            f"The branch {branch} is pushed, and AWS refused a pull request for it: "
            f"{ended.stderr.strip()[:400]}.",
            "Allow codecommit:CreatePullRequest to the seed's role and start again, or open it.",
        )
    number = str(json.loads(ended.stdout)["pullRequest"]["pullRequestId"])
    return _console(answers, f"pull-requests/{number}/details")


def link(answers: Answers, branch: str, said: str) -> str:
    """Return where a person opens the pull request: what the server said, else by its rule.

    Args:
        answers: Where the repository is.
        branch: That is offered.
        said: By the server, at the push; empty for a branch that was there.
    """
    if found := _ADDRESS.search(said):
        return found[1].rstrip(".")
    owner = quote(answers.repository)
    source, target = quote(branch, safe=""), quote(answers.branch, safe="")
    pairs = {"merge_request[source_branch]": branch, "merge_request[target_branch]": answers.branch}
    by_system = {
        # GitHub's docs: "Using query parameters to create a pull request".
        "github": f"https://github.com/{owner}/compare/{target}...{source}?expand=1",
        # As its server prints them after a push.
        "gitlab": f"https://gitlab.com/{owner}/-/merge_requests/new?{urlencode(pairs)}",
        "bitbucket": f"https://bitbucket.org/{owner}/pull-requests/new?source={source}&dest={target}",
    }
    return by_system[answers.source_control]


def _console(answers: Answers, page: str) -> str:
    region = answers.aws_region
    host = {"cn": "amazonaws.cn", "us-gov": "amazonaws-us-gov.com"}
    partition = next((end for start, end in host.items() if region.startswith(f"{start}-")), "")
    place = f"https://{region}.console.{partition or 'aws.amazon.com'}/codesuite/codecommit"
    return f"{place}/repositories/{quote(answers.repository)}/{page}?region={region}"
