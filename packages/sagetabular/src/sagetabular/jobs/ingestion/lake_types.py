"""The columns of the lake's files as Athena would have them: their types, and how to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import types as arrow

from sagetabular.jobs.athena_sql.trino import types as t

if TYPE_CHECKING:
    from sagetabular.jobs.athena_sql.trino.types import Type

# As awswrangler makes tables of Athena's, which has no unsigned numbers.
_KINDS = {
    pa.bool_(): t.BOOLEAN,
    pa.int8(): t.make(t.Kind.TINYINT),
    pa.int16(): t.make(t.Kind.SMALLINT),
    pa.uint8(): t.make(t.Kind.SMALLINT),
    pa.int32(): t.INTEGER,
    pa.uint16(): t.INTEGER,
    pa.int64(): t.BIGINT,
    pa.uint32(): t.BIGINT,
    pa.uint64(): t.decimal(20, 0),
    pa.float16(): t.REAL,
    pa.float32(): t.REAL,
    pa.float64(): t.DOUBLE,
    pa.string(): t.VARCHAR,
    pa.large_string(): t.VARCHAR,
    pa.string_view(): t.VARCHAR,
    pa.date32(): t.DATE,
    pa.date64(): t.DATE,
}
# What Athena may know and no rule of ours does.
_OTHER = t.make(t.Kind.USERDEFINED)
_AS_IT_IS = (pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.float32(), pa.float64(),
             pa.string(), pa.date32(), pa.timestamp("us"))  # fmt: skip


def column_types(schema: pa.Schema) -> dict[str, Type]:
    """Return column, in lower case → its type."""
    return {field.name.lower(): _type_of(field.type) for field in schema}


def selected(schema: pa.Schema) -> str:
    """Return what to select, so that each column has the type that Athena gives it."""
    return ", ".join(map(_read, schema)) or "*"


def _type_of(kind: pa.DataType) -> Type:
    if arrow.is_dictionary(kind):
        kind = kind.value_type
    if arrow.is_timestamp(kind):
        return t.TIMESTAMP
    if arrow.is_decimal(kind):
        return t.decimal(kind.precision, kind.scale)
    return _KINDS.get(kind, _OTHER)


def _read(field: pa.Field) -> str:
    name: str = '"' + field.name.replace('"', '""') + '"'
    kind = _type_of(field.type)
    if arrow.is_timestamp(field.type) and field.type.tz is not None:
        # The files say UTC; Athena's timestamps say no zone.
        return f"make_timestamp(epoch_us({name})) AS {name}"
    if field.type in _AS_IT_IS or kind is _OTHER:
        return name
    wanted: str = kind.sql(dialect="duckdb")
    return f"CAST({name} AS {wanted}) AS {name}"
