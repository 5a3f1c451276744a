"""The same commit from another checkout: nothing is sent and nothing changes on a local AWS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.aws.codebuild import PROJECT
from tests.aws.server import Server
from tests.baking import generate

_PROGRAM = "from sagetabular.cli import main; main()"
_PIPELINE = "houses-p-abc"


def upsert(project: Path, server: Server, umask: int, **variables: str) -> str:
    """Upsert from a checkout, and return what was said."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(project), "PYTHONPATH": str(project)}
    caches = {"PYTHONPYCACHEPREFIX": str(project.parent / "caches")}
    result = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "upsert"],
        cwd=project,
        env=environment | caches | server.environment | PROJECT | variables,
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stderr


def git(folder: Path, *arguments: str, umask: int = 0o022) -> None:
    who = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, umask=umask)


def clone(origin: Path, place: Path, umask: int, age: int) -> Path:
    """Check a repository out; all files get this time stamp."""
    git(origin, "clone", "-q", ".", str(place), umask=umask)
    for file in place.rglob("*"):
        if ".git" not in file.parts:
            os.utime(file, (age, age))
    return place


def state(server: Server) -> dict[str, Any]:
    """Everything that an upsert could have changed, versions and times included."""
    found = server.client("sagemaker").describe_pipeline(PipelineName=_PIPELINE)
    del found["ResponseMetadata"]
    return {"pipeline": found, "objects": server.versions()}


def test_the_same_commit_checked_out_elsewhere_sends_nothing_and_changes_nothing(
    template: Path, server: Server, tmp_path: Path
) -> None:
    project = generate(template, tmp_path / "output", {})
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-qm", "Start")

    here = clone(project, tmp_path / "here", umask=0o022, age=1_700_000_000)
    said = upsert(here, server, 0o022, PYTHONHASHSEED="1", TZ="Pacific/Kiritimati")
    before = state(server)
    total = len(before["objects"])
    assert total > 10
    assert f"Sent {total} of {total} objects" in said
    assert f"Pipeline {_PIPELINE} is created" in said

    elsewhere = clone(project, tmp_path / "else where/ünder", umask=0o077, age=86_400)
    for other in (here, elsewhere):
        said = upsert(other, server, 0o077, PYTHONHASHSEED="2", TZ="America/Adak", LC_ALL="C")
        assert f"Sent 0 of {total} objects (0 bytes)" in said
        assert f"Pipeline {_PIPELINE} is unchanged" in said
        assert state(server) == before

    # The same look sees a change, of one file of one model: its own code is sent anew, no more.
    code = elsewhere / "models/xgboost/model.py"
    code.write_text(code.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    git(elsewhere, "commit", "-qam", "Change")
    upsert(elsewhere, server, 0o022)
    after = state(server)
    assert after != before
    fresh = {key for key in after["objects"] if key not in before["objects"]}
    assert fresh and len(fresh) < total / 2
    assert {key: after["objects"][key] for key in before["objects"]} == before["objects"]
