"""Engines to find: small programs that note what they were asked, in a folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_ENGINE = """#!{python}
import json, os, sys
feed = sys.stdin.read() if "--password-stdin" in sys.argv else ""
call = {{"engine": {name!r}, "arguments": sys.argv[1:], "feed": feed,
        "attestations": os.environ.get("BUILDX_NO_DEFAULT_ATTESTATIONS")}}
with open({log!r}, "a") as log:
    print(json.dumps(call), file=log)
print("the engine's own words")
if sys.argv[1] in {failing!r}:
    print("first line\\n{words}", file=sys.stderr)
    sys.exit(1)
"""


class Engines:
    """Installs pretended engines, and tells what they were asked."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        (folder / "bin").mkdir()

    def install(self, name: str, failing: tuple[str, ...] = (), words: str = "it broke.") -> None:
        """Put one on the path; it fails at some commands, with these last words."""
        values = {"name": name, "log": str(self.log), "failing": failing, "words": words}
        program = self.folder / "bin" / name
        program.write_text(_ENGINE.format(python=sys.executable, **values))
        program.chmod(0o755)

    def calls(self, *commands: str):
        """What they were asked, the probes left out."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        calls = [json.loads(line) for line in lines]
        return [call for call in calls if call["arguments"][0] not in ("version", "info")]


@pytest.fixture
def engines(tmp_path, monkeypatch):
    """No engine is installed until the test does it."""
    engines = Engines(tmp_path)
    git = subprocess.run(["which", "git"], capture_output=True, text=True, check=True)
    (tmp_path / "bin/git").symlink_to(git.stdout.strip())
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("CONTAINER_ENGINE", raising=False)
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    return engines


@pytest.fixture
def committed(example):
    """The small project, with what an image is built from, as a commit; returns its name."""
    example.write("pyproject.toml", '[project]\nname = "x"\nversion = "1.2.3"\n')
    identity = {
        f"GIT_{who}_{what}": "t@t" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-qm", "Start")):
        subprocess.run(["git", *arguments], cwd=example.root, env=os.environ | identity, check=True)
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=example.root, capture_output=True, text=True, check=True
    )
    return found.stdout.strip()
