"""Answers and repositories that the seed must refuse, or must not be harmed by."""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from studio.seed import __main__ as program
from studio.seed import hardened
from studio.seed.answers import Answers, read_answers
from studio.seed.buckets import put_new
from studio.seed.bundle import Bundle
from studio.seed.refusing import SeedError
from studio.seed.repository import Repository, telling
from studio.seed.sample import give_sample
from studio.seed.storing import write_archive
from tests.releases import git, start_repository
from tests.studio import aws_program
from tests.studio.seeding import TEMPLATE_URL, URLS

URL = URLS["github"]
VARIABLES = {
    "PROJECT_NAME": "Houses",
    "PROJECT_SLUG": "houses",
    "AWS_REGION": "eu-west-1",
    "SOURCE_CONTROL": "github",
    "INFRASTRUCTURE": "none",
    "LICENSE": "MIT-0",
    "REPOSITORY": "team/houses",
    "REPOSITORY_URL": URL,
    "BRANCH": "main",
    "DATA_BUCKET": "data",
    "ARTIFACT_BUCKET": "artifacts",
    "RELEASE": "9.9.0",
    "KEY_ARN": "arn:aws:kms:eu-west-1:123456789012:key/k",
}
HOOK = "#!/bin/sh\n{}\n"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty bare repository, which git finds at the address of production."""
    bare = tmp_path / "bare.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch", "trunk", str(bare))
    (tmp_path / ".gitconfig").write_text(f'[url "{bare}"]\n\tinsteadOf = {URL}\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    return bare


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a generated project, though a small one; git ignores a file of it."""
    folder = tmp_path / "output/houses"
    folder.mkdir(parents=True)
    (folder / ".gitignore").write_text("*.whl\n")
    (folder / "a.whl").write_bytes(b"\0")
    (folder / "windows.txt").write_bytes(b"one\r\ntwo\r\n")
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    return folder


