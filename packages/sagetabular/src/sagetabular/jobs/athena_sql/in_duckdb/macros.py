"""Trino's functions and casts as macros of DuckDB's, where the two engines differ.

A macro that must fail casts its message to a number: DuckDB's `error()` is not allowed in TRY.
Sources: Trino's documentation of functions, `VarcharOperators`, `DecimalConversions`,
`DateTimes` and the tests of each; java.lang.Double for what text is a number.
"""

from __future__ import annotations

# What Java's String.trim takes away, and what Character.isWhitespace is.
_BLANKS = r"[\x00-\x20]"
_SPACE = (
    r"[\x09-\x0d\x1c-\x20\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}"
    r"\x{2028}\x{2029}\x{205f}\x{3000}]"
)
_WHOLE = r"[+-]?[0-9]+"
_DOUBLE = r"[+-]?(NaN|Infinity|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?)"
_DECIMAL = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = _DAY + r"( [0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?"
# Trino reads some of these, by rules that DuckDB does not have.
_MAYBE_A_DAY = r"\s*[+-]?[0-9]{1,6}-[0-9]{1,2}-[0-9]{1,2}.*"

_CASTS = {
    name: (kind, pattern)
    for name, kind, pattern in (
        ("tinyint", "TINYINT", _WHOLE),
        ("smallint", "SMALLINT", _WHOLE),
        ("integer", "INTEGER", _WHOLE),
        ("bigint", "BIGINT", _WHOLE),
        ("real", "FLOAT", _DOUBLE),
        ("double", "DOUBLE", _DOUBLE),
        ("boolean", "BOOLEAN", "(?i)(t|true|1|f|false|0)"),
    )
}


def _cast_macros() -> dict[str, str]:
    """Return macro → its definition, for casts of texts."""
    found = {}
    for name, (kind, pattern) in _CASTS.items():
        clean = (
            "x" if kind == "BOOLEAN" else f"regexp_replace(x, '^{_BLANKS}+|{_BLANKS}+$', '', 'g')"
        )
        if kind in ("DOUBLE", "FLOAT"):
            clean_value = f"regexp_replace({clean}, '[dDfF]$', '')"
        else:
            clean_value = clean
        test = f"regexp_full_match({clean}, '{pattern}')"
        failure = f"CAST('Cannot cast ''' || x || ''' to {name}' AS {kind})"
        found[f"athena_{name}(x)"] = (
            f"CASE WHEN {test} THEN CAST({clean_value} AS {kind}) ELSE {failure} END"
        )
        found[f"athena_try_{name}(x)"] = (
            f"CASE WHEN {test} THEN TRY_CAST({clean_value} AS {kind}) END"
        )
    for name, kind, pattern in (("date", "DATE", _DAY), ("timestamp", "TIMESTAMP", _MOMENT)):
        value = "x" if kind == "DATE" else f"athena_milliseconds(CAST(x AS {kind}))"
        unclear = f"CAST('Write dates as 2026-01-31, got ''' || x || '''' AS {kind})"
        found[f"athena_{name}(x)"] = (
            f"CASE WHEN regexp_full_match(x, '{pattern}') THEN CAST({value} AS {kind}) "
            f"WHEN regexp_full_match(x, '{_MAYBE_A_DAY}') THEN {unclear} "
            f"ELSE CAST('Cannot cast ''' || x || ''' to {name}' AS {kind}) END"
        )
        found[f"athena_try_{name}(x)"] = (
            f"CASE WHEN regexp_full_match(x, '{pattern}') "
            f"THEN TRY({'CAST(x AS DATE)' if kind == 'DATE' else value}) "
            f"WHEN regexp_full_match(x, '{_MAYBE_A_DAY}') THEN {unclear} END"
        )
    return found


