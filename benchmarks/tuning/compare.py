"""Compare the tuning step with scikit-learn's and Optuna's searches, and with the fits alone."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from cookiecutter.main import cookiecutter

HERE = Path(__file__).resolve().parent
ALONE = ("floor", "sklearn", "optuna")
# One thread to a fit, for everybody: trials run beside each other.
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
COMMAND = "from sagetabular.cli import main; main()"
# What the product promises: the tuning steps against the floor, the rest of a default run, and the
# seconds of a run when nothing has changed.
MOST_RATIO, MOST_OUTSIDE, MOST_REPEATED = 1.15, 0.25, 3
Round = dict[str, dict[str, Any]]


def main() -> None:
    """Read the command line, measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, help="CSV or Parquet file (default: the sample)")
    parser.add_argument("--model", action="append", help="a folder below models/; may be repeated")
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    models = arguments.model or ["decision_tree", "xgboost"]
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "project", models, arguments.table)
        execute(project, "prepare", "all", arguments.trials)
        rounds = [one_round(project, models, arguments.trials) for _ in range(arguments.rounds)]
        report(models, rounds)
        report_outside(*default_run(project))
        report_repeated(repeated_run(project))


def one_round(project: Path, models: list[str], trials: int) -> Round:
    """Let every contender do all the work once; `ours` does that of all models in one execution."""
    measured = {
        f"{name} {model}": execute(project, name, model, trials)
        for model in models
        for name in ALONE
    }
    return {**measured, "ours": execute(project, "ours", "all", trials)}


def make_project(folder: Path, models: list[str], table: Path | None) -> Path:
    """Generate a project with these models, random search and the table in its lake."""
    config = folder.parent / "cookiecutter.json"
    config.write_text(json.dumps({"replay_dir": str(folder.parent / "replay")}))
    project = Path(
        cookiecutter(
            str(HERE.parents[1]), no_input=True, output_dir=str(folder), config_file=str(config)
        )
    )
    change(project / "conf/pipeline.yaml", "models", models)
    for model in models:
        settings = project / f"models/{model}/model.yaml"
        tuning = yaml.safe_load(settings.read_text(encoding="utf-8"))["tuning"]
        change(settings, "tuning", {**tuning, "strategy": "Random"})
    words = ["sample"] if table is None else ["add", str(table.resolve())]
    run([sys.executable, "-c", COMMAND, "data", *words], project)
    return project


def change(file: Path, key: str, value: object) -> None:
    """Set one key of a YAML file."""
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({**content, key: value}, sort_keys=False), encoding="utf-8")


def execute(project: Path, contender: str, model: str, trials: int) -> dict[str, Any]:
    """Let a contender run in a process of its own and return its seconds and best R²."""
    words = [sys.executable, str(HERE / "contenders.py"), contender, model, str(trials)]
    result: dict[str, Any] = json.loads(run(words, project).splitlines()[-1])
    return result


def run(words: list[str], project: Path) -> str:
    """Run a command in the project and return what it prints."""
    environment = {**os.environ, **THREADS, "PYTHONPATH": str(project)}
    result = subprocess.run(  # noqa: S603
        words, cwd=project, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return result.stdout


def default_run(project: Path) -> tuple[float, float]:
    """Return the wall seconds of `pipeline run`, and of its tuning steps."""
    seconds = timed_run(project, "--no-cache")
    execution = max((project / ".pipeline/executions").glob("[0-9]*"))
    steps = [json.loads(file.read_text()) for file in (execution / "steps").glob("Tune*.json")]
    ends = max(datetime.fromisoformat(step["end_time"]) for step in steps)
    begins = min(datetime.fromisoformat(step["start_time"]) for step in steps)
    return seconds, (ends - begins).total_seconds()


def repeated_run(project: Path) -> float:
    """Return the wall seconds of `pipeline run` when an earlier one has done everything."""
    timed_run(project)
    return min(timed_run(project) for _ in range(3))


def timed_run(project: Path, *options: str) -> float:
    """Return the wall seconds of `pipeline run` with options."""
    started = time.perf_counter()
    run([sys.executable, "-c", COMMAND, "run", *options, "--json"], project)
    return time.perf_counter() - started


def report(models: list[str], rounds: list[Round]) -> None:
    """Print seconds and ratios, each from a contender's fastest round.

    Raises:
        SystemExit: The contenders did not do the same work.
    """
    fastest = {name: min(one[name]["seconds"] for one in rounds) for name in rounds[0]}
    cpu = min(one["ours"]["cpu"] for one in rounds)
    print(f"{'':10}" + "".join(f"{model:>15}" for model in models) + f"{'all':>9}{'ratio':>8}")
    floor = sum(fastest[f"floor {model}"] for model in models)
    for name in ALONE:
        parts = [fastest[f"{name} {model}"] for model in models]
        line(name, "".join(f"{part:15.2f}" for part in parts), sum(parts), floor)
    blank = " " * 15 * len(models)
    line("ours", blank, fastest["ours"], floor)
    line("ours, CPU", blank, cpu, floor)
    print(f"At most {MOST_RATIO} was promised for ours; seconds of CPU are divided by cores.")
    for model in models:
        best = [rounds[0][f"{name} {model}"]["r2"] for name in ALONE]
        ours = rounds[0]["ours"]["r2"][model]
        print(f"best R2 of {model}: {ours:.5f}", flush=True)
        if max(*best, ours) - min(*best, ours) > 1e-3 or ours != best[0]:
            sys.exit("The contenders found different results: they did not do the same work.")


def line(name: str, parts: str, seconds: float, floor: float) -> None:
    """Print one line of the table."""
    print(f"{name:10}{parts}{seconds:9.2f}{seconds / floor:8.2f}", flush=True)


def report_outside(seconds: float, tuning: float) -> None:
    """Print how much of a default run is not tuning."""
    share = 1 - tuning / seconds
    print(f"pipeline run with its defaults: {seconds:.1f} s, {share:.0%} of it outside tuning")
    print(f"Less than {MOST_OUTSIDE:.0%} was promised.")


def report_repeated(seconds: float) -> None:
    """Print what an unchanged run takes."""
    print(f"pipeline run again, unchanged: {seconds:.2f} s")
    print(f"Less than {MOST_REPEATED} s was promised.")


if __name__ == "__main__":
    main()