@pytest.fixture
def seed(
    server: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Return a function that seeds the repository with the small project."""
    monkeypatch.setattr(program, "render", lambda answers, bundle, output: project)
    bundle = Bundle("9.9.0", "0" * 40, TEMPLATE_URL, tmp_path / "template")

    def run(**changed: str) -> str:
        return program.place(read_answers(VARIABLES | changed), bundle, tmp_path)

    return run


def team(tmp_path: Path, server: Path, files: dict[str, str], *refs: str) -> None:
    """Let somebody push one commit as some refs."""
    folder = tmp_path / "team"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    start_repository(folder)
    git(folder, "push", "--quiet", str(server), *(f"HEAD:{ref}" for ref in refs))


def hook(server: Path, text: str, name: str = "pre-receive") -> None:
    file = server / "hooks" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(HOOK.format(text))
    file.chmod(0o755)


def refs(server: Path) -> str:
    return git(server, "for-each-ref")


def check_form(error: SeedError) -> None:
    """Check that an error is a rule and a remedy, in words of a person."""
    rule, remedy = str(error).split("\n")
    assert " must " in rule and rule.endswith(".")
    assert remedy.endswith(".")
    assert "Traceback" not in rule


def test_an_empty_repository_gets_one_commit_with_every_file_as_it_is(
    seed: Callable[..., str], server: Path
) -> None:
    """HEAD of this repository names another branch, which stays so."""
    assert seed() == "seeded: the project of template 9.9.0 is on the branch main."
    assert git(server, "log", "--format=%s|%an|%ae", "main") == (
        "Start from template 9.9.0|template|template@localhost"
    )
    listed = git(server, "ls-tree", "-r", "--format=%(objectmode) %(path)", "main")
    assert set(listed.splitlines()) == {
        *("100644 .gitignore", "100644 a.whl", "100644 windows.txt", "100755 run"),
    }
    assert git(server, "cat-file", "-s", "main:windows.txt") == "10"
    assert (server / "HEAD").read_text() == "ref: refs/heads/trunk\n"


@pytest.mark.parametrize("names", [["clean", "smudge"], ["process"], ["clean", "process"]])
def test_git_lfs_of_the_image_is_not_started_and_files_stay_as_they_are(
    seed: Callable[..., str], server: Path, project: Path, tmp_path: Path, names: list[str]
) -> None:
    """As `git lfs install` sets it; a repository's .lfsconfig could name a server of its own."""
    told = "".join(f"\t{name} = touch {tmp_path}/started; false\n" for name in names)
    with (tmp_path / ".gitconfig").open("a") as file:
        file.write(f'[filter "lfs"]\n{told}\trequired = true\n')
    (project / ".gitattributes").write_text("*.whl filter=lfs diff=lfs merge=lfs -text\n")
    assert seed().startswith("seeded: ")
    assert git(server, "cat-file", "-s", "main:a.whl") == "1"
    hardened.git(tmp_path, "clone", "--quiet", "--branch=main", "--", str(server), "clone")
    assert (tmp_path / "clone/a.whl").read_bytes() == b"\0"
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("branch", ["main", "release/1.x", "a.b-c_d", "é".encode("idna").decode()])
def test_the_branch_is_the_one_that_was_asked_for(
    seed: Callable[..., str], server: Path, branch: str
) -> None:
    seed(BRANCH=branch)
    assert git(server, "for-each-ref", "--format=%(refname)") == f"refs/heads/{branch}"


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ({"README.md": "Houses"}, ["refs/heads/main"]),
        ({"README.md": "Houses"}, ["refs/heads/develop"]),
        ({"README.md": "Houses"}, ["refs/tags/v1"]),
        ({"README.md": "Houses"}, ["refs/heads/main/deeper"]),
        ({"README.md": "Houses"}, [f"refs/heads/b{number}" for number in range(300)]),
        ({".cruft.json": "{"}, ["refs/heads/main"]),
        (
            {".cruft.json": json.dumps({"template": "https://other", "commit": "1" * 40})},
            ["refs/heads/main"],
        ),
    ],
    ids=["README", "other branch", "tag", "branch below it", "300 branches", "broken", "other"],
)
def test_a_repository_with_anything_else_is_refused_and_stays_as_it_is(
    seed: Callable[..., str], server: Path, tmp_path: Path, files: dict[str, str], names: list[str]
) -> None:
    team(tmp_path, server, files, *names)
    before = refs(server)
    with pytest.raises(SeedError) as caught:
        seed()
    check_form(caught.value)
    assert len(caught.value.line) < 1000
    assert refs(server) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo 'You may not push here.' >&2; exit 1", "You may not push here"),
        ("exit 1", "pre-receive hook declined"),
        ("yes 'GL-HOOK-ERR: no' | head -n 200000 >&2; exit 1", "GL-HOOK-ERR: no"),
        (r"printf '\033[31m\001\377no\n' >&2; exit 1", "no"),
    ],
    ids=["words", "silence", "megabytes", "bytes"],
)
def test_a_server_that_rejects_is_quoted_briefly(
    seed: Callable[..., str], server: Path, text: str, said: str
) -> None:
    hook(server, text)
    with pytest.raises(SeedError) as caught:
        seed()
    check_form(caught.value)
    assert said in caught.value.rule
    assert len(caught.value.line) < 1000
    assert refs(server) == ""


def test_what_somebody_pushes_in_between_stays(
    seed: Callable[..., str], server: Path, tmp_path: Path
) -> None:
    team(tmp_path, server, {"README.md": "Houses"}, "refs/heads/elsewhere")
    theirs = git(server, "rev-parse", "elsewhere")
    git(server, "update-ref", "-d", "refs/heads/elsewhere")
    # git's push has compared the branches by now: only the server can still refuse.
    unquarantined = "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY"
    hook(server, f"{unquarantined}; exec git update-ref refs/heads/main {theirs}")
    with pytest.raises(SeedError) as caught:
        seed()
    check_form(caught.value)
    assert "rejected" in caught.value.rule
    assert git(server, "rev-parse", "main") == theirs


def test_a_branch_that_appears_before_the_push_is_not_overwritten(
    server: Path, project: Path, tmp_path: Path
) -> None:
    team(tmp_path, server, {"README.md": "Houses"}, "refs/heads/main")
    before = refs(server)
    with pytest.raises(SeedError, match="rejected") as caught:
        Repository(URL, "main").begin(project, "9.9.0")
    check_form(caught.value)
    assert refs(server) == before


