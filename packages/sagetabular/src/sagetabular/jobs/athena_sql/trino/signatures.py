"""The functions that the local lake answers as Trino does, and how DuckDB calls them.

A line is `name(parameters) -> result`, and behind `=` DuckDB's function or a macro of `macros.py`
where it has another name. Sources: trino.io/docs/current/functions, and Trino's own tests where
the pages leave something open; `tests/jobs/ingest/trino_results.py` has a result of each.

Parameters: `whole`, `decimal`, `floating`, `number` (any of them, kept as it is), `double` (any
number, cast), `varchar`, `boolean`,
`date`, `timestamp`, `moment` (a date or timestamp), `array`, `any`; `name*` may come several times,
`[x]` may be left out. Results: a type, `0` the first parameter's, `common` what all have in common.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from sqlglot import exp

from sagetabular.jobs.athena_sql.trino import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sagetabular.jobs.athena_sql.trino.types import Type

SIGNATURE = "athena_signature"
"""Under this key a call keeps which of the function's signatures it is."""

_TABLE = """
length(varchar) -> bigint
lower(varchar) -> varchar
upper(varchar) -> varchar = athena_upper
trim(varchar) -> varchar = athena_trim
ltrim(varchar) -> varchar = athena_ltrim
rtrim(varchar) -> varchar = athena_rtrim
reverse(varchar) -> varchar
replace(varchar, varchar) -> varchar = athena_remove
replace(varchar, varchar, varchar) -> varchar = athena_replace
substr(varchar, whole) -> varchar = athena_substr_from
substr(varchar, whole, whole) -> varchar = athena_substr
substring(varchar, whole) -> varchar = athena_substr_from
substring(varchar, whole, whole) -> varchar = athena_substr
strpos(varchar, varchar) -> bigint
split_part(varchar, varchar, whole) -> varchar = athena_split_part
split(varchar, varchar) -> array(varchar) = string_split
concat(varchar, varchar*) -> varchar = ||
concat_ws(varchar, varchar*) -> varchar
lpad(varchar, whole, varchar) -> varchar = athena_lpad
rpad(varchar, whole, varchar) -> varchar = athena_rpad
translate(varchar, varchar, varchar) -> varchar
starts_with(varchar, varchar) -> boolean
ends_with(varchar, varchar) -> boolean
chr(whole) -> varchar = athena_chr
codepoint(varchar) -> integer = unicode
regexp_like(varchar, varchar) -> boolean = regexp_matches
regexp_extract(varchar, varchar) -> varchar = athena_regexp_extract
regexp_extract(varchar, varchar, whole) -> varchar = athena_regexp_group
regexp_replace(varchar, varchar, varchar) -> varchar = athena_regexp_replace
regexp_replace(varchar, varchar) -> varchar = athena_regexp_remove
abs(number) -> 0
sign(whole) -> 0
sign(decimal) -> sign
sign(floating) -> 0 = athena_sign
ceil(whole) -> 0 = athena_same
ceil(decimal) -> round
ceil(floating) -> 0
ceiling(whole) -> 0 = athena_same
ceiling(decimal) -> round = ceil
ceiling(floating) -> 0 = ceil
floor(whole) -> 0 = athena_same
floor(decimal) -> round
floor(floating) -> 0
round(number) -> round = athena_round
round(number, whole) -> round_to = athena_round_to
truncate(decimal) -> truncate = trunc
truncate(floating) -> 0 = trunc
sqrt(double) -> double
cbrt(double) -> double = athena_cbrt
exp(double) -> double
ln(double) -> double
log2(double) -> double = athena_log2
log10(double) -> double
log(double, double) -> double = athena_log
power(double, double) -> double
pow(double, double) -> double = power
mod(number, number) -> remainder = %
sin(double) -> double
cos(double) -> double
tan(double) -> double
asin(double) -> double
acos(double) -> double
atan(double) -> double
atan2(double, double) -> double
sinh(double) -> double
cosh(double) -> double
tanh(double) -> double
degrees(double) -> double
radians(double) -> double
pi() -> double
e() -> double = athena_e
nan() -> double = athena_nan
infinity() -> double = athena_infinity
is_nan(double) -> boolean = isnan
is_finite(double) -> boolean = isfinite
is_infinite(double) -> boolean = isinf
bitwise_and(whole, whole) -> bigint = athena_bitwise_and
bitwise_or(whole, whole) -> bigint = athena_bitwise_or
bitwise_xor(whole, whole) -> bigint = xor
greatest(any, any*) -> common = greatest
least(any, any*) -> common = least
coalesce(any, any*) -> common = coalesce
nullif(any, any) -> 0 = nullif
date(any) -> date = cast
year(moment) -> bigint
quarter(moment) -> bigint
month(moment) -> bigint
week(moment) -> bigint = week
week_of_year(moment) -> bigint = week
day(moment) -> bigint
day_of_month(moment) -> bigint = day
day_of_week(moment) -> bigint = isodow
dow(moment) -> bigint = isodow
day_of_year(moment) -> bigint = dayofyear
doy(moment) -> bigint = dayofyear
year_of_week(moment) -> bigint = isoyear
yow(moment) -> bigint = isoyear
hour(timestamp) -> bigint
minute(timestamp) -> bigint
second(timestamp) -> bigint
millisecond(timestamp) -> bigint = athena_millisecond
last_day_of_month(moment) -> date = last_day
to_unixtime(timestamp) -> double = epoch
from_unixtime(double) -> timestamp with time zone = athena_from_unixtime
from_iso8601_date(varchar) -> date = athena_from_iso8601_date
date_trunc(varchar, moment) -> 1 = date_trunc
date_add(varchar, whole, moment) -> 2 = date_add
date_diff(varchar, moment, moment) -> bigint = date_diff
date_format(moment, varchar) -> varchar = strftime
date_parse(varchar, varchar) -> timestamp = strptime
cardinality(array) -> bigint = len
element_at(array, whole) -> element = athena_element_at
contains(array, any) -> boolean = list_contains
array_join(array, varchar) -> varchar = array_to_string
array_max(array) -> element = list_max
array_min(array) -> element = list_min
try(any) -> 0 = try
now() -> timestamp with time zone
"""
_AGGREGATES = """
count(any) -> bigint
count() -> bigint
count_if(boolean) -> bigint
sum(whole) -> bigint
sum(number) -> sum
avg(whole) -> double
avg(number) -> avg = athena_avg
min(any) -> 0
max(any) -> 0
min_by(any, any) -> 0 = min_by
max_by(any, any) -> 0 = max_by
any_value(any) -> 0
arbitrary(any) -> 0 = any_value
array_agg(any) -> array = list
bool_and(boolean) -> boolean
every(boolean) -> boolean = bool_and
bool_or(boolean) -> boolean
stddev(double) -> double = stddev_samp
stddev_samp(double) -> double
stddev_pop(double) -> double
variance(double) -> double = var_samp
var_samp(double) -> double
var_pop(double) -> double
covar_samp(double, double) -> double
covar_pop(double, double) -> double
corr(double, double) -> double
regr_slope(double, double) -> double
regr_intercept(double, double) -> double
geometric_mean(double) -> double = geomean
row_number() -> bigint
rank() -> bigint
dense_rank() -> bigint
percent_rank() -> double
cume_dist() -> double
ntile(whole) -> bigint
lag(any) -> 0
lag(any, whole) -> 0
lag(any, whole, any) -> common
lead(any) -> 0
lead(any, whole) -> 0
lead(any, whole, any) -> common
first_value(any) -> 0
last_value(any) -> 0
nth_value(any, whole) -> 0
"""
_LINE = re.compile(r"^(\w+)\(([^)]*)\) -> ([^=\n]+?)(?: = (\S+))?$", re.MULTILINE)
_KINDS = {
    "bigint": t.BIGINT, "integer": t.INTEGER, "double": t.DOUBLE, "varchar": t.VARCHAR,
    "boolean": t.BOOLEAN, "date": t.DATE, "timestamp": t.TIMESTAMP,
    "timestamp with time zone": t.TIMESTAMP_TZ, "array(varchar)": t.array(t.VARCHAR),
}  # fmt: skip

