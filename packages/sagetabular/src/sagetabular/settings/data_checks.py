"""Rules of the data that no field shows alone: the query, a flow, its one-hot encodings.

An encoding puts columns of numbers in the place of a column of categories.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.jobs.errors import JobError
from sagetabular.jobs.ingestion.query import check_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagetabular.settings.aws import Aws
    from sagetabular.settings.data import Column, Data
    from sagetabular.settings.project import PipelineConf

_QUERY_REMEDY = "Write the query there, or drop the key for queries/ingest.sql."
# What no name of a column may hold: Spark before 3.3 writes no such Parquet file, XGBoost learns
# from no such feature, and Spark's SQL quotes names by the last.
SYMBOLS = " ,;{}()=\t\n" + "[]<" + "`"
_LABEL = "conf/pipeline.yaml: data.columns"


def check_data(root: Path, data: Data, aws: Aws) -> None:
    """Accept or refuse what no field of `data` can show alone.

    Args:
        root: Folder of the project.
        data: The section.
        aws: `conf/aws.yaml`, which can name the variable of the prefix.

    Raises:
        UserError: The query is missing or is not text, its parameters are not those that have
            values, or nothing says where the files in S3 are.
    """
    if data.reads_tables:
        _check_query(root, data)
    if not data.reads_tables and data.uri is None and "DataUri" not in aws.environment:
        msg = "conf/pipeline.yaml: data.uri is missing, and conf/aws.yaml names no variable for it."
        raise UserError(msg, "Add `uri: s3://<bucket>/<prefix>`, or `DataUri` under environment.")


def _check_query(root: Path, data: Data) -> None:
    file = root / data.query
    if not file.is_file():
        msg = f"conf/pipeline.yaml: data.query must name a file, got {data.query!r}."
        raise UserError(msg, _QUERY_REMEDY)
    try:
        check_placeholders(file.read_text(encoding="utf-8-sig"), data.parameters, data.query)
    except UnicodeDecodeError as err:
        raise UserError(f"{data.query}: is not UTF-8 text.", "Save it as UTF-8.") from err
    except JobError as err:
        raise UserError(err.message, err.remedy) from err


def check_flow(data: Data) -> None:
    """Accept data whose columns are all known before the table is seen.

    Raises:
        UserError: A column may be missing.
    """
    if data.source != "data_wrangler":
        return
    for name, column in data.columns.items():
        if column.optional:
            msg = f"conf/pipeline.yaml: data.columns.{name} must not be optional with "
            remedy = "A flow names all columns: declare it without `optional`, or take it out."
            raise UserError(f"{msg}`source: data_wrangler`.", remedy)


def indicator_columns(data: Data) -> dict[str, list[str]]:
    """Return the encoded columns, each with the columns in its place, in the order of its list.

    As Data Wrangler names them: `<column>_<category>`, without the category's `SYMBOLS`.
    """
    return {
        name: [_indicator(name, category) for category in column.one_hot]
        for name, column in data.columns.items()
        if column.one_hot is not None
    }


def unasked_times(pipeline: PipelineConf) -> list[str]:
    """Return the times that no model sees, although nobody asked for that."""
    asked = {pipeline.split.by, *pipeline.data.drop}
    columns = pipeline.data.columns
    return [name for name, column in columns.items() if column.type == "time" and name not in asked]


def time_notes(pipeline: PipelineConf) -> list[str]:
    """Return a note for each of `unasked_times`, with the remedy."""
    return [
        f"{_LABEL}.{name}: no model sees it, a time is no feature. Name it in data.drop, or make "
        "numbers of it in the query."
        for name in unasked_times(pipeline)
    ]


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
    """Check for a flow, a category, and nobody who needs the column as it was."""
    data, field = pipeline.data, f"{_LABEL}.{name}.one_hot"
    if data.source != "data_wrangler":
        msg = f"{field} needs `source: data_wrangler`, got {data.source!r}."
        raise UserError(msg, "Take it out: without it, each model encodes categories by itself.")
    if column.type != "category":
        msg = f"{field} is for a column of type category, got {column.type!r}."
        raise UserError(msg, f"Take it out, or write `{name}: {{type: category, one_hot: […]}}`.")
    if name == data.target:
        msg = f"{field} must not encode the target, got {name!r}."
        raise UserError(msg, "Take it out: models get the classes as they are.")
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
    """Refuse names that differ in case alone, which Spark takes for one."""
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
