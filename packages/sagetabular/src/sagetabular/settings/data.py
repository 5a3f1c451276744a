"""The section `data` of `conf/pipeline.yaml`: where rows come from, and which columns count."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sagetabular.settings.files import Files, Format, Unit
from sagetabular.settings.loading import RuleError, Settings
from sagetabular.settings.reading import shown
from sagetabular.settings.scoring.classes import ClassName, ClassWeights

COLUMN_PREFIX_OF_OURS = "_"
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=128)]
# It stands in arguments of jobs behind its name, and these end at 256 characters.
LONGEST_VERSION = 200
_S3_PREFIX = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\s\\{}?#]+")
# Athena's exact numbers have no more digits.
_MOST_DIGITS = 38
# Source → the settings that it needs, and those that it may have beside them.
_NEEDED = {"athena": ("database", "table"), "data_wrangler": ("database", "table"), "s3": ()}
_OPTIONAL = {
    "athena": ("query", "workgroup", "parameters"),
    "data_wrangler": ("query", "workgroup"),
    "s3": ("uri",),
}


class Column(Settings):
    """The use of a column of the rows.

    Attributes:
        type: What it holds.
        optional: Whether it may be missing.
        one_hot: Its categories, if Data Wrangler is to make a column of 0 and 1 of each.
        format: How a time is written in text, where that is not ISO 8601.
        unit: The text that may stand before or behind a number.
    """

    type: Literal["number", "category", "time"]
    optional: bool = False
    one_hot: list[str] | None = None
    format: Format | None = None
    unit: Unit | None = None

    @model_validator(mode="after")
    def _form_fits_type(self) -> Self:
        for field, kind in (("format", "time"), ("unit", "number")):
            if getattr(self, field) is not None and self.type != kind:
                msg = f"takes no `{field}` for type {self.type!r}: only a {kind} has one."
                raise RuleError(msg, f"Take it out, or set `type: {kind}`.")
        return self


def _column(value: object) -> object:
    """Accept the short form `name: number` for `name: {type: number}`."""
    return {"type": value} if isinstance(value, str) else value


def _check_value(value: object) -> object:
    """Accept what both back-ends read in the same way; a fraction becomes exact, as in SQL."""
    if isinstance(value, float) and math.isfinite(value):
        value = Decimal(repr(value))
        if len(f"{value:f}".lstrip("-").removeprefix("0.").replace(".", "")) > _MOST_DIGITS:
            msg = f"must have at most {_MOST_DIGITS} digits, got {value}."
            raise RuleError(msg, "Write it as text, and CAST it in the query.")
    if not isinstance(value, str | int | Decimal | date) or isinstance(value, datetime):
        msg = f"must be text, a number, true, false or a date, got {shown(value)}."
        raise RuleError(msg, "Write it as text in quotes, and CAST it in the query.")
    return value


Value = Annotated[str | bool | int | Decimal | date, BeforeValidator(_check_value)]


def _check_mark(value: object) -> object:
    """Accept a text, or a number as YAML reads one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        msg = f"must be a text or a number, got {shown(value)}."
        raise RuleError(msg, "Write the text as it stands in the data, in quotes.")
    return str(value)


def _check_uri(value: str) -> str:
    if not _S3_PREFIX.fullmatch(value):
        msg = f"must be s3://<bucket>/<prefix>, got {shown(value)}."
        raise RuleError(msg, "On this machine, a folder can be given with --set DataUri=FOLDER.")
    return value


