"""Compare the tuning step with scikit-learn's and Optuna's searches, and with the fits alone."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from cookiecutter.main import cookiecutter

HERE = Path(__file__).resolve().parent
CONTENDERS = ("floor", "sklearn", "optuna", "ours")
# One thread to a fit, for everybody: trials run beside each other.
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
COMMAND = "from pipelines.cli import main; main()"


def main() -> None:
    """Read the command line, measure each model and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, help="CSV or Parquet file (default: the sample)")
    parser.add_argument("--model", action="append", help="a folder below models/; may be repeated")
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for model in arguments.model or ["decision_tree", "xgboost"]:
            project = make_project(Path(folder) / model, model, arguments.table)
            execute(project, "prepare", model, arguments.trials)
            rounds = [
                {name: execute(project, name, model, arguments.trials) for name in CONTENDERS}
                for _ in range(arguments.rounds)
            ]
            report(model, rounds)


def make_project(folder: Path, model: str, table: Path | None) -> Path:
    """Generate a project with one model, random search and the table in its lake."""
    config = folder.parent / "cookiecutter.json"
    config.write_text(json.dumps({"replay_dir": str(folder.parent / "replay")}))
    project = Path(
        cookiecutter(
            str(HERE.parents[1]), no_input=True, output_dir=str(folder), config_file=str(config)
        )
    )
    change(project / "conf/pipeline.yaml", "models", [model])
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


def execute(project: Path, contender: str, model: str, trials: int) -> dict[str, float]:
    """Let a contender run in a process of its own and return its seconds and best R²."""
    words = [sys.executable, str(HERE / "contenders.py"), contender, model, str(trials)]
    result: dict[str, float] = json.loads(run(words, project).splitlines()[-1])
    return result


def run(words: list[str], project: Path) -> str:
    """Run a command in the project and return what it prints."""
    environment = {**os.environ, **THREADS, "PYTHONPATH": str(project)}
    result = subprocess.run(  # noqa: S603
        words, cwd=project, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return result.stdout


def report(model: str, rounds: list[dict[str, dict[str, float]]]) -> None:
    """Print seconds and ratios, each from a contender's fastest round.

    Raises:
        SystemExit: The contenders did not do the same work.
    """
    fastest = {name: min(one[name]["seconds"] for one in rounds) for name in CONTENDERS}
    best = {name: rounds[0][name]["r2"] for name in CONTENDERS}
    print(f"\n{model}\n{'':10}{'seconds':>9}{'ratio':>8}{'best R2':>10}")
    for name, seconds in fastest.items():
        ratio = seconds / fastest["floor"]
        print(f"{name:10}{seconds:9.2f}{ratio:8.2f}{best[name]:10.5f}", flush=True)
    if max(best.values()) - min(best.values()) > 1e-3 or best["ours"] != best["floor"]:
        sys.exit("The contenders found different results: they did not do the same work.")


if __name__ == "__main__":
    main()
