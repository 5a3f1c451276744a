"""The seed's build, executed as CodeBuild does, with a bundle of the working tree."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.baking import ROOT
from tests.releases import git
from tests.studio import aws_program

SEED = ROOT / "studio/seed"
# Addresses that exist nowhere: git is told where they are, as the commands of production run.
TEMPLATE_URL = "https://git.example.com/platform/template.git"
CONNECTION = "https://codeconnections.eu-west-1.amazonaws.com/git-http/123456789012/eu-west-1"
URLS = {
    **dict.fromkeys(
        ("github", "gitlab", "bitbucket"),
        f"{CONNECTION}/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f/team/houses.git",
    ),
    "codecommit": "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/houses-p-1",
}
RELEASE = "9.9.0"
DATA, ARTIFACTS = "sagemaker-project-p-1-data", "sagemaker-project-p-1-artifacts"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
SAMPLE = b"a,b,target\n1,2,3\n"
ANSWERS = {
    "project_name": "Houses",
    "project_slug": "houses",
    "aws_region": "eu-west-1",
    "source_control": "github",
    "infrastructure": "none",
    "license": "MIT-0",
}
_CACHE = "PYTHONPYCACHEPREFIX"
# `python -m venv` makes this: pip is asked nothing, all else runs in this environment.
_VENV = """#!/bin/sh
[ "$2" = venv ] || exit 9
mkdir -p "$3/bin"
printf '%s\\n' '#!/bin/sh' '[ "$2" = pip ] && exit 0' 'exec "{python}" "$@"' > "$3/bin/python"
chmod +x "$3/bin/python"
"""
# It notes which credentials git would use, then is git.
_GIT = """#!/bin/sh
case "$*" in *push*|*ls-remote*)
  {{ "{git}" config --get-all credential.helper; "{git}" config --get-all credential.UseHttpPath; \
  echo "$*"; }} >> "$SEEN_BY_GIT";;
esac
exec "{git}" "$@"
"""


@dataclass(frozen=True)
class Ended:
    """How a build ended.

    Attributes:
        code: Of the shell; 0 is success.
        output: All that was printed.
        result: The exported variable.
    """

    code: int
    output: str
    result: str


def make_bundle(template: Path, folder: Path) -> Path:
    """Make the bundle of a repository's last commit, without wheels."""
    (folder / "sample").mkdir(parents=True)
    (folder / "sample/part-0.csv").write_bytes(SAMPLE)
    ignored = shutil.ignore_patterns("__pycache__", "seed.*", "buildspec.yml")
    shutil.copytree(SEED, folder / "seed", ignore=ignored)
    for name in ("buildspec.yml", "seed.lock"):
        shutil.copy(SEED / name, folder / name)
    git(template, "bundle", "create", "--quiet", str(folder / "template.bundle"), "HEAD")
    said = {"release": RELEASE, "commit": git(template, "rev-parse", "HEAD"), "python": "3.12"}
    (folder / "release.json").write_text(json.dumps({**said, "template": TEMPLATE_URL}))
    return folder