def test_a_project_of_another_slug_is_refused(
    seed: Callable[..., str], server: Path, tmp_path: Path
) -> None:
    answers = {"project_name": "Flats", "project_slug": "flats"}
    record = {"template": TEMPLATE_URL, "commit": "1" * 40, "checkout": None, "directory": None}
    text = json.dumps({**record, "context": {"cookiecutter": answers}})
    team(tmp_path, server, {".cruft.json": text}, "refs/heads/main")
    before = refs(server)
    with pytest.raises(SeedError, match="flats") as caught:
        seed()
    check_form(caught.value)
    assert refs(server) == before


def test_a_refused_workflow_is_explained(seed: Callable[..., str], server: Path) -> None:
    """GitHub's words, of docs.github.com and many issues."""
    hook(
        server,
        "echo 'refusing to allow a GitHub App to create or update workflow "
        "`.github/workflows/ci.yml` without `workflows` permission' >&2; exit 1",
    )
    with pytest.raises(SeedError, match="allow Workflows to the app of the connection"):
        seed()


def test_a_repository_that_is_not_there_is_said_with_what_to_check(
    seed: Callable[..., str], server: Path, tmp_path: Path
) -> None:
    server.rename(tmp_path / "gone.git")
    with pytest.raises(SeedError) as caught:
        seed()
    check_form(caught.value)
    assert "bare.git' does not appear to be a git repository" in caught.value.rule
    for word in ("exists", "Available", "Region", "role"):
        assert word in caught.value.remedy


@pytest.mark.parametrize("name", ["PROJECT_NAME", "REPOSITORY", "LICENSE", "BRANCH"])
@pytest.mark.parametrize(
    "value", ["{{ 7 * 7 }}", "{% raw %}", "a {# b", "", "a\nb", "a\x1b[0m", "a\n", "\u202eab"]
)
def test_an_answer_that_could_be_executed_is_refused(name: str, value: str) -> None:
    with pytest.raises(SeedError) as caught:
        read_answers(VARIABLES | {name: value})
    check_form(caught.value)
    assert caught.value.rule.startswith(f"{name} must ")
    assert caught.value.rule.isascii()


@pytest.mark.parametrize("name", ["\"Größe\" & 'Preis' \\", "{ } $(x) `y`", "--help", "-x", "価格"])
def test_other_odd_names_are_answers_like_any(name: str) -> None:
    assert read_answers(VARIABLES | {"PROJECT_NAME": name}).questions()["project_name"] == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("BRANCH", each)
            for each in (
                "-f",
                "--all",
                "a..b",
                "a b",
                "a.lock",
                "a.lock/b",
                "HEAD",
                "refs/heads/main",
                "0" * 40,
                "/a",
                "a/",
                "+a",
                "a:b",
                "ä",
                "a//b",
            )
        ),
        *(
            ("REPOSITORY_URL", each)
            for each in (
                *("--upload-pack=touch x", "ext::sh -c x", "/etc", "file:///etc", "http://h/a.git"),
                *("https://user:secret@host/a.git", "https://host/--x y", "https://-x/../a b"),
            )
        ),
        ("REPOSITORY", "-x/y"),
    ],
)
def test_names_that_are_something_else_to_git_are_refused(name: str, value: str) -> None:
    with pytest.raises(SeedError, match=f"^{name} must ") as caught:
        read_answers(VARIABLES | {name: value})
    check_form(caught.value)


@pytest.mark.parametrize("name", ["source_control", "infrastructure", "license"])
def test_an_answer_that_the_question_does_not_offer_is_refused(name: str) -> None:
    answers = read_answers(VARIABLES | {name.upper(): "other"})
    with pytest.raises(SeedError, match=f"{name.upper()} must be one of a, b, got 'other'"):
        answers.check_choices({name: ["a", "b"], "asked_of_nobody": ["c"]})


def test_only_a_project_without_repository_has_none() -> None:
    without = {name: text for name, text in VARIABLES.items() if "REPOSITORY" not in name}
    assert read_answers(without | {"SOURCE_CONTROL": "none"}).repository_url == ""
    with pytest.raises(SeedError, match=r"^REPOSITORY must be given"):
        read_answers(without)


