"""The seed's buildspec, executed: what it makes, and that it is the command line's to the byte."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.baking import generate
from tests.releases import clone, git
from tests.studio.aws_program import calls
from tests.studio.seeding import (
    ANSWERS,
    ARTIFACTS,
    DATA,
    KEY,
    RELEASE,
    SAMPLE,
    TEMPLATE_URL,
    URLS,
    Account,
    make_bundle,
    tree_of,
)

pytestmark = pytest.mark.slow
ODD = {
    "project_name": "\"Größe\" & 'Preis' \\ — 価格 $(x) `y` %s" + "z" * 27,
    "project_slug": "a2345678-0123456-89012345-789012",
}
ARCHIVE, SAMPLE_KEY = "houses/project.zip", "input/data/training/part-0.csv"
CONFIGURED = ["!aws codecommit credential-helper $@", "true"]


@pytest.fixture(scope="module")
def source(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a git repository of the working tree's template."""
    return clone(template, tmp_path_factory.mktemp("source") / "template")


@pytest.fixture(scope="module")
def bundle(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(source, tmp_path_factory.mktemp("bundle") / "bundle")


@pytest.fixture
def account(bundle: Path, tmp_path: Path) -> Account:
    return Account(bundle, tmp_path)


def by_command_line(source: Path, folder: Path, answers: dict[str, str]) -> Path:
    """Let `cruft create` make a project from the template's address, as people do."""
    home = folder / "home"
    home.mkdir(parents=True)
    (home / ".gitconfig").write_text(f'[url "{source}"]\n\tinsteadOf = {TEMPLATE_URL}\n')
    cruft = Path(sys.executable).with_name("cruft")
    commit = git(source, "rev-parse", "HEAD")
    given = ["--no-input", "--checkout", commit, "--extra-context", json.dumps(answers)]
    subprocess.run(
        [cruft, "create", TEMPLATE_URL, *given, "--output-dir", folder],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"},
        check=True,
        capture_output=True,
    )
    return folder / answers["project_slug"]


def put(account: Account, bucket: str, key: str, content: bytes) -> None:
    (account.buckets / bucket / quote(key, safe="")).write_bytes(content)


def get(account: Account, bucket: str, key: str) -> bytes:
    return (account.buckets / bucket / quote(key, safe="")).read_bytes()


@pytest.mark.parametrize("source_control", URLS)
def test_an_empty_repository_gets_what_the_command_line_makes(
    account: Account, source: Path, tmp_path: Path, source_control: str
) -> None:
    answers = {**ANSWERS, "source_control": source_control}
    first = account.build(answers)
    assert first.code == 0, first.output
    assert first.result.startswith("seeded: ")
    expected = by_command_line(source, tmp_path / "expected", answers)
    assert account.tree() == tree_of(expected)
    assert git(account.bare, "log", "--format=%s%d", "main") == (
        f"Start from template {RELEASE} (main)"
    )
    assert git(account.bare, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert get(account, DATA, SAMPLE_KEY) == SAMPLE
    before = account.state()
    second = account.build(answers)
    assert second.code == 0, second.output
    assert second.result.startswith("unchanged: ")
    assert account.state() == before


def test_git_gets_credentials_from_aws_and_the_addresses_of_production(account: Account) -> None:
    assert account.build().code == 0
    seen = Path(account.variables["SEEN_BY_GIT"]).read_text().splitlines()
    assert set(zip(seen[::3], seen[1::3], strict=True)) == {tuple(CONFIGURED)}
    assert all(URLS["github"] in words for words in seen[2::3])
    assert any(" push " in words for words in seen[2::3])
    assert not any("--force " in words or " -f " in words or "+" in words for words in seen[2::3])


def test_a_project_without_repository_is_an_archive_of_the_same(
    account: Account, source: Path, tmp_path: Path
) -> None:
    answers = {**ANSWERS, "source_control": "none"}
    first = account.build(answers)
    assert first.code == 0, first.output
    assert f"s3://{ARTIFACTS}/{ARCHIVE}" in first.result
    (tmp_path / "archive.zip").write_bytes(get(account, ARTIFACTS, ARCHIVE))
    # What people do with it; Python's zipfile drops the modes.
    with zipfile.ZipFile(tmp_path / "archive.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
        for entry in archive.infolist():
            (tmp_path / "unpacked" / entry.filename).chmod(entry.external_attr >> 16 & 0o777)
    expected = by_command_line(source, tmp_path / "expected", answers)
    assert tree_of(tmp_path / "unpacked/houses") == tree_of(expected)
    before = account.state()
    assert account.build(answers).result.startswith("unchanged: ")
    assert account.state() == before


def test_objects_are_sealed_with_the_projects_key_and_never_overwritten(account: Account) -> None:
    assert account.build({"source_control": "none"}).code == 0
    written = [each for each in calls(account.work / "aws.log") if each["operation"] == "PutObject"]
    assert [each["Key"] for each in written] == [ARCHIVE, SAMPLE_KEY]
    for each in written:
        assert (each["ServerSideEncryption"], each["SSEKMSKeyId"]) == ("aws:kms", KEY)
        assert each["IfNoneMatch"] == "*"


def test_odd_answers_with_infrastructure_make_what_the_command_line_makes(
    account: Account, source: Path, tmp_path: Path
) -> None:
    assert (len(ODD["project_name"]), len(ODD["project_slug"])) == (63, 32)
    answers = {**ANSWERS, **ODD, "infrastructure": "full", "license": "Proprietary"}
    ended = account.build(answers)
    assert ended.code == 0, ended.output
    tree = account.tree()
    assert tree == tree_of(by_command_line(source, tmp_path / "expected", answers))
    plain = tree_of(generate(source, tmp_path / "plain", answers))
    assert {name: each for name, each in tree.items() if name != ".cruft.json"} == plain


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"PROJECT_SLUG": "ab"}, "project_slug must have 3 to 32 characters, got 'ab'."),
        ({"LICENSE": "GPL"}, "LICENSE must be one of MIT-0, Apache-2.0, Proprietary, got 'GPL'."),
    ],
)
def test_an_answer_that_the_template_refuses_leaves_everything_as_it_is(
    account: Account, changed: dict[str, str], said: str
) -> None:
    before = account.state()
    ended = account.build(**changed)
    assert ended.code == 1
    assert ended.result.startswith(f"refused: {said}")
    assert "Traceback" not in ended.output
    assert account.state() == before


def test_the_wheels_of_the_lock_are_all_that_is_installed(account: Account, tmp_path: Path) -> None:
    """Install with this Python what CodeBuild installs with its own."""
    wheels = account.source / "wheels"
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    download = [sys.executable, "-m", "pip", "download", *options, "-d", str(wheels)]
    subprocess.run([*download, "-r", account.source / "seed.lock"], check=True)
    python = account.programs / "python"
    python.unlink()
    python.symlink_to(sys.executable)
    ended = account.build()
    assert ended.code == 0, ended.output
    assert ended.result.startswith("seeded: ")
    next(wheels.glob("cruft-*.whl")).write_bytes(b"other")
    shutil.rmtree(account.source / ".venv")
    ended = account.build()
    assert ended.code == 1
    assert ended.result == "refused: the seed was not started, see the log of its build."
