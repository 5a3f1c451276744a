"""A dry run as one starts it, twice: in two clones, without network, account and home."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from sagetabular.infrastructure.templates import parse_template
from tests.baking import generate
from tests.releases import git
from tests.studio.publishing import ADDRESS, pip_variables, publishable

pytestmark = pytest.mark.slow
# Ends whoever connects to anything: a request that is caught would go unseen otherwise.
NO_NETWORK = """
import os, socket
def refuse(*words):
    os.write(2, f"network: {words}".encode())
    os._exit(99)
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
"""


class DryRun(NamedTuple):
    """What a dry run printed, and the folder that it wrote."""

    out: str
    err: str
    folder: Path
    repository: Path

    @property
    def bundle(self) -> Path:
        (found,) = (self.folder / "bundles").iterdir()
        return found

    @property
    def template(self) -> Path:
        return self.folder / "templates/tabular-models.yaml"


def start(repository: Path, folder: Path, wheels: Path) -> subprocess.Popen[str]:
    """Start a dry run; pip finds wheels in a folder, and nobody finds anything else."""
    (folder / "blocked").mkdir(parents=True)
    (folder / "blocked/sitecustomize.py").write_text(NO_NETWORK)
    (folder / "home").mkdir(mode=0o500)
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "PYTHONPATH": str(folder / "blocked"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "80",
        **pip_variables(wheels),
    }
    command = [sys.executable, "studio/publish.py", "--dry-run", "--output", str(folder / "out")]
    return subprocess.Popen(
        command,
        cwd=repository,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_dry_run_shows_all_but_what_only_aws_knows(template: Path, tmp_path: Path) -> None:
    """All in one test, since two of these runs take seconds."""
    first, second = _run_twice(template, tmp_path)
    _check_both_gave_the_same_bytes(first, second)
    _check_the_sample_is_the_default_projects_table(first, tmp_path)
    _check_the_template_names_the_bundle_and_the_tables_columns(first)
    _check_what_is_printed(first)


def _run_twice(template: Path, home: Path) -> list[DryRun]:
    """Run it in a repository and in a clone of it that git has packed otherwise."""
    first = publishable(template, home / "first")
    before = os.umask(0o077)
    try:
        git(home, "clone", "-q", "--no-local", "first", "second")
    finally:
        os.umask(before)
    git(home / "second", "remote", "set-url", "origin", ADDRESS)
    started = [
        (root, start(root, home / f"{root.name}-out", first)) for root in (first, home / "second")
    ]
    ended = [(root, run, *run.communicate()) for root, run in started]
    for _, run, _, err in ended:
        assert run.returncode == 0, err
    return [DryRun(out, err, home / f"{root.name}-out/out", root) for root, _, out, err in ended]


def _check_both_gave_the_same_bytes(first: DryRun, second: DryRun) -> None:
    assert first.bundle.name == second.bundle.name
    assert first.bundle.read_bytes() == second.bundle.read_bytes()
    assert first.template.read_bytes() == second.template.read_bytes()
    assert [git(each.repository, "status", "--porcelain") for each in (first, second)] == ["", ""]


def _check_the_sample_is_the_default_projects_table(run: DryRun, tmp_path: Path) -> None:
    """Columns: those of conf/pipeline.yaml. Rows: as many as `pipeline data sample` says."""
    with zipfile.ZipFile(run.bundle) as archive:
        text = archive.read("sample/part-0.csv").decode()
        (tmp_path / "template.bundle").write_bytes(archive.read("template.bundle"))
        release = json.loads(archive.read("release.json"))
    header, *rows = csv.reader(io.StringIO(text))
    git(tmp_path, "clone", "-q", "template.bundle", "clone")
    assert git(tmp_path / "clone", "rev-parse", "HEAD") == release["commit"]
    assert release["template"] == ADDRESS
    project = generate(tmp_path / "clone", tmp_path / "output", {})
    settings = yaml.safe_load((project / "conf/pipeline.yaml").read_text(encoding="utf-8"))
    assert header == [*settings["data"]["columns"]]
    assert len(rows) == 6000
    assert {len(row) for row in rows} == {len(header)}


def _check_the_template_names_the_bundle_and_the_tables_columns(run: DryRun) -> None:
    resources = parse_template(run.template.read_text("utf-8"), "template")["Resources"]
    place = resources["SeedProject"]["Properties"]["Source"]["Location"]
    assert json.dumps(place).count(f"amzn-s3-demo-bucket/bundles/{run.bundle.name}") == 1
    (table,) = (each for each in resources.values() if each["Type"] == "AWS::Glue::Table")
    names = [
        each["Name"] for each in table["Properties"]["TableInput"]["StorageDescriptor"]["Columns"]
    ]
    with zipfile.ZipFile(run.bundle) as archive:
        header = archive.read("sample/part-0.csv").decode().splitlines()[0]
    assert names == header.replace('"', "").split(",")


def _check_what_is_printed(run: DryRun) -> None:
    out = run.out
    for words in (
        "Release    1.4.0, commit ",
        "Written    ",
        "Dry run    AWS was not asked",
        "s3://amzn-s3-demo-bucket/bundles/template-1.4.0-",
        "s3://amzn-s3-demo-bucket/templates/tabular-models.yaml",
        "Deployments (older: More) > Projects > Create project",
        "role/sagemaker-projects-launch",
        "Next: ",
    ):
        assert words in out
    assert "secret" not in out + run.err
    assert "Traceback" not in run.err
