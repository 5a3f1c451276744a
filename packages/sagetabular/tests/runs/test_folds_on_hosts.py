"""The folds of a trial on several hosts: the same bits, and a death that is noticed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from planting import plant, run_project, search
from test_same_bits import make_table

from sagelocal.jobs.machine import free_ports
from sagetabular.jobs.tables import FOLD
from sagetabular.jobs.trials.hosts import ADDRESSES

pytestmark = pytest.mark.slow

RANGES = {"min_samples_leaf": {"type": "integer", "min": 2, "max": 30}}
# Fitting takes longer than a test may, except on a host that dies of it.
CODE = """
import json, os, time
from pathlib import Path

def fit(features, target, hyperparameters, seed):
    base = Path(os.environ["SAGEMAKER_BASE_DIR"])
    (base / "fitting").touch()
    hosts = json.loads((base / "input/config/resourceconfig.json").read_text())
    if hosts["current_host"] == "algo-3":
        time.sleep(0.5)
        os.kill(os.getpid(), 9)
    time.sleep(3000)

def predict(model, features): ...
def save(model, folder): ...
def load(folder): ...
"""


def change(root: Path, instances: int) -> None:
    """Have the tree's tuning step use that many instances."""
    file = root / "models/decision_tree/model.yaml"
    content = yaml.safe_load(file.read_text())
    steps = {"tune": {"instance_count": instances}, "fit": {}, "evaluate": {}}
    file.write_text(yaml.safe_dump({**content, "steps": steps}, sort_keys=False))


def plant_tree(root: Path, instances: int, folds: int) -> None:
    rest = {"split": {"folds": folds}, "selection": {"minimum_r2": -1.0}}
    plant(root, make_table(), "y", models=["decision_tree"], tuning={"trials": 2}, **rest)
    search(root, "decision_tree", RANGES)
    change(root, instances)


@pytest.fixture(scope="module")
def on_one_host(tmp_path_factory, new_project):
    return trials_of(new_project(tmp_path_factory.mktemp("one") / "project"), 1)


def trials_of(root: Path, instances: int):
    """Reports and predictions of all trials, and the metrics that they printed."""
    plant_tree(root, instances, folds=5)
    run = run_project(root)
    assert run.result.status == "Succeeded", run.record.failure_reason
    found = [(trial["report"], trial["predictions"]) for trial in run.trials("TuneDecisionTree")]
    for report, _ in found:
        report.pop("seconds")
    logs = run.record.log_files("TuneDecisionTree")
    printed = [log.read_text() for log in logs if ".algo-" not in log.name]
    others = [log.read_text() for log in logs if ".algo-" in log.name]
    return found, printed, others


@pytest.mark.parametrize("instances", [2, 5])
def test_hosts_change_no_bit_of_a_trial(on_one_host, project_root, instances) -> None:
    found, printed, others = trials_of(project_root, instances)
    expected, expected_printed, _ = on_one_host
    assert [report for report, _ in found] == [report for report, _ in expected]
    for (_, one), (_, other) in zip(found, expected, strict=True):
        assert one.to_numpy().tobytes() == other.to_numpy().tobytes()
    assert printed == expected_printed
    assert len(others) == 2 * (instances - 1)
    assert not any("cv:" in text for text in others)


def test_a_host_that_dies_fails_the_trial_while_the_others_still_fit_with_its_name(
    project_root,
) -> None:
    plant_tree(project_root, 3, folds=3)
    (project_root / "models/decision_tree/model.py").write_text(CODE)
    run = run_project(project_root)
    trials = run.record.steps["TuneDecisionTree"].response["TrainingJobSummaries"]
    assert run.result.status == "Failed"
    for trial in trials:
        # Who is heard first: the host itself, or the one that waited for its folds.
        named = r"Host algo-(3: |1: Host algo-3 has ended before all of its folds were scored)"
        assert re.match(named, trial["FailureReason"]), trial


def test_the_first_host_ends_at_once_though_it_still_fits(tmp_path) -> None:
    hosts = [lay_out(tmp_path / name, name) for name in ("algo-1", "algo-2")]
    ports = free_ports(2)
    addresses = {f"algo-{n + 1}": f"127.0.0.1:{port}" for n, port in enumerate(ports)}
    first, second = (start(base, tmp_path, addresses) for base in hosts)
    try:
        wait_for(hosts[0] / "fitting")
        wait_for(hosts[1] / "fitting")
        second.send_signal(signal.SIGKILL)
        assert first.wait(timeout=60) == 2
    finally:
        for process in (first, second):
            process.kill()
            process.wait()
    reason = (hosts[0] / "output/failure").read_text()
    assert reason.startswith("Host algo-2 has ended before all of its folds were scored.\n")
    assert not (hosts[0] / "model/cv.json").exists()


def wait_for(file: Path) -> None:
    end = time.monotonic() + 120
    while not file.exists():
        assert time.monotonic() < end
        time.sleep(0.05)


def lay_out(base: Path, name: str) -> Path:
    """Make a host's `/opt/ml`."""
    for folder in ("input/config", "input/data/train", "model"):
        (base / folder).mkdir(parents=True)
    table = make_table(60)[["a", "y"]]
    table.assign(**{FOLD: table.index % 4}).to_parquet(base / "input/data/train/part.parquet")
    words = {"job_model": "slow", "job_target": "y", "job_seed": "1", "job_split": "random"}
    (base / "input/config/hyperparameters.json").write_text(json.dumps(words))
    resources = {"current_host": name, "hosts": ["algo-1", "algo-2"]}
    (base / "input/config/resourceconfig.json").write_text(json.dumps(resources))
    return base


def start(base: Path, root: Path, addresses) -> subprocess.Popen[bytes]:
    """Start a host's process."""
    code = root / "models/slow/model.py"
    code.parent.mkdir(parents=True, exist_ok=True)
    code.write_text(CODE)
    variables = {
        "SAGEMAKER_BASE_DIR": str(base),
        ADDRESSES: json.dumps(addresses),
        "PYTHONPATH": str(root),
    }
    command = [sys.executable, "-m", "sagetabular.jobs.tune"]
    return subprocess.Popen(command, env=os.environ | variables, cwd=root)
