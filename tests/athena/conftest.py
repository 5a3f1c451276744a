"""A local Athena, a lake with the same table, and Ingest as SageMaker would start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from pipelines.training.assets import Asset
from pipelines.training.compilation import compile_pipeline
from pipelines.training.settings import load_project
from tests.baking import generate
from tests.servers import REGION, LocalAccount, environment, free_port, serving

HERE = Path(__file__).parent
BUCKET = "artifacts"
EXECUTION = "executions/e1"
_HIVE_TYPES = {
    "int32": "int",
    "int64": "bigint",
    "double": "double",
    "bool": "boolean",
    "string": "string",
    "date32[day]": "date",
    "timestamp[us]": "timestamp",
    "decimal128(12, 3)": "decimal(12,3)",
}
# Each type beside a null, and what is easily lost: digits, quotes, line breaks, signs, letters.
TABLE = pa.table(
    {
        "id": pa.array([1, 2, 3, 4, 5, 6, 7], pa.int32()),
        "big": pa.array([2**53 + 1, None, -(2**63), 2**63 - 1, 0, 1, 2]),
        "price": [0.1, 1e300, None, -0.0, 1 / 3, 5e-324, 123456.789012345],
        "exact": pa.array(
            [
                Decimal("1.125"),
                Decimal("-999999999.999"),
                None,
                Decimal(0),
                *[Decimal("0.001")] * 3,
            ],
            pa.decimal128(12, 3),
        ),
        "sold": [
            date(2026, 1, 31),
            None,
            date(1969, 12, 31),
            date(2024, 2, 29),
            *[date(1, 1, 1)] * 3,
        ],
        "seen": pa.array(
            [datetime(2026, 3, 29, 2, 30, 0, 123000), None, *[datetime(1969, 12, 31, 23, 59)] * 5],
            pa.timestamp("us"),
        ),
        "garden": [True, False, None, True, False, True, None],
        "town": [
            "O'Hara",
            'the "Hague", NL',
            None,
            "two\nlines\r\n",
            "",
            "Zürich 東京 🏠",
            " NULL ",
        ],
        "nothing": pa.array([None] * 7, pa.string()),
    }
)


class Account(LocalAccount):
    """An account on this machine."""

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys of the objects in the bucket."""
        answer = self.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [entry["Key"] for entry in answer.get("Contents", [])]


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Start an account with a bucket, a workgroup, and the table in two files."""
    port, home = free_port(), tmp_path_factory.mktemp("ministack")
    python = environment("ministack", HERE / "requirements.lock") / "bin/python"
    account = Account(port)
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
    }
    command = [str(python), str(HERE / "server.py")]
    with serving(command, lambda: account.client("s3").list_buckets(), variables):
        _fill(account)
        yield account


def _fill(account: Account) -> None:
    s3, glue, athena = (account.client(name) for name in ("s3", "glue", "athena"))
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    configuration = {"EnforceWorkGroupConfiguration": False}
    athena.create_work_group(Name="analysts", Configuration=configuration)
    for number, part in enumerate((TABLE[:4], TABLE[4:])):
        content = pa.BufferOutputStream()
        pq.write_table(part, content)
        body = content.getvalue().to_pybytes()
        s3.put_object(Bucket=BUCKET, Key=f"tables/houses/{number}.parquet", Body=body)
    glue.create_database(DatabaseInput={"Name": "estate"})
    columns = [{"Name": field.name, "Type": _HIVE_TYPES[str(field.type)]} for field in TABLE.schema]
    storage: dict[str, Any] = {"Columns": columns, "Location": f"s3://{BUCKET}/tables/houses/"}
    storage["SerdeInfo"] = {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    }
    table = {"Name": "houses", "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage}
    glue.create_table(DatabaseName="estate", TableInput=table)


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


@pytest.fixture(scope="session")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate the project whose job is run."""
    return generate(template, tmp_path_factory.mktemp("athena") / "output", {})


@pytest.fixture
def ingest(project: Path, tmp_path: Path) -> Ingest:
    """The job, with nothing run yet."""
    return Ingest(project, tmp_path)


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Lay the table into a lake; how the job finds it."""
    root = tmp_path_factory.mktemp("lake")
    (root / "estate/houses").mkdir(parents=True)
    for number, part in enumerate((TABLE[:4], TABLE[4:])):
        pq.write_table(part, root / f"estate/houses/{number}.parquet")
    return {"LAKE_URI": root.as_uri()}