class Data(Settings):
    """The data to read, and the columns of it that count.

    Attributes:
        source: `athena`, by a query; `data_wrangler`, by a query and a flow; or `s3`, CSV or
            Parquet files below a prefix.
        database: Where tables named without a database are.
        table: What `${table}` stands for in the query.
        query: File with the query.
        workgroup: Athena's.
        parameters: The values of `:name` in the query.
        uri: The prefix; if left out, `environment` in `conf/aws.yaml` names its variable.
        version: What to change when the data have; without it, Ingest is never reused on AWS.
        target: The column to predict.
        positive: Of two classes, the one whose probability counts.
        weights: The column that says how much each row counts while fitting.
        class_weights: How much the rows of each class count; `balanced` for equally much in sum.
        columns: Name → what it holds.
        drop: Columns that are read but not learned from.
        duplicates: Whether rows that repeat another one, in all declared columns, are kept.
        missing: Further texts for missing values.
        files: How files are written that are added, or lie in S3.
    """

    source: Literal["athena", "data_wrangler", "s3"] = "athena"
    database: Identifier | None = None
    table: Identifier | None = None
    query: str = "queries/ingest.sql"
    workgroup: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,128}$")] = "primary"
    parameters: dict[Identifier, Value] = Field(default_factory=dict)
    uri: Annotated[str, AfterValidator(_check_uri)] | None = None
    version: Annotated[str, Field(max_length=LONGEST_VERSION)] = ""
    target: str
    positive: ClassName | None = None
    weights: str | None = None
    class_weights: ClassWeights | None = None
    columns: dict[str, Annotated[Column, BeforeValidator(_column)]] = Field(min_length=2)
    drop: list[str] = Field(default_factory=list)
    duplicates: Literal["keep", "remove"] = "keep"
    missing: list[Annotated[str, BeforeValidator(_check_mark)]] = Field(default_factory=list)
    files: Files = Files()

    @property
    def reads_tables(self) -> bool:
        """True if a query reads tables, which are in the local lake on this machine."""
        return self.source != "s3"

    @property
    def table_name(self) -> tuple[str, str]:
        """Database and table.

        Raises:
            ValueError: The source is no table.
        """
        if self.database is None or self.table is None:
            msg = f"There is no table for source {self.source!r}."
            raise ValueError(msg)
        return self.database, self.table

    @model_validator(mode="after")
    def _settings_fit_source(self) -> Self:
        needed = _NEEDED[self.source]
        others = {
            name for fields in (_NEEDED, _OPTIONAL) for some in fields.values() for name in some
        }
        strange = (others & self.model_fields_set) - {*needed, *_OPTIONAL[self.source]}
        if strange:
            name = min(strange)
            msg = f"takes no `{name}` for source {self.source!r}, got {shown(getattr(self, name))}."
            takers = [source for source in _NEEDED if name in _NEEDED[source] + _OPTIONAL[source]]
            raise RuleError(msg, f"Take it out, or set `source: {takers[0]}`.")
        for name in needed:
            if getattr(self, name) is None:
                msg = f"needs the field `{name}` for source {self.source!r}."
                raise RuleError(msg, "Add it.")
        return self

    @model_validator(mode="after")
    def _columns_are_declared(self) -> Self:
        for name in self.columns:
            if not name.isprintable() or name.startswith(COLUMN_PREFIX_OF_OURS) or not name.strip():
                msg = f"must not declare the column {name!r}."
                raise RuleError(
                    msg, "Use a name on one line; a first `_` is kept for the pipeline."
                )
            if name != name.lower():
                msg = f"must declare columns in lower case, got {name!r}."
                remedy = f"Write {name.lower()!r}: Ingest gives all names so, as Athena does."
                raise RuleError(msg, remedy)
        for field, names in (("target", [self.target]), ("drop", self.drop)):
            for name in names:
                if name not in self.columns:
                    msg = f"must name columns that data.columns declares: {field} has {name!r}."
                    raise RuleError(msg, f"Declared are {', '.join(self.columns)}.")
        if self.target in self.drop:
            msg = f"must not drop the target {self.target!r}."
            raise RuleError(msg, "Take it out of data.drop.")
        if not set(self.columns) - {self.target, self.weights, *self.drop}:
            msg = "must leave a column to learn from: all but the target are dropped."
            raise RuleError(msg, "Take one out of data.drop.")
        return self
