"""The compiled archives under AWS's own toolkit, and the image's `train` beside it."""

from __future__ import annotations

import json
import re
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.toolkit.conftest import Ended, Launcher, LocalRun, Trial

# What the program can tell of the way it was started.
_DUMP = """
import json, os, sys
from pathlib import Path
base = os.environ["SAGEMAKER_BASE_DIR"]
seen = {"arguments": sys.argv[1:], "folder": os.getcwd(), "script": os.path.basename(sys.argv[0])}
variables = {k: v for k, v in os.environ.items() if k.startswith("SM_")}
text = json.dumps({**seen, **variables}).replace(base, "/opt/ml")
Path(os.environ["SM_MODEL_DIR"], "seen.json").write_text(text)
sys.exit(int(os.environ["SM_HP_CODE"]))
"""


def metrics_of(log: str) -> list[str]:
    return re.findall(r"^cv:\w+=[^;]+;$", log, flags=re.MULTILINE)


def cross_validation(trial: Trial) -> dict[str, Any]:
    """What the local trial has found; times differ from run to run."""
    with tarfile.open(trial.archive) as content:
        found: dict[str, Any] = json.load(content.extractfile("cv.json") or sys.stdin)
    return {name: value for name, value in found.items() if name != "seconds"}


def left_by(ended: Ended) -> dict[str, Any]:
    text = (ended.base / "model/cv.json").read_text(encoding="utf-8")
    return {name: value for name, value in json.loads(text).items() if name != "seconds"}


@pytest.mark.parametrize("title", ["DecisionTree", "XGBoost"])
def test_a_compiled_archive_finds_the_same_r2_under_all_three_launchers(
    title: str, local_run: LocalRun, launch_toolkit: Launcher, launch_own: Launcher
) -> None:
    trial = local_run.trial(title)
    for launcher in (launch_toolkit, launch_own):
        ended = launcher.run(trial.hyperparameters, trial.channels)
        assert ended.code == 0, ended.log
        assert metrics_of(ended.log) == metrics_of(trial.log)
        assert left_by(ended) == cross_validation(trial)
    assert any(re.fullmatch(r"cv:r2=0\.\d{10,};", line) for line in metrics_of(trial.log))


def script_job(folder: Path, code: int) -> tuple[dict[str, str], dict[str, Path]]:
    """A job in script mode whose program tells how it was started."""
    folder.mkdir()
    (folder.parent / "dump.py").write_text(_DUMP)
    with tarfile.open(folder / "sourcedir.tar.gz", "w:gz") as archive:
        archive.add(folder.parent / "dump.py", "dump.py")
    hyperparameters = {
        "sagemaker_program": "dump.py",
        "sagemaker_submit_directory": "/opt/ml/input/data/code/sourcedir.tar.gz",
        "_tuning_objective_metric": "cv:r2",
        "max_depth": "4",
        "eta": "0.25",
        "booster": '"gbtree"',
        "code": str(code),
    }
    return hyperparameters, {"code": folder}


def test_a_program_is_started_as_the_toolkit_starts_it(
    launch_toolkit: Launcher, launch_own: Launcher, tmp_path: Path
) -> None:
    job = script_job(tmp_path / "code", code=0)
    seen = []
    for launcher in (launch_toolkit, launch_own):
        ended = launcher.run(*job)
        assert ended.code == 0, ended.log
        seen.append(json.loads((ended.base / "model/seen.json").read_text()))
    expected, found = seen
    assert found == {name: expected[name] for name in found}
    assert {"arguments", "SM_HPS", "SM_MODEL_DIR", "SM_CHANNEL_CODE", "SM_HP_ETA"} <= set(found)


@pytest.mark.parametrize("code", [1, 2])
def test_a_program_that_fails_ends_the_job_and_leaves_a_reason(
    launch_toolkit: Launcher, launch_own: Launcher, tmp_path: Path, code: int
) -> None:
    job = script_job(tmp_path / "code", code)
    theirs, ours = launch_toolkit.run(*job), launch_own.run(*job)
    assert (theirs.code, ours.code) == (
        1,
        code,
    )  # the toolkit knows no other; ours is the program's
    assert str(code) in (ours.base / "output/failure").read_text()
    assert (theirs.base / "output/failure").read_text()
