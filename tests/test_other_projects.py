"""A project with a table, a split, a source or models of its own passes its own `make test`.

The environment of these tests stands in for the project's: nothing is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.baking import generate

pytestmark = pytest.mark.journey

WINE = ["fixed acidity", "volatile_acidity", "pm2.5", "sulphates", "alcohol", "quality"]
CATEGORY = "category"


def numbers(names: Iterable[str], **others: Any) -> dict[str, Any]:
    return {**dict.fromkeys(names, "number"), **others}


# Sections of conf/pipeline.yaml that take the place of the template's; which models are left.
PROJECTS: Mapping[str, tuple[Mapping[str, Any], list[str]]] = {
    "a table of wines, its quantiles in three folds": (
        {
            "data": {"columns": numbers(WINE), "target": "quality", "drop": []},
            "split": {"kind": "stratified", "folds": 3},
        },
        ["xgboost", "decision_tree"],
    ),
    "files in S3, one split and one model": (
        {
            "data": {
                "source": "s3", "uri": "s3://own-bucket/calls/", "target": "calls",
                "columns": numbers(["hour", "calls"], team=CATEGORY), "duplicates": "remove",
            },
            "split": {"folds": 0, "test": 0.3},
        },
        ["decision_tree"],
    ),
    "shops, each in one fold, of which few columns are left": (
        {
            "data": {
                "columns": numbers(["size", "age", "sales"], shop=CATEGORY, town=CATEGORY),
                "target": "sales", "drop": ["size", "town"],
            },
            "split": {"kind": "grouped", "by": "shop", "folds": 10},
        },
        ["decision_tree"],
    ),
    "eighty columns in the order of days": (
        {
            "data": {
                "columns": numbers([f"column_{number}" for number in range(80)], day="time"),
                "target": "column_79", "drop": ["column_0"],
            },
            "split": {"kind": "time", "by": "day", "folds": 4},
            "models": ["xgboost"],
        },
        ["xgboost", "decision_tree"],
    ),
    "categories that a flow encodes": (
        {
            "data": {
                "source": "data_wrangler", "target": "price",
                "columns": numbers(
                    ["area", "price"], kind={"type": CATEGORY, "one_hot": ["A", "B"]}
                ),
            },
            "split": {"folds": 2},
        },
        ["decision_tree"],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, str], str]:
    """Return a function that calls make in a project, with this environment as the project's."""

    def call(project: Path, target: str) -> str:
        environment = borrowed_environment(project)
        junk = ("MAKE", "MFLAGS", "PYTHONPATH", "VIRTUAL_ENV", "PYTEST_")
        variables = {k: v for k, v in os.environ.items() if not k.startswith(junk)}
        ended = subprocess.run(
            ["make", "-s", target, f"VENV={environment}"],
            cwd=project, env=variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "Installing" not in ended.stderr
        return ended.stdout

    return call


def borrowed_environment(project: Path) -> Path:
    """Make an environment that is this one, and in which all of the project's lock is installed."""
    place, own = project.parent / "environment", Path(sys.prefix)
    if not place.exists():
        place.mkdir()
        for entry in own.iterdir():
            if entry.is_dir():
                (place / entry.name).symlink_to(entry)
        settings = (own / "pyvenv.cfg").read_text(encoding="utf-8")
        (place / "pyvenv.cfg").write_text(f"{settings}\nplace = {place}\n", encoding="utf-8")
    shutil.copyfile(project / "requirements.lock", place / "installed.lock")
    return place


def project_of(name: str, template: Path, output: Path) -> Path:
    project = generate(template, output, {})
    sections, models = PROJECTS[name]
    file = project / "conf/pipeline.yaml"
    conf = yaml.safe_load(file.read_text(encoding="utf-8")) | dict(sections)
    if conf["data"].get("source") == "s3":
        shutil.rmtree(project / "queries")
    else:
        conf["data"] = {"database": "own", "table": "rows", **conf["data"]}
        (project / "queries/ingest.sql").write_text("SELECT * FROM ${table}\n", encoding="utf-8")
    file.write_text(yaml.safe_dump(conf, sort_keys=False), encoding="utf-8")
    for folder in (project / "models").iterdir():
        if folder.name not in models:
            shutil.rmtree(folder)
    return project


@pytest.mark.parametrize("name", PROJECTS)
def test_a_project_of_its_own_passes_its_own_tests(
    name: str, template: Path, tmp_path: Path, make: Callable[[Path, str], str]
) -> None:
    project = project_of(name, template, tmp_path / "output")
    assert " passed" in make(project, "test")
    if len(PROJECTS[name][1]) == 1:  # what is left of the code still holds together
        make(project, "lint")
