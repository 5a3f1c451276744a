"""Measure what it takes from a file to a registered model, for public tables."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cookiecutter.main import cookiecutter

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packages/sagetabular/tests/tasks"))

from public_tables import TABLES, PublicTable  # noqa: E402  # lies beside the tests

COMMAND = "from sagetabular.cli import main; main()"
# Printed a line each: title, width.
TITLES = (
    ("table", 20), ("rows x columns", 15), ("task", 11), ("commands", 9), ("init s", 7),
    ("run s", 7), ("CPU s", 7), ("winner", 14), ("score", 0),
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """What one command took, in seconds, and what it printed."""

    wall: float
    cpu: float
    printed: str


def main() -> None:
    """Read the command line, measure every table and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="append", choices=TABLES, help="may be repeated")
    arguments = parser.parse_args()
    print("".join(f"{title:{width}}" for title, width in TITLES))
    for name in arguments.table or TABLES:
        with tempfile.TemporaryDirectory() as folder:
            line = measure(name, TABLES[name], Path(folder))
        widths = [width for _, width in TITLES]
        print("".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)))


def measure(name: str, public: PublicTable, folder: Path) -> list[str]:
    """Take a table from its file to a registered model by two commands, and nothing else.

    Args:
        name: Of the table.
        public: The table.
        folder: An empty one.

    Raises:
        SystemExit: A command fails.
    """
    file = folder / "table.csv"
    table = public.write(file)
    project = make_project(folder)
    commands = (("init", str(file), "--target", public.target, "--yes"), ("run", "--json"))
    begun, ran = (run(project, *command) for command in commands)
    result: dict[str, Any] = json.loads(ran.printed)
    return [
        name,
        f"{len(table):,} x {table.shape[1]}",
        result["task"],
        str(len(commands)),
        f"{begun.wall:.1f}",
        f"{ran.wall:.1f}",
        f"{begun.cpu + ran.cpu:.1f}",
        result["winner"] if result["model_package"] else "none passes",
        f"{result['metric']} {result['score']:.3f}",
    ]


def make_project(folder: Path) -> Path:
    """Generate a project with default answers."""
    config = folder / "cookiecutter.json"
    config.write_text(json.dumps({"replay_dir": str(folder / "replay")}), encoding="utf-8")
    place = str(folder / "project")
    return Path(cookiecutter(str(ROOT), no_input=True, output_dir=place, config_file=str(config)))


def run(project: Path, *arguments: str) -> Measured:
    """Run `pipeline` in a project.

    Raises:
        SystemExit: It fails, other than by a gate that no model passes; what it said is shown.
    """
    line = [sys.executable, "-c", COMMAND, *arguments]
    before, started = _cpu_of_children(), time.perf_counter()
    ended = subprocess.run(  # noqa: S603
        line, cwd=project, capture_output=True, text=True, check=False
    )
    wall, cpu = time.perf_counter() - started, _cpu_of_children() - before
    if ended.returncode not in (0, 3):
        sys.exit(f"pipeline {' '.join(arguments)}\n{ended.stdout}{ended.stderr}")
    return Measured(wall, cpu, ended.stdout)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