def test_the_outcome_is_one_line_whatever_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    result = tmp_path / "result.txt"
    monkeypatch.chdir(tmp_path)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    assert program.main(result) == 2
    assert re.fullmatch(r"refused: The bundle must .*\n", result.read_text())
    assert "Traceback" not in capfd.readouterr().err
    (tmp_path / "release.json").write_text("[]")
    assert program.main(result) == 1
    assert re.fullmatch(r"refused: the seed has a fault, TypeError: .*\n", result.read_text())
    monkeypatch.setenv("PROJECT_NAME", "{{ cookiecutter }}")
    assert program.main(result) == 2
    assert result.read_text().startswith("refused: PROJECT_NAME must have no {{,")


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder that is the data bucket."""
    for folder in ("bin", "s3/data", "sample"):
        (tmp_path / folder).mkdir(parents=True)
    aws_program.install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv(aws_program.FOLDER, str(tmp_path / "s3"))
    monkeypatch.setenv(aws_program.LOG, str(tmp_path / "aws.log"))
    (tmp_path / "sample/part-0.csv").write_bytes(b"sample")
    return tmp_path / "s3/data"


@pytest.mark.parametrize(("request_type", "given"), [("Create", True), ("Update", False)])
def test_an_emptied_lake_gets_no_sample_from_an_update(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request_type: str, given: bool
) -> None:
    for name, value in {**VARIABLES, "SEED_REQUEST": request_type}.items():
        monkeypatch.setenv(name, value)
    bundle = SimpleNamespace(choices=dict)
    monkeypatch.setattr(program, "open_bundle", lambda folder, work: bundle)
    monkeypatch.setattr(program, "place", lambda answers, bundle, work: "unchanged: it is there.")
    said = program.seed(tmp_path)
    assert ("The sample is in" in said) == given
    assert bool(list(lake.iterdir())) == given


def test_data_that_is_there_is_left_alone_but_a_mark_of_a_folder_is_none(
    lake: Path, tmp_path: Path
) -> None:
    answers = read_answers(VARIABLES)
    mark, own = (
        quote("input/data/training/", safe=""),
        quote("input/data/training/own.csv", safe=""),
    )
    (lake / mark).write_bytes(b"")
    assert "The sample is in" in give_sample(answers, tmp_path / "sample")
    sample = lake / quote("input/data/training/part-0.csv", safe="")
    assert sample.read_bytes() == b"sample"
    sample.rename(lake / own)
    assert give_sample(answers, tmp_path / "sample") == "The lake has data."
    assert not sample.exists()


def test_an_object_that_appears_before_the_upload_is_not_overwritten(
    lake: Path, tmp_path: Path
) -> None:
    (lake / "key").write_bytes(b"theirs")
    assert not put_new("data", "key", tmp_path / "sample/part-0.csv", VARIABLES["KEY_ARN"])
    assert (lake / "key").read_bytes() == b"theirs"


@pytest.mark.parametrize("denied", ["list-objects-v2", "put-object"])
def test_what_aws_denies_is_quoted(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, denied: str
) -> None:
    monkeypatch.setenv(aws_program.FAILING, denied)
    with pytest.raises(SeedError, match="AccessDenied") as caught:
        give_sample(read_answers(VARIABLES), tmp_path / "sample")
    check_form(caught.value)
    assert denied in caught.value.rule and list(lake.iterdir()) == []


def test_an_archive_has_the_same_bytes_and_what_git_knows_of_modes(
    project: Path, tmp_path: Path
) -> None:
    write_archive(project, tmp_path / "first.zip")
    for file in project.iterdir():
        os.utime(file, (1, 1))
    (project / "windows.txt").chmod(0o600)
    write_archive(project, tmp_path / "second.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "first.zip") as archive:
        modes = {each.filename: oct(each.external_attr >> 16) for each in archive.infolist()}
    assert modes["houses/run"] == "0o100755"
    assert modes["houses/windows.txt"] == "0o100644"


def test_what_git_says_is_shortened_from_the_middle() -> None:
    said = "remote: first\n" + "remote: x\n" * 1000 + "fatal: last\nhint: none\n"
    words = telling(said)
    assert len(words) < 500
    assert words.startswith("remote: first") and words.endswith("fatal: last")


def test_answers_hold_what_the_stack_says() -> None:
    found = read_answers(VARIABLES)
    assert {name: getattr(found, name.lower()) for name in VARIABLES if name != "RELEASE"} == {
        name: value for name, value in VARIABLES.items() if name != "RELEASE"
    }
    assert isinstance(found, Answers)
    assert Repository(found.repository_url, found.branch).url == URL
