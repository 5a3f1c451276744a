"""Ingest, started as SageMaker would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from sagetabular.assets.trees import Asset
from sagetabular.compiling.compilation import compile_pipeline
from sagetabular.settings import load_project
from tests.athena.table import BUCKET
from tests.servers import REGION

EXECUTION = "executions/e1"


@dataclass(frozen=True)
class Ended:
    """How a job ended: its exit code, what it gave as the reason, and the rows that it wrote."""

    code: int
    failure: str
    rows: pa.Table | None


class Ingest:
    """The step as it stands in the compiled definition, started as SageMaker would.

    Args:
        project: Folder of the project, whose files the test may change.
        work: Folder for the trees of the jobs.
    """

    def __init__(self, project: Path, work: Path) -> None:
        self._project, self._work = project, work
        self._runs = 0
        self._request: dict[str, Any] = {}
        self._query: Asset | None = None

    def configure(self, query: str, **data: Any) -> None:
        """Set the query, and fields of `data` in `conf/pipeline.yaml`."""
        (self._project / "queries/ingest.sql").write_text(query, encoding="utf-8")
        file = self._project / "conf/pipeline.yaml"
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        own = {"database": "estate", "table": "houses", "workgroup": "analysts"}
        kept = {key: content["data"][key] for key in ("target", "columns")}
        content["data"] = {**kept, **own, **data}
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
        self.compile()

    def compile(self) -> None:
        """Take the step as the project's files have it."""
        compiled = compile_pipeline(load_project(self._project))
        self._request = _request(compiled.definition)
        self._query = compiled.assets.query

    def run(self, variables: Mapping[str, str]) -> Ended:
        """Run the job in a tree of its own.

        Args:
            variables: How it finds its back-end.
        """
        self._runs += 1
        base = self._work / f"run-{self._runs}"
        self._lay_out(base)
        application = self._request["AppSpecification"]
        arguments = [*application["ContainerEntrypoint"][1:], *application["ContainerArguments"]]
        own = ("PATH", "PYTHONPYCACHEPREFIX")
        ended = subprocess.run(
            [sys.executable, *arguments],
            env={
                **{name: os.environ[name] for name in own if name in os.environ},
                "PYTHONPATH": str(self._project),
                "SAGEMAKER_BASE_DIR": str(base),
                "AWS_REGION": REGION,
                **variables,
            },
            check=False,
            timeout=300,
        )
        failure, data = base / "output/failure", base / "processing/output/data/data.parquet"
        return Ended(
            ended.returncode,
            failure.read_text(encoding="utf-8") if failure.exists() else "",
            pq.read_table(data) if data.exists() else None,
        )

    def _lay_out(self, base: Path) -> None:
        """Put there what SageMaker would."""
        query = base / "processing/input/query"
        for folder in (base / "config", query):
            folder.mkdir(parents=True)
        (base / "config/processingjobconfig.json").write_text(json.dumps(self._request))
        assert self._query is not None
        for name, content in self._query.files.items():
            (query / name).write_bytes(content)


def _request(definition: bytes) -> dict[str, Any]:
    """Return the request of the step, with values in the place of references."""
    document = json.loads(definition)
    known: dict[str, Any] = {
        f"Parameters.{entry['Name']}": entry.get("DefaultValue", entry["Name"])
        for entry in document["Parameters"]
    }
    known |= {"Execution.PipelineExecutionId": "e1", "Parameters.Bucket": BUCKET}
    (step,) = [step for step in document["Steps"] if step["Name"] == "Ingest"]
    request: dict[str, Any] = _resolved(step["Arguments"], known)
    return request


def _resolved(value: Any, known: Mapping[str, Any]) -> Any:
    """Put values in the place of references, in a part of the definition."""
    if isinstance(value, list):
        return [_resolved(each, known) for each in value]
    if not isinstance(value, dict):
        return value
    if [*value] == ["Get"]:
        return known[value["Get"]]
    if [*value] == ["Std:Join"]:
        parts = _resolved(value["Std:Join"]["Values"], known)
        return value["Std:Join"]["On"].join(map(str, parts))
    return {key: _resolved(each, known) for key, each in value.items()}
