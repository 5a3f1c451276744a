"""Data for commands that need some."""

from __future__ import annotations

import pytest

from sagetabular.lake.sample import make_sample


@pytest.fixture
def lake(example, tmp_path, pipeline):
    """The table that the small project asks for, in its lake."""
    table = make_sample(60)[["total_rooms", "households", "median_house_value"]]
    table.columns = ["rooms", "area", "price"]
    table = table.assign(district="north", sold="2026-01-01")
    table.to_csv(tmp_path / "sales.csv", index=False)
    assert pipeline("data", "add", tmp_path / "sales.csv").code == 0
