"""The option `one_hot` of a column: which columns of numbers the flow puts in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.settings.data import Column, Data
    from sagetabular.settings.project import PipelineConf

# What no name of a column may hold: Spark before 3.3 writes no such Parquet file, XGBoost learns
# from no such feature, and Spark's SQL quotes names by the last.
SYMBOLS = " ,;{}()=\t\n" + "[]<" + "`"
_LABEL = "conf/pipeline.yaml: data.columns"


def indicator_columns(data: Data) -> dict[str, list[str]]:
    """Return the encoded columns, each with the columns in its place, in the order of its list.

    As Data Wrangler names them: `<column>_<category>`, without the category's `SYMBOLS`.
    """
    return {
        name: [_indicator(name, category) for category in column.one_hot]
        for name, column in data.columns.items()
        if column.one_hot is not None
    }


def check_one_hot(pipeline: PipelineConf) -> None:
    """Accept encodings that a flow can do, and whose columns get names of their own.

    Raises:
        UserError: An encoding breaks a rule.
    """
    for name, column in pipeline.data.columns.items():
        if column.one_hot is not None:
            _check_place(name, column, pipeline)
            _check_categories(name, column.one_hot)
    _check_names(pipeline.data)


def _indicator(name: str, category: str) -> str:
    return f"{name}_{category.translate(dict.fromkeys(map(ord, SYMBOLS)))}"


def _check_place(name: str, column: Column, pipeline: PipelineConf) -> None:
    """The encoding needs a flow, a category, and nobody who needs the column as it was."""
    data, field = pipeline.data, f"{_LABEL}.{name}.one_hot"
    if data.source != "data_wrangler":
        msg = f"{field} needs `source: data_wrangler`, got {data.source!r}."
        raise UserError(msg, "Take it out: without it, each model encodes categories by itself.")
    if column.type != "category":
        msg = f"{field} is for a column of type category, got {column.type!r}."
        raise UserError(msg, f"Take it out, or write `{name}: {{type: category, one_hot: […]}}`.")
    if name in data.drop:
        msg = f"{field} must not encode a column that data.drop names, got {name!r}."
        raise UserError(msg, "Take it out here or there.")
    if name == pipeline.split.by:
        msg = f"{field} must not encode the column that split.by names, got {name!r}."
        raise UserError(msg, "Take it out: the split needs the column as it is.")


def _check_categories(name: str, categories: list[str]) -> None:
    field = f"{_LABEL}.{name}.one_hot"
    if not categories:
        raise UserError(f"{field} must list a category, got [].", "List all of the column's.")
    for category in categories:
        if not category.isprintable() or _indicator(name, category) == _indicator(name, ""):
            msg = f"{field} must list categories with a letter or digit, got {category!r}."
            raise UserError(msg, "Take it out: a row without a category has 0 in all columns.")


def _check_names(data: Data) -> None:
    """Spark tells no columns apart that differ in case alone."""
    taken = {name.lower(): f"the column {name!r}" for name in data.columns}
    for name, category in _listed(data):
        indicator = _indicator(name, category)
        if other := taken.get(indicator.lower()):
            msg = f"{_LABEL}.{name}.one_hot: {category!r} becomes {indicator!r}, as does {other}."
            raise UserError(msg, "List each category once, or rename it or a column in the query.")
        taken[indicator.lower()] = f"{category!r} of {name}"


def _listed(data: Data) -> Iterator[tuple[str, str]]:
    for name, column in data.columns.items():
        for category in column.one_hot or ():
            yield name, category
