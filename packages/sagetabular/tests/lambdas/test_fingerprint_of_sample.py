"""What release.yaml knows made-up rows by is what Preprocess says of them."""

from __future__ import annotations

import json

from projects import TEMPLATE
from pyarrow import parquet

from sagetabular.assets.collecting import preprocess_settings
from sagetabular.infrastructure.templates import read_template
from sagetabular.jobs.preprocess import preprocess
from sagetabular.lake.add import typed_frame
from sagetabular.lake.sample import make_sample
from sagetabular.local.declared import declared_columns
from sagetabular.project import find_project


def test_the_default_is_the_fingerprint_of_the_sample(project_root, tmp_path, monkeypatch) -> None:
    project = find_project(project_root)
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    folder = tmp_path / "processing/input"
    for name in ("settings", "data"):
        (folder / name).mkdir(parents=True)
    settings = preprocess_settings(project.settings.pipeline)
    (folder / "settings/preprocess.json").write_text(
        settings if isinstance(settings, str) else settings.decode()
    )
    table = typed_frame(make_sample(), declared_columns(project), "sample")
    # The query that the project begins with leaves out rows without a target alone: here none.
    assert table["median_house_value"].null_count == 0
    parquet.write_table(table, folder / "data/data.parquet")
    preprocess(["--folds", "5", "--seed", "23"])
    summary = json.loads((tmp_path / "processing/output/summary/summary.json").read_text())
    release = read_template(TEMPLATE / "infrastructure/release.yaml")
    assert summary["rows_read"] == 6000
    assert release["Parameters"]["SampleFingerprints"]["Default"] == summary["fingerprint"]
