"""A project compiled, and run on a small table in which there is something to learn."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import yaml

from sagelocal import LocalSageMaker
from sagetabular.compiling.compilation import compile_pipeline
from sagetabular.lake.store import table_folder, write_table
from sagetabular.local import runs
from sagetabular.local.leaderboard import read_result
from sagetabular.project import Project
from sagetabular.settings import load_project
from sagetabular.testing.planting import planted_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.jobs.scoring.metrics import Metric


# What a compilation reads.
_FOLDERS = ("conf", "models", "pipelines", "queries")
_DATABASE, _TABLE = "planted", "rows"
_QUERY = "SELECT * FROM ${table}\n"
# Beyond any score: whether a model is good enough is not what a small run shows.
_NO_GATE = {"minimum": -1e6, "maximum": 1e6}
_GATES = ("minimum_r2", *_NO_GATE)


@dataclass(frozen=True)
class SmallRun:
    """The end of a small run.

    Attributes:
        root: Folder of the copy that ran.
        status: `Succeeded`, or what it was instead.
        reason: Why it failed; empty if it did not.
        steps: Name of each step → its status.
        winner: The model that was selected; None if there is none.
        r2: Model → R2 on the test rows, where the project selects by R2.
        model_package: The registered version, such as `housing-prices/1`; None without one.
        scores: Model → score on the test rows, by `selection.metric`.
    """

    root: Path
    status: str
    reason: str
    steps: Mapping[str, str]
    winner: str | None
    r2: Mapping[str, float]
    model_package: str | None
    scores: Mapping[str, float]


class _Silence:
    """A listener that prints nothing."""

    def step_changed(self, name: str, kind: str, status: str, detail: str) -> None: ...

    def trial_finished(
        self, step: str, number: int, total: int, value: float | None, best: float | None
    ) -> None: ...


def compile_definition(root: Path | str = ".") -> dict[str, Any]:
    """Compile a project, and return its definition: checked, and without network or account.

    Args:
        root: Folder of the project.

    Raises:
        UserError: A file of the project breaks a rule.
    """
    definition: dict[str, Any] = json.loads(
        compile_pipeline(load_project(Path(root).resolve())).definition
    )
    return definition


def run_small(root: Path | str, folder: Path, *, rows: int = 400, trials: int = 2) -> SmallRun:
    """Run a copy of a project on a planted table, with few trials, no tracking and no gate.

    The models, the graph, the split and all other settings are the project's own; the query is
    replaced, since it may read any number of tables.

    Args:
        root: Folder of the project.
        folder: Where the copy is made; it must not exist.
        rows: Rows of the table.
        trials: Hyperparameter settings per model.

    Raises:
        UserError: A file of the project breaks a rule.
    """
    for name in _FOLDERS:
        junk = shutil.ignore_patterns("__pycache__")
        if (Path(root) / name).is_dir():  # files in S3 need no query
            shutil.copytree(Path(root) / name, folder / name, ignore=junk)
    metric = load_project(Path(root).resolve()).pipeline.metric
    _make_small(folder, trials, metric)
    project = Project(folder.resolve())
    table = planted_table(project.settings.pipeline, rows)
    place = table_folder(project.lake, _DATABASE, _TABLE)
    content = pa.Table.from_pandas(table, preserve_index=False)
    write_table(place, content, kind="files", title="planted rows")
    compiled = compile_pipeline(project.settings)
    record = runs.start(project, compiled, {}, _Silence())
    result = read_result(LocalSageMaker(project.home), record)
    return SmallRun(
        root=project.root,
        status=record.status,
        reason=record.failure_reason or "",
        steps={step.name: step.status for step in record.steps.values()},
        winner=result.winner,
        r2={entry.name: entry.test_r2 for entry in result.models if entry.test_r2 is not None},
        model_package=result.model_package,
        scores={entry.name: entry.test for entry in result.models},
    )


def _make_small(folder: Path, trials: int, metric: Metric) -> None:
    file = folder / "conf/pipeline.yaml"
    conf = yaml.safe_load(file.read_text(encoding="utf-8"))
    unread = ("uri", "parameters", "version", "workgroup")
    data = {name: value for name, value in conf["data"].items() if name not in unread}
    source = "data_wrangler" if data.get("source") == "data_wrangler" else "athena"
    data |= {"source": source, "database": _DATABASE, "table": _TABLE}
    conf |= {"data": data | {"query": "queries/planted.sql"}, "tracking": "none"}
    conf["tuning"] = conf.get("tuning", {}) | {"trials": trials, "parallel": min(trials, 2)}
    kept = {key: value for key, value in conf.get("selection", {}).items() if key not in _GATES}
    conf["selection"] = kept | {metric.gate: _NO_GATE[metric.gate]}
    file.write_text(yaml.safe_dump(conf, sort_keys=False), encoding="utf-8")
    (folder / "queries").mkdir(exist_ok=True)
    (folder / "queries/planted.sql").write_text(_QUERY, encoding="utf-8")