class Account:
    """Buckets and a git server, with a build that reaches them.

    Args:
        bundle: Folder of the bundle.
        work: Folder for everything.
    """

    def __init__(self, bundle: Path, work: Path) -> None:
        self.work, self.source = work, work / "source"
        shutil.copytree(bundle, self.source)
        self.buckets, self.bare, self.programs = work / "s3", work / "bare.git", work / "bin"
        self.programs.mkdir()
        for bucket in (DATA, ARTIFACTS):
            (self.buckets / bucket).mkdir(parents=True)
        git(work, "init", "--quiet", "--bare", "--initial-branch", "trunk", str(self.bare))
        self._write("python", _VENV.format(python=sys.executable))
        self._write("git", _GIT.format(git=shutil.which("git")))
        aws_program.install(self.programs)
        self.address(dict.fromkeys(set(URLS.values()), self.bare))

    def _write(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def address(self, places: Mapping[str, Path]) -> None:
        """Tell git where addresses are."""
        lines = [f'[url "{place}"]\n\tinsteadOf = {url}\n' for url, place in places.items()]
        (self.work / ".gitconfig").write_text("".join(lines))

    @cached_property
    def variables(self) -> dict[str, str]:
        """Of the machine."""
        return {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "HOME": str(self.work),
            **{name: value for name, value in os.environ.items() if name == _CACHE},
            "CODEBUILD_SRC_DIR": str(self.source),
            "SEEN_BY_GIT": str(self.work / "seen"),
            aws_program.FOLDER: str(self.buckets),
            aws_program.LOG: str(self.work / "aws.log"),
        }

    def build(self, answers: Mapping[str, str] = ANSWERS, /, **changed: str) -> Ended:
        """Execute the buildspec for a project."""
        asked = {**ANSWERS, **answers}
        url = URLS.get(asked["source_control"])
        given = {
            "PROJECT_NAME": asked["project_name"],
            "PROJECT_SLUG": asked["project_slug"],
            "AWS_REGION": asked["aws_region"],
            "SOURCE_CONTROL": asked["source_control"],
            "INFRASTRUCTURE": asked["infrastructure"],
            "LICENSE": asked["license"],
            **({"REPOSITORY_URL": url, "REPOSITORY": "team/houses"} if url else {}),
            "BRANCH": "main",
            "DATA_BUCKET": DATA,
            "ARTIFACT_BUCKET": ARTIFACTS,
            "RELEASE": RELEASE,
            "KEY_ARN": KEY,
        }
        return self._execute(given | changed)

    def _execute(self, given: Mapping[str, str]) -> Ended:
        spec = yaml.safe_load((self.source / "buildspec.yml").read_text(encoding="utf-8"))
        [exported] = spec["env"]["exported-variables"]
        result = self.work / "exported"
        ended = subprocess.run(
            ["bash", "-c", _script(spec["phases"], f'printenv {exported} > "{result}"')],
            cwd=self.source,
            env={**self.variables, **spec["env"]["variables"], **given},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, result.read_text().removesuffix("\n"))

    def state(self) -> dict[str, Any]:
        """Return everything that a build could change."""
        git_state = [
            git(self.bare, "for-each-ref"),
            git(self.bare, "cat-file", "--batch-all-objects", "--batch-check"),
            (self.bare / "HEAD").read_text(),
        ]
        objects = {
            str(path.relative_to(self.buckets)): path.read_bytes()
            for path in self.buckets.rglob("*")
            if path.is_file()
        }
        return {"git": git_state, "objects": objects}

    def tree(self, branch: str = "main") -> dict[str, tuple[str, str]]:
        """Return path → mode and hash of what a branch holds."""
        listed = git(self.bare, "ls-tree", "-r", "-z", f"refs/heads/{branch}").split("\0")
        found = [line.partition("\t") for line in listed if line]
        return {path: (words.split()[0], words.split()[2]) for words, _, path in found}


def tree_of(folder: Path) -> dict[str, tuple[str, str]]:
    """Return path → mode and hash, as git would have it without any conversion."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    hashed = subprocess.run(
        ["git", "hash-object", "--no-filters", "--stdin-paths"],
        input="\n".join(map(str, paths)),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    modes = ["100755" if path.stat().st_mode & 0o100 else "100644" for path in paths]
    names = [path.relative_to(folder).as_posix() for path in paths]
    return dict(zip(names, zip(modes, hashed, strict=True), strict=True))


def _script(phases: dict[str, Any], at_the_end: str) -> str:
    """One shell for everything, since that is what lets a command set variables for the next."""
    lines = [f"trap '{at_the_end}' EXIT"]
    for phase in phases.values():
        for command in phase["commands"]:
            lines += [command, "test $? -eq 0 || exit 1"]
    return "\n".join(lines)