MACROS = {
    "athena_milliseconds(x)": "make_timestamp(CAST(round(epoch_us(x) / 1000.0) AS BIGINT) * 1000)",
    **_cast_macros(),
    # `s` is the scale, `d` the digits, which DuckDB's types need as constants: see casting.py.
    "athena_is_decimal(x)": f"regexp_full_match(x, '{_DECIMAL}')",
    "athena_units(x)": "CAST(replace(CAST(x AS VARCHAR), '.', '') AS HUGEINT)",
    # Half up, away from zero, as BigDecimal's HALF_UP.
    "athena_half_up(a, b)": (
        "CASE WHEN a IS NULL OR b IS NULL THEN NULL "
        "WHEN b = 0 THEN CAST('Division by zero' AS HUGEINT) ELSE "
        "(2 * abs(a) + abs(b)) // (2 * abs(b)) * (CASE WHEN (a < 0) = (b < 0) THEN 1 ELSE -1 END) "
        "END"
    ),
    # Whole units with a point before the last `s` digits.
    "athena_digits(q, s)": (
        "lpad(CAST(abs(q) AS VARCHAR), "
        "CAST(greatest(s + 1, length(CAST(abs(q) AS VARCHAR))) AS INTEGER), '0')"
    ),
    "athena_point(q, s)": (
        "CASE WHEN q < 0 THEN '-' ELSE '' END || substr(athena_digits(q, s), 1, "
        "length(athena_digits(q, s)) - s) || '.' || "
        "substr(athena_digits(q, s), length(athena_digits(q, s)) - s + 1)"
    ),
    "athena_divide_double(a, b)": (
        "CASE WHEN b = 0 THEN CASE WHEN a = 0 OR isnan(a) THEN CAST('NaN' AS DOUBLE) "
        "WHEN (a > 0) = (CAST(b AS VARCHAR) NOT LIKE '-%') THEN CAST('Infinity' AS DOUBLE) "
        "WHEN a IS NOT NULL THEN CAST('-Infinity' AS DOUBLE) END ELSE a / b END"
    ),
    # NaN equals nothing and is above nothing; in DuckDB it equals itself and is above everything.
    "athena_eq(a, b)": "(a = b) AND (b IS NULL OR NOT isnan(a))",
    "athena_neq(a, b)": "NOT athena_eq(a, b)",
    "athena_lt(a, b)": "(a < b) AND (a IS NULL OR NOT isnan(b))",
    "athena_lte(a, b)": "(a <= b) AND (a IS NULL OR NOT isnan(b))",
    "athena_gt(a, b)": "(a > b) AND (b IS NULL OR NOT isnan(a))",
    "athena_gte(a, b)": "(a >= b) AND (b IS NULL OR NOT isnan(a))",
    "athena_same(x)": "x",
    # NaN has no sign, and a zero keeps its own.
    "athena_sign(x)": "CASE WHEN isnan(x) OR x = 0 THEN x ELSE sign(x) END",
    "athena_round(x)": "round(x)",
    "athena_round_to(x, n)": "round(x, n)",
    "athena_cbrt(x)": "CASE WHEN round(cbrt(x)) * round(cbrt(x)) * round(cbrt(x)) = x "
    "THEN round(cbrt(x)) ELSE cbrt(x) END",
    "athena_log2(x)": "athena_divide_double(ln(x), ln(CAST(2 AS DOUBLE)))",
    "athena_log(b, x)": "athena_divide_double(ln(x), ln(b))",
    "athena_e()": "exp(CAST(1 AS DOUBLE))",
    "athena_nan()": "CAST('NaN' AS DOUBLE)",
    "athena_infinity()": "CAST('Infinity' AS DOUBLE)",
    "athena_bitwise_and(a, b)": "CAST(a AS BIGINT) & CAST(b AS BIGINT)",
    "athena_bitwise_or(a, b)": "CAST(a AS BIGINT) | CAST(b AS BIGINT)",
    # Java knows no capital of this letter.
    "athena_upper(x)": "replace(upper(replace(x, 'ß', chr(57344))), chr(57344), 'ß')",
    "athena_trim(x)": f"regexp_replace(x, '^{_SPACE}+|{_SPACE}+$', '', 'g')",
    "athena_ltrim(x)": f"regexp_replace(x, '^{_SPACE}+', '')",
    "athena_rtrim(x)": f"regexp_replace(x, '{_SPACE}+$', '')",
    "athena_remove(x, a)": "replace(x, a, '')",
    "athena_replace(x, a, b)": (
        "CASE WHEN a = '' THEN b || array_to_string(list_transform(string_split(x, ''), "
        "lambda c: c || b), '') ELSE replace(x, a, b) END"
    ),
    "athena_substr(x, i, n)": (
        "CASE WHEN i = 0 OR abs(i) > length(x) OR n <= 0 THEN CASE WHEN x IS NOT NULL "
        "AND i IS NOT NULL AND n IS NOT NULL THEN '' END ELSE substr(x, i, n) END"
    ),
    "athena_substr_from(x, i)": (
        "CASE WHEN i = 0 OR abs(i) > length(x) THEN CASE WHEN x IS NOT NULL THEN '' END "
        "ELSE substr(x, i) END"
    ),
    "athena_split_part(x, d, i)": (
        "CASE WHEN i < 1 THEN CAST(CAST('Index must be greater than zero' AS BIGINT) AS VARCHAR) "
        "ELSE string_split(x, d)[i] END"
    ),
    "athena_lpad(x, n, p)": "lpad(x, CAST(n AS INTEGER), p)",
    "athena_rpad(x, n, p)": "rpad(x, CAST(n AS INTEGER), p)",
    "athena_chr(x)": "chr(CAST(x AS INTEGER))",
    "athena_regexp_extract(x, p)": "CASE WHEN regexp_matches(x, p) THEN regexp_extract(x, p) END",
    "athena_regexp_group(x, p, g)": (
        "CASE WHEN regexp_matches(x, p) THEN regexp_extract(x, p, g) END"
    ),
    "athena_regexp_replace(x, p, r)": "regexp_replace(x, p, r, 'g')",
    "athena_regexp_remove(x, p)": "regexp_replace(x, p, '', 'g')",
    "athena_millisecond(x)": "millisecond(x) % 1000",
    "athena_from_unixtime(x)": "make_timestamp(CAST(floor(x * 1000 + 0.5) AS BIGINT) * 1000)",
    "athena_date_parse(x, p, f)": (
        "CASE WHEN regexp_full_match(x, p) THEN strptime(lower(x), f) ELSE "
        "CAST('Cannot parse ''' || x || ''' by the format of date_parse' AS TIMESTAMP) END"
    ),
    # Trino's years of two digits are those from 1970 to 2069; DuckDB's begin one earlier.
    "athena_date_parse_short_year(x, p, f)": (
        # Written once: what stands twice is computed before, outside of a TRY around it.
        "list_transform([athena_date_parse(x, p, f)], lambda d: "
        "CASE WHEN year(d) = 1969 THEN d + INTERVAL 100 YEAR ELSE d END)[1]"
    ),
    "athena_from_iso8601_date(x)": "athena_date(x)",
    "athena_element_at(x, i)": (
        "CASE WHEN i = 0 THEN x[CAST('SQL array indices start at 1' AS BIGINT)] ELSE x[i] END"
    ),
    "athena_subscript(x, i)": (
        "CASE WHEN i < 1 OR i > len(x) "
        "THEN x[CAST('Array subscript out of bounds' AS BIGINT)] ELSE x[i] END"
    ),
}


def define(sql: str) -> list[str]:
    """Return the statements that make the macros a query calls, and those that they stand on."""
    bodies = {signature.partition("(")[0]: body for signature, body in MACROS.items()}
    wanted: set[str] = set()
    texts = [sql.lower()]
    while texts:
        text = texts.pop()
        new = {name for name in bodies if f"{name}(" in text} - wanted
        wanted |= new
        texts += [bodies[name] for name in new]
    return [
        f"CREATE TEMP MACRO {signature} AS ({body})"
        for signature, body in MACROS.items()
        if signature.partition("(")[0] in wanted
    ]
