"""Whole executions on planted data, small enough for a test."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import yaml

from sagelocal import ExecutionRecord, LocalSageMaker
from sagetabular.compiling.compilation import compile_pipeline
from sagetabular.lake.store import table_folder, write_table
from sagetabular.local import runs
from sagetabular.local.leaderboard import Result, read_result
from sagetabular.project import find_project


class Silence:
    """A listener that does not care."""

    def step_changed(self, name: str, kind: str, status: str, detail: str) -> None: ...

    def trial_finished(
        self, step: str, number: int, total: int, value: float | None, best: float | None
    ) -> None: ...


@dataclass(frozen=True)
class Run:
    """An execution and what can be asked of it."""

    root: Path
    record: ExecutionRecord
    result: Result

    @property
    def sagemaker(self) -> LocalSageMaker:
        return LocalSageMaker(self.root / ".pipeline")

    def trials(self, step: str) -> list[dict[str, Any]]:
        """Of each trial of a tuning step: `cv.json`, and its out-of-fold predictions."""
        arguments = self.record.steps[step].arguments
        prefix = arguments["TrainingJobDefinition"]["OutputDataConfig"]["S3OutputPath"]
        summaries = self.record.steps[step].response["TrainingJobSummaries"]
        names = sorted(summary["TrainingJobName"] for summary in summaries)
        return [self._archive(f"{prefix}/{name}/output/model.tar.gz") for name in names]

    def output(self, step: str, name: str) -> Path:
        """Folder of an output of a Processing step."""
        outputs = self.record.steps[step].arguments["ProcessingOutputConfig"]["Outputs"]
        (uri,) = [one["S3Output"]["S3Uri"] for one in outputs if one["OutputName"] == name]
        return self.sagemaker.storage.path(uri)

    def _archive(self, uri: str) -> dict[str, Any]:
        content = BytesIO(self.sagemaker.storage.read_bytes(uri))
        with tarfile.open(fileobj=content) as archive:
            report = json.load(archive.extractfile("cv.json"))
            predictions = BytesIO(archive.extractfile("predictions.parquet").read())
        return {"report": report, "predictions": pd.read_parquet(predictions)}


def run_project(root: Path, **parameters: object) -> Run:
    """Compile and run; parameters as `pipeline run --set` takes them."""
    project = find_project(root)
    overrides = {name: str(value) for name, value in parameters.items()}
    record = runs.start(project, compile_pipeline(project.settings), overrides, Silence())
    return Run(root, record, read_result(LocalSageMaker(project.home), record))


def plant(root: Path, frame: pd.DataFrame, target: str, **conf: object) -> None:
    """Put a table into the lake and make `conf/pipeline.yaml` fit it."""
    folder = table_folder(root / ".pipeline/lake", "planted", "rows")
    write_table(folder, pa.Table.from_pandas(frame), kind="files", title="planted")
    file = root / "conf/pipeline.yaml"
    content = yaml.safe_load(file.read_text())
    kinds = {
        name: "number" if np.issubdtype(frame[name].dtype, np.number) else "category"
        for name in frame
    }
    data = {"database": "planted", "table": "rows", "target": target, "columns": kinds}
    content = {"name": content["name"], "data": data, **conf}
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    (root / "queries/ingest.sql").write_text("SELECT * FROM ${table}")


def search(root: Path, model: str, ranges: dict[str, Any], **hyperparameters: object) -> None:
    """Replace the search space of a model."""
    file = root / f"models/{model}/model.yaml"
    content = yaml.safe_load(file.read_text())
    content |= {"tuning": {"strategy": "Random", "ranges": ranges}}
    content |= {"hyperparameters": hyperparameters}
    file.write_text(yaml.safe_dump(content, sort_keys=False))
