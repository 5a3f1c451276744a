"""The template of projects as a stack on a local AWS server: created, updated, deleted, refused.

It is deployed as it is assembled, with the Lambda that starts the seed. A few lines take the place
of the seed itself: they fill an empty repository and refuse one that somebody else filled.
"""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.publishing.assembly import assemble
from tests.infrastructure.account import NUMBER, Account, account_in
from tests.infrastructure.projects import ON_GITHUB, Projects, documented, succeeded
from tests.releases import commit, git
from tests.servers import REGION

BUCKET, BUNDLE = "templates", "bundles/template.zip"
ROLE = f"arn:aws:iam::{NUMBER}:role/sagemaker-projects-launch"
COLUMNS = [{"Name": "price", "Type": "double"}]
REFUSED = "The repository must be empty, got commits of others"
SEED = f"""\
version: 0.2
env: {{exported-variables: [SEED_RESULT]}}
phases:
  build:
    commands:
      - git clone -q "$REPOSITORY_URL" project && cd project
      - git config user.name Seed && git config user.email seed@example.com
      - export SEED_RESULT="{REFUSED} ($REPOSITORY)"
      - test -e made-by-the-seed -o -z "$(git ls-remote)"
      - export SEED_RESULT="release $RELEASE"
      - echo "$PROJECT_SLUG" > made-by-the-seed && git add . && git commit -qm Seed || true
      - git push -q origin HEAD:refs/heads/main HEAD:refs/heads/seen-$RELEASE
      - python ../upload.py
"""
UPLOAD = """\
import boto3, os
key = "input/data/training/part-0.csv"
boto3.client("s3").put_object(Bucket=os.environ["DATA_BUCKET"], Key=key, Body=b"1,2\\n")
"""
ON_CODECOMMIT = {"SourceControl": "codecommit"}
# What a deleted project leaves behind, as docs/studio.md says.
LEFT = {
    "BuildJobsRepository",
    "BuildModelRepository",
    "CodeCommitRepository",
    "DataLakeArtifactBucket",
    "DataLakeDataBucket",
    "DataLakeKey",
    "DataLakeLogBucket",
    "LedgerTable",
    "SharingGroup",
}


def place(account: Account, release: str) -> None:
    """Put the template of a release where Studio finds it."""
    fixed = {
        "BundleBucket": BUCKET,
        "BundleKey": BUNDLE,
        "Release": release,
        "PermissionsBoundary": f"arn:aws:iam::{NUMBER}:policy/sagemaker-projects-boundary",
    }
    account.client("s3").put_object(
        Bucket=BUCKET,
        Key="templates/tabular-models.yaml",
        Body=assemble(fixed, COLUMNS).encode(),
        Tagging="sagemaker:studio-visibility=true",
    )


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory, ministack: Path) -> Iterator[Projects]:
    """An account in which a release is published, and nothing else."""
    home = tmp_path_factory.mktemp("studio") / "server"
    with account_in(home, ministack, Path(__file__).with_name("studio_server.py")) as account:
        s3 = account.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        with zipfile.ZipFile(archive := io.BytesIO(), "w") as bundle:
            bundle.writestr("buildspec.yml", SEED)
            bundle.writestr("upload.py", UPLOAD)
        s3.put_object(Bucket=BUCKET, Key=BUNDLE, Body=archive.getvalue())
        place(account, "1.4.0")
        yield Projects(account, home, BUCKET, ROLE)


def test_nothing_is_built_or_started_before_the_seed_is_through(projects: Projects) -> None:
    stack = succeeded(projects.create("in-order", "p-order", **ON_CODECOMMIT))
    order = projects.completed(stack)
    assert order.index("Seed") < order.index("BuildDelivery")
    assert order.index("Seed") < order.index("TriggersUploadRule")
    # The sample is there, and its upload started nothing.
    assert projects.sample(stack.outputs["DataBucket"]) == b"1,2\n"
    table = projects.account.client("dynamodb").scan(TableName="sagemaker-in-order-dev-starts")
    assert table["Items"] == []


def test_two_projects_share_nothing(projects: Projects) -> None:
    one = succeeded(projects.create("left", "p-left", **ON_CODECOMMIT))
    other = succeeded(projects.create("right", "p-right", **ON_CODECOMMIT))
    assert one.resources.keys() == other.resources.keys()
    shared = {name for name in one.resources if one.resources[name] == other.resources[name]}
    # The name of a table counts within its database.
    assert shared == {"DataLakeGlueTable"}


def test_a_release_updates_the_stack_in_place_and_asks_the_seed_again(projects: Projects) -> None:
    stack = succeeded(projects.create("newer", "p-newer", **ON_CODECOMMIT))
    place(projects.account, "1.5.0")
    updated = succeeded(projects.update("newer", "p-newer", **ON_CODECOMMIT), "UPDATE_COMPLETE")
    assert updated.resources == stack.resources
    branches = git(projects.codecommit("newer", "p-newer"), "branch", "--format=%(refname:short)")
    assert branches.split() == ["main", "seen-1.4.0", "seen-1.5.0"]


def test_what_a_deleted_project_leaves_and_how_its_name_is_used_again(projects: Projects) -> None:
    stack = succeeded(projects.create("again", "p-before", **ON_CODECOMMIT))
    repository = projects.codecommit("again", "p-before")
    head = git(repository, "rev-parse", "main")
    assert projects.delete(stack) == LEFT
    assert git(repository, "rev-parse", "main") == head
    assert projects.sample(stack.outputs["DataBucket"])

    # What bears the project's name alone is in the way.
    blocked = projects.create("again", "p-after", **ON_CODECOMMIT)
    assert blocked.status == "ROLLBACK_COMPLETE"
    assert any("sagemaker-again-dev" in reason for reason in blocked.reasons.values())
    for command in documented("Use the name of a deleted project again"):
        projects.aws(command.replace("NAME", "again"))
    succeeded(projects.create("again", "p-last", **ON_CODECOMMIT))


def test_a_seed_that_refuses_fails_the_stack_with_its_sentence_and_a_second_attempt_works(
    projects: Projects, tmp_path: Path
) -> None:
    repository = projects.on_github(ON_GITHUB["Repository"])
    fill(repository, tmp_path / "own")
    before = git(repository, "for-each-ref")

    refused = projects.create("houses", "p-first", **ON_GITHUB)
    assert refused.status == "ROLLBACK_COMPLETE"
    assert f"{REFUSED} (org/houses)" in refused.reasons["Seed"]
    assert refused.reasons.keys() - {refused.name} == {"Seed"}
    assert git(repository, "for-each-ref") == before
    assert refused.resources == {}
    buckets = [each["Name"] for each in projects.account.client("s3").list_buckets()["Buckets"]]
    assert [name for name in buckets if "p-first" in name] == []

    # The same name and repository, which is empty now; SageMaker gives another id.
    subprocess.run(["rm", "-r", repository], check=True)
    projects.on_github(ON_GITHUB["Repository"])
    succeeded(projects.create("houses", "p-second", **ON_GITHUB))
    assert git(repository, "show", "main:made-by-the-seed") == "houses"


def fill(repository: Path, folder: Path) -> None:
    """Push somebody's commit into a repository."""
    subprocess.run(["git", "clone", "-q", repository, folder], check=True)
    (folder / "README.md").write_text("Ours.\n")
    git(folder, "config", "user.name", "Somebody")
    git(folder, "config", "user.email", "somebody@example.com")
    git(folder, "checkout", "-q", "-B", "main")
    commit(folder, "Ours")
    git(folder, "push", "-q", "origin", "main")
