"""The data-quality baseline in Model Monitor's form."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagetabular.jobs.rows.baseline import write_baseline


@pytest.fixture
def baseline(tmp_path):
    """Write the baseline of a table; return statistics and constraints, by feature."""

    def write(**columns):
        write_baseline(pd.DataFrame(columns), tmp_path)
        files = [tmp_path / f"{name}.json" for name in ("statistics", "constraints")]
        documents = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        return [{entry["name"]: entry for entry in each["features"]} for each in documents]

    return write


def weights(sketch):
    """Every value of a sketch as often as it counts."""
    levels = enumerate(sketch["data"])
    return np.sort(np.concatenate([np.repeat(values, 2**level) for level, values in levels]))


def test_numbers_are_described_by_their_moments_and_their_distribution(baseline):
    values = np.random.default_rng(1).normal(size=1000)
    values[:7] = np.nan
    (statistics, _), known = baseline(size=values), values[7:]
    found = statistics["size"]["numerical_statistics"]
    assert statistics["size"]["inferred_type"] == "Fractional"
    assert found["common"] == {"num_present": 993, "num_missing": 7}
    expected = [known.min(), known.max(), known.sum(), known.mean(), known.std()]
    names = ("min", "max", "sum", "mean", "std_dev")
    assert [found[name] for name in names] == pytest.approx(expected, rel=1e-12)
    buckets, kll = found["distribution"]["kll"]["buckets"], found["distribution"]["kll"]
    counts, edges = np.histogram(known, 10)
    assert [bucket["count"] for bucket in buckets] == counts.tolist()
    assert [bucket["lower_bound"] for bucket in buckets] == pytest.approx(edges[:-1].tolist())
    assert weights(kll["sketch"]).tolist() == sorted(known.tolist()), (
        "few rows stand for themselves"
    )


@pytest.mark.parametrize("rows", [2049, 5000, 123_457])
def test_a_sketch_of_many_rows_is_small_and_keeps_their_quantiles(baseline, rows):
    values = np.random.default_rng(rows).exponential(size=rows)
    (statistics, _) = baseline(size=values)
    sketch = statistics["size"]["numerical_statistics"]["distribution"]["kll"]["sketch"]
    assert max(map(len, sketch["data"])) <= sketch["parameters"]["k"]
    counted = weights(sketch)
    assert len(counted) == rows
    shares = np.searchsorted(np.sort(values), counted) / rows
    assert np.abs(shares - np.arange(rows) / rows).max() < 0.002


def test_whole_numbers_categories_and_gaps_have_their_own_types(baseline):
    statistics, constraints = baseline(
        rooms=[1.0, 2.0, 3.0, np.nan], change=[-0.5, 1.0, 2.0, 3.0],
        district=["b", "a", None, "b"], empty=[np.nan] * 4,
        void=pd.Series([None] * 4, dtype=object),
    )  # fmt: skip
    types = {"rooms": "Integral", "change": "Fractional", "district": "String"}
    types |= {"empty": "Unknown", "void": "Unknown"}
    for found in (statistics, constraints):
        assert {name: entry["inferred_type"] for name, entry in found.items()} == types
    assert {name: entry["completeness"] for name, entry in constraints.items()} == {
        "rooms": 0.75, "change": 1.0, "district": 0.75, "empty": 0.0, "void": 0.0,
    }  # fmt: skip
    assert constraints["rooms"]["num_constraints"] == {"is_non_negative": True}
    assert constraints["change"]["num_constraints"] == {"is_non_negative": False}
    assert constraints["district"]["string_constraints"] == {"domains": ["a", "b"]}
    assert statistics["district"]["string_statistics"] == {
        "common": {"num_present": 3, "num_missing": 1},
        "distinct_count": 2,
        "distribution": {
            "categorical": {"buckets": [{"value": "b", "count": 2}, {"value": "a", "count": 1}]}
        },
    }


def test_a_column_of_very_many_categories_is_no_domain(baseline):
    statistics, constraints = baseline(name=[f"n{number:03}" for number in range(101)])
    assert "string_constraints" not in constraints["name"]
    found = statistics["name"]["string_statistics"]
    assert found["distinct_count"] == 101
    assert len(found["distribution"]["categorical"]["buckets"]) == 100


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_any_numbers_make_strict_json_whose_buckets_hold_them_all(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("baseline")
    write_baseline(pd.DataFrame({"x": values}), folder)
    text = (folder / "statistics.json").read_text(encoding="utf-8")
    assert "NaN" not in text and "Infinity" not in text
    (entry,) = json.loads(text)["features"]
    buckets = entry["numerical_statistics"]["distribution"]["kll"]["buckets"]
    assert sum(bucket["count"] for bucket in buckets) == len(values)
    assert (buckets[0]["lower_bound"], buckets[-1]["upper_bound"]) == (min(values), max(values))
