from __future__ import annotations

import urllib.error
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.datasets

from sagetabular.errors import UserError
from sagetabular.lake.fetch import fetch_california
from sagetabular.lake.sample import make_sample


def averaged(raw):
    """Return a raw table as scikit-learn's copy has it."""
    households = raw["households"].astype(float)
    features = {
        "MedInc": raw["median_income"],
        "HouseAge": raw["housing_median_age"],
        "AveRooms": raw["total_rooms"] / households,
        "AveBedrms": raw["total_bedrooms"] / households,
        "Population": raw["population"],
        "AveOccup": raw["population"] / households,
        "Latitude": raw["latitude"],
        "Longitude": raw["longitude"],
    }
    return SimpleNamespace(
        data=np.column_stack(list(features.values())),
        feature_names=list(features),
        target=raw["median_house_value"].to_numpy() / 100_000.0,
    )


def test_the_averages_become_the_raw_counts_again(monkeypatch, tmp_path):
    raw = make_sample(3000, seed=5)
    monkeypatch.setattr(
        sklearn.datasets, "fetch_california_housing", lambda **_options: averaged(raw)
    )
    fetched = fetch_california(tmp_path)
    assert list(fetched.columns) == list(raw.columns)
    assert fetched.equals(raw)


def test_a_machine_without_network_gets_two_lines_and_a_way_out(monkeypatch, tmp_path):
    def unreachable(**_options):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(sklearn.datasets, "fetch_california_housing", unreachable)
    with pytest.raises(UserError) as caught:
        fetch_california(tmp_path)
    first, second = str(caught.value).splitlines()
    assert "could not be downloaded" in first
    assert "Name or service not known" in first
    assert "pipeline data sample" in second
