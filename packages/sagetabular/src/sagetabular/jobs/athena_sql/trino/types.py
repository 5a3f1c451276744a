"""Trino's types: which there are, and which one two of them have in common.

Sources: trino.io/docs/current/language/types.html and functions/decimal.html; Trino's own
`TestTypeCoercion` and `TestDecimalOperators` for what the pages leave out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterable

Type = exp.DataType
Kind = exp.DType

MOST_DIGITS = 38
# Digits of whole numbers, as decimals.
_DIGITS = {Kind.TINYINT: 3, Kind.SMALLINT: 5, Kind.INT: 10, Kind.BIGINT: 19}
WHOLE = tuple(_DIGITS)
FLOATING = (Kind.FLOAT, Kind.DOUBLE)
NUMERIC = (*WHOLE, Kind.DECIMAL, *FLOATING)
_TIMES = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
_NAMES = {Kind.INT: "integer", Kind.FLOAT: "real", Kind.TIMESTAMPTZ: "timestamp with time zone"}
# What `CAST(x AS …)` may name, without its parameters.
TYPE_NAMES = frozenset(
    """
    boolean tinyint smallint integer int bigint real double decimal dec numeric varchar char
    varbinary json date time timestamp interval array map row ipaddress uuid hyperloglog
    p4hyperloglog qdigest tdigest setdigest geometry sphericalgeography bingtile color unknown
    """.split()  # noqa: SIM905  (a list of words reads best as one)
)


def make(kind: Kind) -> Type:
    """Return a type without parameters."""
    return Type(this=kind, nested=False)


UNKNOWN, NULL = make(Kind.UNKNOWN), make(Kind.NULL)
BOOLEAN, VARCHAR = make(Kind.BOOLEAN), make(Kind.VARCHAR)
INTEGER, BIGINT, REAL, DOUBLE = map(make, (Kind.INT, Kind.BIGINT, Kind.FLOAT, Kind.DOUBLE))
DATE, TIMESTAMP, TIMESTAMP_TZ = map(make, _TIMES)
INTERVAL = make(Kind.INTERVAL)


def decimal(digits: int, scale: int) -> Type:
    """Return the type of exact numbers.

    Args:
        digits: How many at most, before and after the point.
        scale: How many after the point.
    """
    sizes = [exp.DataTypeParam(this=exp.Literal.number(size)) for size in (digits, scale)]
    return Type(this=Kind.DECIMAL, expressions=sizes, nested=False)


def array(element: Type) -> Type:
    """Return the type of arrays."""
    return Type(this=Kind.ARRAY, expressions=[element.copy()], nested=True)


def element_of(kind: Type) -> Type:
    """Return the type of an array's elements."""
    inner = kind.expressions[0] if kind.this == Kind.ARRAY and kind.expressions else UNKNOWN
    return inner if isinstance(inner, Type) else UNKNOWN


def is_whole(kind: Type) -> bool:
    """Return whether it is one of whole numbers."""
    return bool(kind.this in WHOLE)


def is_numeric(kind: Type) -> bool:
    """Return whether it is one of numbers."""
    return bool(kind.this in NUMERIC)


def is_known(kind: Type) -> bool:
    """Return whether anything is known of it."""
    return bool(kind.this != Kind.UNKNOWN)


def digits_and_scale(kind: Type) -> tuple[int, int]:
    """Return the digits of an exact number, and how many of them stand after the point."""
    if kind.this in _DIGITS:
        return _DIGITS[kind.this], 0
    sizes = [int(size.name) for size in kind.expressions]
    return (sizes + [MOST_DIGITS, 0][len(sizes) :])[0], sizes[1] if len(sizes) > 1 else 0


def name_of(kind: Type) -> str:
    """Return what Trino calls a type."""
    if kind.this == Kind.DECIMAL:
        return "decimal({}, {})".format(*digits_and_scale(kind))
    return _NAMES.get(kind.this, str(kind.this.value).lower())


def common(one: Type, other: Type) -> Type | None:
    """Return the type that values of two types have when they meet; None if they may not."""
    for kind, also in ((one, other), (other, one)):
        if kind.this in (Kind.UNKNOWN, Kind.NULL):
            return kind if kind.this == Kind.UNKNOWN else also
    if is_numeric(one) and is_numeric(other):
        return _common_number(one, other)
    if one.this in _TIMES and other.this in _TIMES:
        return max(one, other, key=lambda kind: _TIMES.index(kind.this))
    if one.this == other.this == Kind.ARRAY:
        inner = common(element_of(one), element_of(other))
        return None if inner is None else array(inner)
    return one if one.this == other.this else None


def common_of(kinds: Iterable[Type]) -> Type | None:
    """Return the type that all have in common; None if they have none."""
    found: Type | None = NULL
    for kind in kinds:
        found = None if found is None else common(found, kind)
    return found


def _common_number(one: Type, other: Type) -> Type:
    for kind in (Kind.DOUBLE, Kind.FLOAT):
        if kind in (one.this, other.this):
            return make(kind)
    if Kind.DECIMAL in (one.this, other.this):
        (digits, scale), (more, also) = digits_and_scale(one), digits_and_scale(other)
        longest = max(scale, also)
        whole = max(digits - scale, more - also)
        return decimal(min(MOST_DIGITS, whole + longest), longest)
    return max(one, other, key=lambda kind: _DIGITS[kind.this])


def sum_type(one: Type, other: Type) -> Type:
    """Return the type of a sum or difference of numbers."""
    found = _common_number(one, other)
    if found.this != Kind.DECIMAL:
        return found
    (digits, scale), (more, also) = digits_and_scale(one), digits_and_scale(other)
    longest = max(scale, also)
    return decimal(min(MOST_DIGITS, 1 + longest + max(digits - scale, more - also)), longest)


def product_type(one: Type, other: Type) -> Type:
    """Return the type of a product of numbers."""
    found = _common_number(one, other)
    if found.this != Kind.DECIMAL:
        return found
    (digits, scale), (more, also) = digits_and_scale(one), digits_and_scale(other)
    return decimal(min(MOST_DIGITS, digits + more), scale + also)


def quotient_type(one: Type, other: Type) -> Type:
    """Return the type of a quotient of numbers."""
    found = _common_number(one, other)
    if found.this != Kind.DECIMAL:
        return found
    (digits, scale), (_, also) = digits_and_scale(one), digits_and_scale(other)
    return decimal(min(MOST_DIGITS, digits + also + max(0, also - scale)), max(scale, also))


def remainder_type(one: Type, other: Type) -> Type:
    """Return the type of the remainder of a division."""
    found = _common_number(one, other)
    if found.this != Kind.DECIMAL:
        return found
    (digits, scale), (more, also) = digits_and_scale(one), digits_and_scale(other)
    longest = max(scale, also)
    return decimal(min(MOST_DIGITS, min(digits - scale, more - also) + longest), longest)