_FAMILIES = {
    "number": t.NUMERIC,
    "double": t.NUMERIC,
    "whole": t.WHOLE,
    "decimal": (t.Kind.DECIMAL,),
    "floating": t.FLOATING,
    "moment": (t.Kind.DATE, t.Kind.TIMESTAMP, t.Kind.TIMESTAMPTZ),
    "timestamp": (t.Kind.TIMESTAMP, t.Kind.TIMESTAMPTZ),
    "array": (t.Kind.ARRAY,),
}


@dataclass(frozen=True)
class Signature:
    """One way to call a function.

    Attributes:
        parameters: What each must be; a last one with `*` may come several times.
        result: What it returns.
        duckdb: DuckDB's function or macro.
        aggregate: Whether it is an aggregate or window function.
    """

    parameters: tuple[str, ...]
    result: str
    duckdb: str
    aggregate: bool

    def parameter(self, place: int) -> str:
        """Return what the argument at a place must be."""
        return self.parameters[min(place, len(self.parameters) - 1)].rstrip("*")

    def takes(self, kinds: Sequence[Type]) -> bool:
        """Return whether arguments of these types are taken; an unknown type always is."""
        several = bool(self.parameters) and self.parameters[-1].endswith("*")
        least = len(self.parameters)
        if len(kinds) < least or (len(kinds) > least and not several):
            return False
        return all(_fits(kind, self.parameter(place)) for place, kind in enumerate(kinds))

    def result_type(self, kinds: Sequence[Type]) -> Type:
        """Return the type of the result for arguments of these types; unknown as long as one is."""
        if self.result in _KINDS:
            return _KINDS[self.result]
        if self.result.isdigit():
            return kinds[int(self.result)]
        if self.result in _OF_NUMBERS and not all(map(t.is_numeric, kinds)):
            return t.UNKNOWN
        return _RESULTS[self.result](kinds)


