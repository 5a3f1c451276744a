"""What we refuse as another engine's grammar, Trino's grammar refuses; the rest it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from sagetabular.jobs.athena_sql.grammar import check_grammar
from sagetabular.jobs.athena_sql.parsing import parse_query
from sagetabular.jobs.athena_sql.refusals import RefusalError
from sagetabular.jobs.errors import JobError
from tests.baking import ROOT
from tests.servers import environment

HERE = Path(__file__).parent
sys.path.append(str(ROOT / "packages/sagetabular/tests/jobs/ingest"))
REFUSALS, OF_TRINO = map(import_module, ("trino_refusals", "trino_results"))

EXPRESSIONS = [
    each
    for blocks in (OF_TRINO.RESULTS, OF_TRINO.AGGREGATES)
    for block in blocks.values()
    for each in block
]
# What Trino's grammar takes and its analysis refuses; we refuse it as grammar.
STRICTER = {
    "GROUP BY ALL",  # a column of that name
    "ORDER BY ALL",
    "extract(epoch",  # Trino looks at the words behind its grammar: units, types, quotes
    "CAST(",
    "`",
    "E'a'",  # a literal of the type E
    "a -> 'b'",  # a lambda, which is no value
}
# Queries that users of other engines write.
FOREIGN = [
    "SELECT a FROM t WHERE a RLIKE 'x'", "SELECT a FROM t WHERE a ~ 'x'", "SELECT a <=> b FROM t",
    "SELECT a ^ 2 FROM t", "SELECT ~a FROM t", "SELECT a << 2 FROM t", "SELECT 5 # 3",
    "SELECT {'a': 1}", "SELECT ?::int", "SELECT $1", "SELECT @a", "SELECT a XOR b FROM t",
    "SELECT a FROM t WHERE a SIMILAR TO 'x'", "SELECT a FROM t WHERE a NOTNULL AND b",
    "SELECT a, FROM t", "SELECT a FROM t ORDER BY a,", "SELECT f(a,) FROM t",
    "SELECT a[1:2] FROM t", "SELECT list(x for x in y)", "SELECT * EXCEPT (a) FROM t",
    "SELECT * RENAME (a AS b) FROM t", "SELECT t.* EXCLUDE (a) FROM t", "SELECT a AS 'b' FROM t",
    "SELECT 1 AS select", "SELECT a AS from FROM t", "SELECT a FROM t LIMIT 1 OFFSET 1",
    "SELECT a FROM t LIMIT 10%", "SELECT a FROM t FOR UPDATE", "SELECT TOP 3 a FROM t",
    "SELECT a INTO b FROM t", "SELECT a FROM 'x.csv'", "SELECT a FROM read_csv('x')",
    "SELECT a FROM t PIVOT (sum(b) FOR c IN ('x'))", "SELECT a FROM t QUALIFY a > 1",
    "SELECT INTERVAL 1 DAY", "SELECT DISTINCT ON (a) a FROM t", "SELECT a IS TRUE FROM t",
    "SELECT 'a' 'b'", "SELECT E'a'", "SELECT a == b FROM t", "SELECT a // b FROM t",
    "SELECT a ** b FROM t", "SELECT a & b FROM t", "SELECT a | b FROM t", "SELECT a -> 'b' FROM t",
    "SELECT a ->> 'b' FROM t", "SELECT a COLLATE nocase FROM t", "FROM t SELECT a", "FROM t",
    "WITH x AS (FROM t) SELECT a FROM x", "SELECT a DIV b FROM t", "SELECT struct_pack(a := 1)",
]  # fmt: skip
# Queries that are Trino's, with more of its grammar than the local lake can do.
OURS = [
    "SELECT count(*) FILTER (WHERE x > 1) OVER (PARTITION BY a ORDER BY b ROWS 2 PRECEDING) FROM t",
    "SELECT a.b.c AS d, row(1, 2)[1] AS r, ARRAY[1, 2][1] AS e FROM t TABLESAMPLE SYSTEM (10)",
    "SELECT x FROM t CROSS JOIN UNNEST(y) WITH ORDINALITY AS u (x, n) OFFSET 2 LIMIT 3",
    "SELECT DISTINCT a FROM t FETCH FIRST 3 ROWS ONLY",
    "SELECT a, sum(b) AS s FROM t GROUP BY ROLLUP (a), CUBE (b), GROUPING SETS ((a), ())",
    "WITH x (a, b) AS (VALUES (1, 'y')), z AS (TABLE x) SELECT a FROM z UNION ALL SELECT 1",
    "SELECT a FROM t EXCEPT SELECT b FROM u INTERSECT SELECT c FROM v",
    "SELECT a AS \"order\", 'it''s' AS s, U&'\\00fc' AS u, X'00' AS x, .5 AS h, 1E3 AS e FROM t",
    "SELECT a FROM t WHERE b BETWEEN 1 AND 2 AND c NOT LIKE 'x$%' ESCAPE '$' AND d IS NOT NULL",
    "SELECT a FROM t WHERE b IS DISTINCT FROM c AND EXISTS (SELECT 1) AND d > ALL (SELECT 2)",
    "SELECT transform(a, x -> x + 1) AS f, reduce(a, 0, (s, x) -> s + x, s -> s) AS r FROM t",
    "SELECT CAST(a AS array(varchar)) AS b, CAST(c AS row(x integer, y double)) AS d FROM t",
    "SELECT a AT TIME ZONE 'UTC' AS z, extract(DAY_OF_WEEK FROM b) AS d, INTERVAL '2' DAY + c AS i "
    "FROM t",
    "SELECT listagg(a, ',') WITHIN GROUP (ORDER BY b) AS l, array_agg(c ORDER BY d DESC) FROM t",
    "SELECT lag(a) IGNORE NULLS OVER (ORDER BY b NULLS FIRST) AS p FROM t",
    "SELECT if(a > 1, b) AS c, CASE d WHEN 1 THEN 2 END AS e, try(f / g) AS h, trim(BOTH FROM i) "
    "FROM t NATURAL JOIN u LEFT JOIN v USING (k)",
    "SELECT position('a' IN b) AS p, substring(c FROM 2 FOR 3) AS s, current_date AS d FROM t;",
    "SELECT offset, date, year, all, values1, day, month AS zone FROM t",
]


@pytest.fixture(scope="module")
def refused_by_trino() -> dict[str, bool]:
    """Query → whether Trino's grammar refuses it."""
    queries = [
        *(f"SELECT {each} AS x" for each in EXPRESSIONS),
        *REFUSALS.REFUSED,
        *REFUSALS.CANNOT,
        *FOREIGN,
        *OURS,
    ]
    plain = [query.rstrip("; ") for query in queries]
    python = environment("ministack", HERE / "requirements.lock") / "bin/python"
    command = [str(python), str(HERE / "grammar.py")]
    ended = subprocess.run(
        command, input=json.dumps(plain), capture_output=True, text=True, check=True, timeout=300
    )
    return dict(zip(queries, json.loads(ended.stdout), strict=True))


def refusal_of(query: str) -> str:
    """Return why we refuse a query; nothing if we take it."""
    try:
        check_grammar(parse_query(query, "q", {}))
    except (RefusalError, JobError) as refusal:
        return str(refusal)
    return ""


def test_what_trinos_grammar_takes_is_taken_here(refused_by_trino: dict[str, bool]) -> None:
    taken = [query for query, refused in refused_by_trino.items() if not refused]
    wrong = [
        query
        for query in taken
        # Its grammar takes any function's name.
        if "has no function" not in (refusal_of(query) or "has no function")
        and not any(each in query for each in STRICTER)
    ]
    assert not wrong
    assert len(taken) > 250


def test_what_trinos_grammar_refuses_is_refused_here(refused_by_trino: dict[str, bool]) -> None:
    foreign = [query for query, refused in refused_by_trino.items() if refused]
    assert not [query for query in foreign if not refusal_of(query)]
    assert len(foreign) > 50
