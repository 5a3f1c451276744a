"""Folders and disks that do not take what a command writes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest


@pytest.mark.skipif(os.name != "posix", reason="Windows has another word for it")
@pytest.mark.parametrize(
    "command", [["run"], ["clean", "--keep", "1"], ["data", "add", "../sales.csv"]]
)
def test_a_home_that_cannot_be_written_is_told_in_two_lines(example, pipeline, lake, command):
    home = example.root / ".pipeline"
    if command == ["run"]:
        shutil.rmtree(home / "s3", ignore_errors=True)
        (home / "s3").write_text("in the way")
    else:
        shutil.rmtree(home)
        home.write_text("in the way")
    rule, remedy = pipeline(*command).mistake
    assert rule.startswith(str(home))
    assert " cannot be used: " in rule
    assert remedy == "Let this user read and write there, or copy the project elsewhere."


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="limits are set before the program starts")
def test_a_table_that_does_not_fit_on_the_disk_leaves_the_previous_one(example, lake):
    folder = example.root / ".pipeline/lake/estate"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    rows = "rooms,area,district,sold,price\n" + "1,2,north,2026-01-01,3\n" * 5
    numbers = "".join(f"{n * 7919 % 1e5},{n},x{n},2026-01-01,{n}\n" for n in range(9000))
    (example.root / "big.csv").write_text(rows + numbers)
    code = (
        "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "from sagetabular.cli import main\nmain()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, "data", "add", "big.csv"],
        cwd=example.root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2, ended
    assert len(ended.stderr.splitlines()) == 2, ended
    assert "cannot be written: File too large." in ended.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
