"""The columns in place of a one-hot encoded one: exactly the listed categories, whatever came.

Data Wrangler makes a column of each category that it finds. So that definition, models and server
know their columns before, the configuration lists them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.jobs.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd


def with_indicators(
    table: pd.DataFrame, one_hot: Mapping[str, Sequence[str]], declared: Collection[str]
) -> pd.DataFrame:
    """Return a table with the columns of all listed categories, 0 where no row has the category.

    Args:
        table: What the flow has written.
        one_hot: Encoded column → the columns in its place, one per listed category.
        declared: All columns that count, these included.

    Raises:
        JobError: The table has a category that is not listed.
    """
    for name in table.columns:
        owners = [column for column in one_hot if name.startswith(f"{column}_")]
        if owners and name not in declared:
            raise _unlisted(max(owners, key=len), name, int(table[name].sum()))
    wanted = [name for names in one_hot.values() for name in names]
    return table.assign(**{name: 0.0 for name in wanted if name not in table})


def _unlisted(column: str, name: str, rows: int) -> JobError:
    category = name.removeprefix(f"{column}_")
    msg = f"conf/pipeline.yaml: data.columns.{column}.one_hot must list all categories of the data"
    remedy = "Add it to the list, or make it one that is listed in the query (data.query)."
    return JobError(f"{msg}, got {category!r} ({rows} rows so).", remedy)
