"""Whatever a table holds: a project that loads and whose rows can be split, or two lines."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from projects import copy_project

from sagetabular.compiling.checks.queries import check_query_of
from sagetabular.errors import UserError
from sagetabular.project import Project
from sagetabular.starting.changes.drafting import make_draft, plan_for
from sagetabular.starting.changes.writing import write_draft
from sagetabular.starting.options import parse_asked
from sagetabular.starting.tables.sources import read_source

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=6)
NAMES |= st.sampled_from(["id", "no", "Date", "patient_id", "2019", "select", 'a"b', "é ü", "_x"])
CELLS = {
    "numbers": st.integers(-9, 9).map(str) | st.floats(-1e6, 1e6).map(str) | st.just(""),
    "codes": st.integers(0, 2).map(str),
    "marks": st.integers(0, 99).map(str) | st.sampled_from(["?", "-999", "NA", "unknown"]),
    "words": st.sampled_from(["red", "white", "a,b", 'say "x"', " blank ", "", "true", "01"]),
    "texts": st.text(max_size=12),
    "dates": st.dates().map(str) | st.dates().map(lambda day: day.strftime("%d/%m/%Y")),
    "constant": st.just("x"),
}


@st.composite
def tables(draw):
    rows = draw(st.integers(0, 60))
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    kinds = [draw(st.sampled_from([*CELLS])) for _ in names]
    # A few different cells that repeat, as in tables of people, or as many as there are rows.
    few = [draw(st.lists(CELLS[kind], min_size=1, max_size=9)) for kind in kinds]
    order = draw(st.randoms(use_true_random=False))
    columns = {
        name: [
            order.choice(cells) if kind != "numbers" else str(order.random()) for _ in range(rows)
        ]
        for name, cells, kind in zip(names, few, kinds, strict=True)
    }
    return pd.DataFrame(columns, dtype=str), draw(st.sampled_from(names))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("any") / "project")


@pytest.fixture(scope="module")
def before(root):
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@settings(max_examples=40, deadline=None)
@given(table=tables())
def test_any_table_gives_a_project_that_loads_or_two_lines(table, root, before):
    frame, target = table
    for path, content in before.items():
        path.write_bytes(content)
    file = root / "any.csv"
    frame.to_csv(file, index=False)
    project = Project(root)
    try:
        source = read_source([str(file)], project.lake)
        asked = parse_asked(source, target)
        draft = make_draft(project, plan_for(project, source, asked))
    except UserError as error:
        assert len(str(error).splitlines()) == 2
        assert {path: path.read_bytes() for path in before} == before
        return
    write_draft(project, draft)
    written = Project(root)
    check_query_of(written.settings)
    again = make_draft(written, plan_for(written, source, asked))
    assert (again.changed, again.fills) == ({}, False)
