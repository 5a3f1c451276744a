"""What the servers are asked: a model, bodies, and wrk to send them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from stacks import LOAD_CORE

from sagetabular.jobs.models.hyperparameters import TrainingSettings, load_model_code
from sagetabular.jobs.models.manifest import describe
from sagetabular.lake.sample import make_sample

if TYPE_CHECKING:
    from pathlib import Path

TARGET, DROPPED = "median_house_value", "median_income"
SCRIPT = """
local file = io.open("{body}", "rb")
wrk.body = file:read("*a")
file:close()
wrk.method = "POST"
wrk.headers["Content-Type"] = "text/csv"
"""
UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6}


@dataclass(frozen=True)
class Measured:
    """What wrk saw: requests, those not answered with 200, requests a second, microseconds."""

    requests: int
    failed: int
    per_second: float
    p50: float
    p99: float


def make_model(folder: Path, rows: int = 20_000) -> None:
    """Fit a tree of some 3,000 nodes on made-up houses, into `folder/model`."""
    table = make_sample(rows).select_dtypes("number").dropna().astype(float)
    features = table.drop(columns=[TARGET, DROPPED])
    hyperparameters = {"min_samples_leaf": 4, "max_leaf_nodes": 1600}
    settings = TrainingSettings("decision_tree", TARGET, 1, False, hyperparameters)
    code, model = load_model_code("decision_tree"), folder / "model"
    model.mkdir()
    code.save(code.fit(features, table[TARGET], hyperparameters, 1), model)
    describe(features, settings).write(model)
    for count in (1, 1000):
        lines = features.head(count).to_csv(index=False, header=False)
        (folder / f"{count}.csv").write_text(lines, encoding="utf-8")
        script = SCRIPT.format(body=folder / f"{count}.csv")
        (folder / f"{count}.lua").write_text(script, encoding="utf-8")


def send(folder: Path, rows: int, connections: int, seconds: int, port: int) -> Measured:
    """Send one body over and over, from a core of its own."""
    command = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    command += ["--latency", "--timeout", "30s", "-s", str(folder / f"{rows}.lua")]
    url = f"http://127.0.0.1:{port}/invocations"
    ended = subprocess.run([*command, url], check=True, capture_output=True, text=True)  # noqa: S603
    text = ended.stdout
    failed = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", text)))
    for line in re.findall(r"Socket errors: (.*)", text):
        failed += sum(map(int, re.findall(r"\d+", line)))
    return Measured(
        requests=int(re.search(r"(\d+) requests in", text)[1]),
        failed=failed,
        per_second=float(re.search(r"Requests/sec: +([\d.]+)", text)[1]),
        p50=_percentile(text, 50),
        p99=_percentile(text, 99),
    )


def _percentile(text: str, share: int) -> float:
    value, unit = re.search(rf"{share}% +([\d.]+)(us|ms|s)", text).groups()
    return float(value) * UNITS[unit]


def same_answers(first: bytes, second: bytes) -> bool:
    """Whether two CSV answers are the same numbers, to the bit."""
    numbers = [np.array([float(line) for line in text.split()]) for text in (first, second)]
    return numbers[0].tobytes() == numbers[1].tobytes()
