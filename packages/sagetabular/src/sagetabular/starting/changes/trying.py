"""The first step tried on the rows, before anything is written: whether they can be split so."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from sagetabular.assets.collecting import preprocess_settings
from sagetabular.jobs.preprocess import preprocess

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from sagetabular.settings.project import PipelineConf

_VARIABLE = "SAGEMAKER_BASE_DIR"


def try_preprocess(table: pa.Table, pipeline: PipelineConf) -> None:
    """Clean and split rows as the job does, and forget what came of it.

    Args:
        table: What Ingest would read.
        pipeline: The settings.

    Raises:
        JobError: The rows do not fit the settings.
    """
    with tempfile.TemporaryDirectory(prefix="init-") as name:
        folder = Path(name, "processing/input")
        for part in ("data", "settings"):
            (folder / part).mkdir(parents=True)
        pq.write_table(table, folder / "data/part-0.parquet")
        (folder / "settings/preprocess.json").write_bytes(preprocess_settings(pipeline))
        split = pipeline.split
        with _base_dir(name), redirect_stdout(StringIO()):
            preprocess(["--folds", str(split.folds), "--seed", str(split.seed)])


@contextmanager
def _base_dir(folder: str) -> Iterator[None]:
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = folder
    try:
        yield
    finally:
        os.environ.pop(_VARIABLE, None)
        if before is not None:
            os.environ[_VARIABLE] = before
