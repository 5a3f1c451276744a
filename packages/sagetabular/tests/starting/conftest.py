"""`pipeline init` in a copy of the template's project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml

from sagetabular.lake.store import read_table
from sagetabular.settings import load_project


@dataclass(frozen=True)
class Started:
    """A project that somebody began with a table."""

    root: Path
    ended: object

    @property
    def out(self):
        """What the command printed."""
        assert self.ended.code == 0, self.ended
        return self.ended.out

    @property
    def conf_text(self):
        """The text of conf/pipeline.yaml."""
        return (self.root / "conf/pipeline.yaml").read_text(encoding="utf-8")

    @property
    def conf(self):
        """Its content; the project loads."""
        load_project(self.root)
        return yaml.safe_load(self.conf_text)

    @property
    def data(self):
        """Its section `data`."""
        return self.conf["data"]

    @property
    def query(self):
        """The text of the query."""
        return (self.root / "queries/ingest.sql").read_text(encoding="utf-8")

    @property
    def table(self):
        """The table in the lake."""
        data = self.data
        return read_table(self.root / ".pipeline/lake", data["database"], data["table"])


@pytest.fixture
def write(tmp_path):
    """Write a table to a file; returns its path."""

    def write(content, name="rows.csv"):
        path = tmp_path / name
        if isinstance(content, pd.DataFrame) and name.endswith(".parquet"):
            content.to_parquet(path)
        elif isinstance(content, pd.DataFrame):
            content.to_csv(path, index=False)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
        return path

    return write


@pytest.fixture
def init(pipeline, project_root, write):
    """Begin a project with a table, without being asked."""

    def init(content, *options, name="rows.csv", yes=True):
        words = ["--yes"] if yes else []
        path = content if isinstance(content, Path) else write(content, name)
        ended = pipeline("init", path, *options, *words, folder=project_root)
        return Started(project_root, ended)

    return init
