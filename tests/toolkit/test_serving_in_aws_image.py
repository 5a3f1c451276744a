"""The registered XGBoost model behind the server of AWS's own image."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.toolkit.conftest import LocalRun
from tests.toolkit.serving_image import Endpoint, install

CSV, JSON, PARQUET = "text/csv", "application/json", "application/x-parquet"


def container_of(run: LocalRun) -> dict[str, Any]:
    """What RegisterXGBoost says of the container, as it stands in the definition."""
    definition = json.loads((run.record / "definition.json").read_text(encoding="utf-8"))
    waiting, found = list(definition["Steps"]), {}
    while waiting:
        step = waiting.pop()
        found[step["Name"]] = step["Arguments"]
        waiting += step["Arguments"].get("IfSteps", [])
    (container,) = found["RegisterXGBoost"]["InferenceSpecification"]["Containers"]
    assert isinstance(container, dict)
    return container


@pytest.fixture(scope="module")
def endpoint(local_run: LocalRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    serve = install(tmp_path_factory.mktemp("image"))
    (archive,) = local_run.home.glob("s3/**/fit/xgboost/*/output/model.tar.gz")
    base = tmp_path_factory.mktemp("endpoint") / "ml"
    endpoint = Endpoint(serve, base, container_of(local_run), archive)
    try:
        endpoint.wait()
        yield endpoint
    finally:
        endpoint.close()


@pytest.fixture(scope="module")
def rows(local_run: LocalRun) -> pd.DataFrame:
    """Features of the test rows, in the model's order."""
    (file,) = local_run.home.glob("s3/**/preprocess/test/test.parquet")
    return pd.read_parquet(file).drop(columns="median_house_value").head(50)


@pytest.fixture(scope="module")
def expected(endpoint: Endpoint, rows: pd.DataFrame) -> list[float]:
    """What the model predicts in this process."""
    code = import_module("models.xgboost.model")
    folder = Path(endpoint.log.parent) / "model"
    return [float(value) for value in code.predict(code.load(folder), rows)]


def numbers(body: bytes) -> list[float]:
    return [float(line) for line in body.decode().splitlines()]


def test_rows_as_csv_get_the_numbers_of_the_model(
    endpoint: Endpoint, rows: pd.DataFrame, expected: list[float]
) -> None:
    for header in (True, False):
        body = rows.to_csv(index=False, header=header).encode()
        reply = endpoint.invoke(body, CSV)
        assert (reply.status, reply.content_type) == (200, "text/csv; charset=utf-8"), reply
        assert numbers(reply.body) == expected


@pytest.mark.parametrize("form", ["lists", "objects"])
def test_rows_as_json_get_the_numbers_of_the_model(
    endpoint: Endpoint, rows: pd.DataFrame, expected: list[float], form: str
) -> None:
    plain = rows.astype(object).where(rows.notna(), None)
    by_name = [dict(zip(plain, row, strict=True)) for row in plain.to_numpy().tolist()]
    instances = plain.to_numpy().tolist() if form == "lists" else by_name
    reply = endpoint.invoke(json.dumps({"instances": instances}).encode(), JSON, accept=JSON)
    assert (reply.status, reply.content_type) == (200, JSON)
    assert json.loads(reply.body) == {"predictions": expected}


def test_rows_as_parquet_get_the_numbers_of_the_model(
    endpoint: Endpoint, rows: pd.DataFrame, expected: list[float]
) -> None:
    assert numbers(endpoint.invoke(rows.to_parquet(index=False), PARQUET).body) == expected


@pytest.mark.parametrize(
    ("body", "content_type", "accept", "status", "word"),
    [
        (b"1,2,3\n", CSV, CSV, 400, "line 1: must have 7 fields, got 3"),
        (b"1,2,3,4,5,6,seven\n", CSV, CSV, 400, "'seven' is not a number"),
        (b"", CSV, CSV, 400, "The body holds no row"),
        (b"[[1, NaN]]", JSON, CSV, 400, "not JSON"),
        (b"[[1, 2, 3, 4, 5, 6, {}]]", JSON, CSV, 400, "must be a number or null"),
        (b"[" * 100_000, JSON, CSV, 400, "not JSON"),
        (b"PAR1", PARQUET, CSV, 400, "Parquet"),
        (b"1 1:2\n", "text/libsvm", CSV, 415, "text/libsvm"),
        (b"1,2,3\n", CSV, "image/png", 406, "image/png"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_and_no_500(
    endpoint: Endpoint, body: bytes, content_type: str, accept: str, status: int, word: str
) -> None:
    reply = endpoint.invoke(body, content_type, accept)
    assert reply.status == status, reply
    assert word in reply.body.decode()
    assert len(reply.body.decode().splitlines()) == 2


def test_the_image_needs_nothing_but_the_libraries_it_has(endpoint: Endpoint) -> None:
    """Its environment has neither our fast readers nor anything else of the project's image."""
    assert "Traceback" not in endpoint.log.read_text(encoding="utf-8")
    installed = {place.name for place in endpoint.site.iterdir()}
    assert not {"orjson", "simdjson", "uvicorn", "skops"} & installed
    assert {"flask", "sagemaker_containers", "sagetabular", "models"} <= installed
