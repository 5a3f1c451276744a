"""Preprocess and one-hot encoded columns: the listed categories, whatever the flow has found."""

from __future__ import annotations

import pandas as pd
import pytest

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.rows.indicators import with_indicators

ONE_HOT = {"town": ["town_a", "town_b"], "town_b": ["town_b_x"]}
DECLARED = ["size", "town_a", "town_b", "town_b_x", "town_hall"]


def table_with(**columns: object) -> pd.DataFrame:
    given = {"size": [1.0, 2.0], "town_a": [1.0, 0.0], "town_b_x": [0.0, 1.0], "town_hall": [3, 4]}
    return pd.DataFrame({**given, **columns})


def test_a_listed_category_that_no_row_has_is_a_column_of_zeros() -> None:
    table = with_indicators(table_with(), ONE_HOT, DECLARED)
    expected = table_with(town_b=[0.0, 0.0])
    pd.testing.assert_frame_equal(table, expected)


def test_what_the_flow_found_stays_as_it_is_and_without_encoding_the_table_does() -> None:
    complete = table_with(town_b=[0.0, 1.0])
    pd.testing.assert_frame_equal(with_indicators(complete, ONE_HOT, DECLARED), complete)
    other = pd.DataFrame({"town_z": [1.0]})
    pd.testing.assert_frame_equal(with_indicators(other, {}, ["size"]), other)


@pytest.mark.parametrize(
    ("found", "column", "category"),
    [("town_c", "town", "c"), ("town_b_y", "town_b", "y"), ("town_", "town", "")],
)
def test_a_category_that_is_not_listed_is_named_with_its_column_and_its_rows(
    found: str, column: str, category: str
) -> None:
    with pytest.raises(JobError) as caught:
        with_indicators(table_with(**{found: [1.0, 1.0]}), ONE_HOT, DECLARED)
    rule, remedy = str(caught.value).splitlines()
    assert rule == (
        f"conf/pipeline.yaml: data.columns.{column}.one_hot must list all categories of the data, "
        f"got {category!r} (2 rows so)."
    )
    assert remedy.startswith("Add it to the list, or ")