@cache
def signatures() -> dict[str, tuple[Signature, ...]]:
    """Return function → the ways to call it."""
    found: dict[str, tuple[Signature, ...]] = {}
    for table, aggregate in ((_TABLE, False), (_AGGREGATES, True)):
        for name, parameters, result, duckdb in _LINE.findall(table):
            listed = tuple(parameters.split(", ")) if parameters else ()
            signature = Signature(listed, result, duckdb or name, aggregate)
            found[name] = (*found.get(name, ()), signature)
    return found


def arguments_of(node: exp.Anonymous) -> list[exp.Expr]:
    """Return the arguments of a call: those of DISTINCT and before ORDER BY too, and no `*`."""
    found: list[exp.Expr] = []
    for each in node.expressions:
        inner = each
        while isinstance(inner, exp.Order):
            inner = inner.this
        found += inner.expressions if isinstance(inner, exp.Distinct) else [inner]
    return [each for each in found if not isinstance(each, exp.Star)]


def _fits(kind: Type, wanted: str) -> bool:
    if not t.is_known(kind) or kind.this == t.Kind.NULL or wanted == "any":
        return True
    return kind.this in (_FAMILIES.get(wanted) or (_KINDS[wanted].this,))


def _rounded(kinds: Sequence[Type]) -> Type:
    if kinds[0].this != t.Kind.DECIMAL:
        return kinds[0]
    digits, scale = t.digits_and_scale(kinds[0])
    return t.decimal(min(t.MOST_DIGITS, digits - scale + min(1, scale)), 0)


def _rounded_to(kinds: Sequence[Type]) -> Type:
    if kinds[0].this != t.Kind.DECIMAL:
        return kinds[0]
    digits, scale = t.digits_and_scale(kinds[0])
    return t.decimal(min(t.MOST_DIGITS, digits + 1), scale)


def _truncated(kinds: Sequence[Type]) -> Type:
    digits, scale = t.digits_and_scale(kinds[0])
    return t.decimal(max(1, digits - scale), 0)


def _sum(kinds: Sequence[Type]) -> Type:
    if kinds[0].this != t.Kind.DECIMAL:
        return kinds[0]
    return t.decimal(t.MOST_DIGITS, t.digits_and_scale(kinds[0])[1])


_RESULTS: dict[str, Callable[[Sequence[Type]], Type]] = {
    "round": _rounded,
    "round_to": _rounded_to,
    "truncate": _truncated,
    "sign": lambda _kinds: t.decimal(1, 0),
    "sum": _sum,
    "avg": lambda kinds: kinds[0],
    "remainder": lambda kinds: t.remainder_type(kinds[0], kinds[1]),
    "array": lambda kinds: t.array(kinds[0]),
    "element": lambda kinds: t.element_of(kinds[0]),
    "common": lambda kinds: t.common_of(kinds) or t.UNKNOWN,
}
# Those that follow from the digits of numbers.
_OF_NUMBERS = ("round", "round_to", "truncate", "sign", "sum", "remainder")
