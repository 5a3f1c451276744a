"""From a published release to projects of Studio, on a local AWS server.

Publishing, Lambda and seed are those of the repository; git hosts are bare repositories. The
expected files are those that the command line generates.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.baking import DEFAULTS, TEMPLATE, files, generate
from tests.infrastructure.account import account_in
from tests.infrastructure.organisation import ADDRESS, Organisation, equip
from tests.infrastructure.projects import ON_GITHUB, Projects, succeeded
from tests.releases import commit, edit, git
from tests.servers import REGION

ON_CODECOMMIT = {"SourceControl": "codecommit"}
pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Published:
    """An account in which a release is published.

    Attributes:
        organisation: Who published it.
        projects: Who creates projects.
        release: Its version.
        home: Of the server.
    """

    organisation: Organisation
    projects: Projects
    release: str
    home: Path


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, ministack: Path) -> Iterator[Published]:
    """Publish a release in an account of its own."""
    folder = tmp_path_factory.mktemp("studio")
    home = folder / "server"
    with account_in(home, ministack, Path(__file__).with_name("studio_server.py")) as account:
        equip(home, ministack)
        organisation = Organisation(account, folder)
        release = organisation.release("Projects of Studio")
        organisation.publish()
        made = organisation.outputs
        projects = Projects(account, home, made["TemplateBucket"], made["LaunchRoleArn"])
        yield Published(organisation, projects, release, home)


def checked_out(repository: Path, folder: Path) -> dict[str, bytes]:
    """Return path → bytes of the files of main."""
    subprocess.run(["git", "clone", "-q", "-b", "main", repository, folder], check=True)
    names = {name for name in files(folder) if not name.startswith(".git/")}
    return {name: (folder / name).read_bytes() for name in names}


def test_a_repository_is_what_the_command_line_gives_and_the_next_release_is_offered(
    published: Published, tmp_path: Path
) -> None:
    projects, organisation = published.projects, published.organisation
    stack = succeeded(projects.create("wine-quality", "p-one", **ON_CODECOMMIT))
    repository = projects.codecommit("wine-quality", "p-one")
    made = checked_out(repository, tmp_path / "clone")
    answers = {
        **DEFAULTS,
        "project_name": "wine-quality",
        "project_slug": "wine-quality",
        "aws_region": REGION,
        "source_control": "codecommit",
    }
    project = generate(organisation.repository, tmp_path / "projects", answers)
    cruft = json.loads(made.pop(".cruft.json"))
    assert made == {name: (project / name).read_bytes() for name in files(project)}
    assert cruft["template"] == ADDRESS
    assert cruft["commit"] == git(organisation.repository, "rev-parse", "HEAD")
    assert projects.sample(stack.outputs["DataBucket"]).count(b"\n") > 100

    # The next release.
    head = git(repository, "rev-parse", "main")
    edit(organisation.repository / TEMPLATE / "AGENTS.md", "# How to work", "# Working")
    release = organisation.release("Agents read another title")
    organisation.publish("--offer-updates")
    assert git(repository, "rev-parse", "main") == head
    changed = git(repository, "diff", "--name-only", "main", f"template-{release}").splitlines()
    assert {"AGENTS.md", ".cruft.json"} <= set(changed)
    (asked,) = (published.home / "pull-requests").read_text(encoding="utf-8").splitlines()
    (target,) = json.loads(asked)["targets"]
    assert target["repositoryName"] == "sagemaker-wine-quality-p-one"
    assert target["destinationReference"].endswith("main")

    # Its stack has the release from an update on; what was offered is left alone.
    refs = git(repository, "for-each-ref")
    updated = succeeded(
        projects.update("wine-quality", "p-one", **ON_CODECOMMIT), "UPDATE_COMPLETE"
    )
    assert updated.resources == stack.resources
    assert git(repository, "for-each-ref") == refs
    assert release in updated.outputs["SeedResult"]


def test_what_the_seed_refuses_with_is_the_reason_of_the_stack(
    published: Published, tmp_path: Path
) -> None:
    repository = published.projects.on_github(ON_GITHUB["Repository"])
    own = tmp_path / "own"
    subprocess.run(["git", "clone", "-q", repository, own], check=True)
    (own / "README.md").write_text("Ours.\n")
    git(own, "config", "user.name", "Somebody")
    git(own, "config", "user.email", "somebody@example.com")
    git(own, "checkout", "-q", "-B", "main")
    commit(own, "Ours")
    git(own, "push", "-q", "origin", "main")
    before = git(repository, "for-each-ref")

    refused = published.projects.create("houses", "p-first", **ON_GITHUB)
    assert refused.status == "ROLLBACK_COMPLETE"
    assert refused.reasons["Seed"].startswith("refused: ")
    assert "give the project an empty repository" in refused.reasons["Seed"]
    assert git(repository, "for-each-ref") == before
