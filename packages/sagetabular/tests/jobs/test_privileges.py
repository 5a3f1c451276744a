"""Only the project's images set `RUN_AS`: there a root process becomes somebody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sagetabular.jobs.privileges import drop_privileges

REPORT = """
import json, os, sys
from pathlib import Path
from sagetabular.jobs.privileges import drop_privileges
base = Path(sys.argv[1])
drop_privileges(base)
owners = {path.relative_to(base).as_posix(): path.stat().st_uid for path in base.rglob("*")}
print(json.dumps({"uid": os.getuid(), "groups": os.getgroups(), "owners": owners}))
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def tree():
    with tempfile.TemporaryDirectory() as name:  # others may not look into pytest's folders
        base = Path(name)
        base.chmod(0o755)
        for folder in ("input/data/train", "model", "output/data", "processing/output/train"):
            (base / folder).mkdir(parents=True)
        (base / "input/data/train/rows.csv").write_text("1,2\n")
        yield base


def report(tree, **environment):
    result = subprocess.run(
        [sys.executable, "-c", REPORT, tree],
        env={"PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(result.stdout), result.stderr


def test_without_the_variable_nothing_changes(tree, monkeypatch):
    monkeypatch.delenv("RUN_AS", raising=False)
    before = os.geteuid(), tree.stat().st_uid
    drop_privileges(tree)
    assert (os.geteuid(), tree.stat().st_uid) == before


@as_root
def test_a_root_process_becomes_the_user_who_owns_what_it_writes(tree):
    found, _ = report(tree, RUN_AS="nobody")
    assert found["uid"] == 65534
    assert found["groups"] == []
    assert {name for name, owner in found["owners"].items() if owner == 65534} == {
        "model",
        "output",
        "output/data",
        "processing",
        "processing/output",
        "processing/output/train",
    }


@as_root
def test_a_process_that_could_not_read_its_input_stays_root_and_says_so(tree):
    (tree / "input/data/train").chmod(0o700)
    found, log = report(tree, RUN_AS="nobody")
    assert found["uid"] == 0
    assert "Running as root: nobody may not read" in log


@as_root
def test_one_file_that_only_root_may_read_is_enough_to_stay_root(tree):
    (tree / "input/data/train/rows.csv").chmod(0o600)
    found, log = report(tree, RUN_AS="nobody")
    assert (found["uid"], "rows.csv" in log) == (0, True)
