"""The report as a reader, a screen reader and an attacker would meet it."""

from __future__ import annotations

import base64
import hashlib
import re
import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from making import Page, Story, make_execution, page_of

from sagelocal import LocalSageMaker
from sagetabular.lake.sample import SAMPLE_TITLE

HOSTILE = (
    "</title></style></table>\"'><script>alert(1)</script><img src=x onerror=alert(1)> ü {{7*7}}"
)


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return page_of(tmp_path, make_execution(tmp_path, Story()))


def check_harmless(page: Page) -> None:
    """Nothing runs, nothing is fetched, nothing is styled but by the page's own sheet."""
    known = "a body br caption circle dd desc details div dl dt figcaption figure g h1 h2 h3 head "
    known += "header html li main meta nav p path pre rect section span strong style summary svg "
    known += "table tbody td text th thead title tr ul"
    assert {tag for tag, _ in page.elements} <= set(known.split())
    for tag, attributes in page.elements:
        assert not [
            name for name in attributes if name.startswith("on") or name in ("style", "src")
        ]
        address = attributes.get("href") or "#"
        assert tag == "a" or "href" not in attributes
        assert address.startswith(("#", "logs/", "file:///")), address
    (policy,) = (meta["content"] for meta in page.tags("meta") if "http-equiv" in meta)
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    (sheet,) = re.findall("<style>(.*)</style>", page.html, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    assert "url(" not in sheet and "@import" not in sheet


def check_accessible(page: Page) -> None:
    """Headings in order, names for drawings and tables, no identifier twice."""
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    drawings = page.tags("svg")
    assert all(drawing["role"] == "img" for drawing in drawings)
    assert page.children.count(("svg", "title")) == len(drawings)
    assert page.children.count(("svg", "desc")) == len(drawings)
    assert page.children.count(("table", "caption")) == len(page.tags("table"))
    assert all("scope" in cell for cell in page.tags("th"))
    identifiers = [found["id"] for _, found in page.elements if "id" in found]
    assert len(identifiers) == len(set(identifiers))
    for link in page.tags("a"):
        address = str(link["href"])
        assert not address.startswith("#") or address[1:] in identifiers


def test_a_page_is_harmless_and_accessible(page: Page) -> None:
    check_harmless(page)
    check_accessible(page)


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(column=names, hyperparameter=names, category=names, model=names, data=names)
@example(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
@example("x\0\x1b", "a b", '"', "é\u202e", "]]>")
def test_no_name_breaks_or_scripts_the_page(
    column: str, hyperparameter: str, category: str, model: str, data: str
) -> None:
    story = Story(
        column=column, hyperparameter=f"h{hyperparameter}", category=f"c{category}", model=model,
        data=data, parameters={"Table": column},
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        page = page_of(Path(folder), make_execution(Path(folder), story))
    check_harmless(page)
    check_accessible(page)
    for name in (column, f"h{hyperparameter}", f"c{category}", model, data):
        assert any(name in text for text in page.texts), name


def test_the_numbers_of_the_execution_are_in_the_page(page: Page) -> None:
    text = " ".join(page.texts)
    numbers = ["0.8100", "0.7654", "± 0.0100", "75.0%", "Best: trial 3 with R2 0.8000"]
    words = ["4 trials, 1 failed", "1 to 100, logarithmic", "All of 50 test rows"]
    for expected in numbers + words:
        assert expected in text, expected


def test_what_was_left_out_of_the_rows_is_in_the_page(page: Page) -> None:
    texts = [text.strip() for text in page.texts if text.strip()]
    for name, value in {
        "rows that repeat another one": "31",
        "duplicates removed": "0",
        "optional columns that are not there": "attic",
        "note": "31 of 70 rows repeat another one.",
    }.items():
        assert texts[texts.index(name) + 1] == value


def test_a_trial_that_was_stopped_early_is_shown_as_such_and_is_never_the_best(
    tmp_path: Path,
) -> None:
    story = Story(scores=(0.5, 0.9, 0.8, 0.7), stopped=(1, 3))
    page = page_of(tmp_path, make_execution(tmp_path, story))
    text = " ".join(page.texts)
    for expected in ("2 stopped early (hollow dots)", "Best: trial 3 with R2 0.8000", "Stopped"):
        assert expected in text, expected
    charts = page.html.split("<svg")[1:]
    hollow = [chart.count('class="hollow"') for chart in charts if 'class="hollow"' in chart]
    assert hollow == [2, 2, 2], "in the history and in the effect of both hyperparameters"


def test_made_up_data_is_called_so_and_other_data_is_not(tmp_path: Path, page: Page) -> None:
    made_up = Story(data=f"{SAMPLE_TITLE} (60 rows, seed 1)")
    found = page_of(tmp_path, make_execution(tmp_path, made_up))
    assert "Made-up data." in found.texts
    assert "Made-up data." not in page.texts


def test_many_rows_are_thinned_and_the_page_stays_small(tmp_path: Path) -> None:
    page = page_of(tmp_path, make_execution(tmp_path, Story(rows=100_000)))
    assert len([circle for circle in page.tags("circle") if circle["r"] == "1.6"]) == 2000
    assert any("2,000 of 100,000 test rows" in text for text in page.texts)
    assert len(page.html) < 400_000


def test_the_same_execution_gives_the_same_page(tmp_path: Path) -> None:
    record = make_execution(tmp_path, Story())
    assert page_of(tmp_path, record).html == page_of(tmp_path, record).html


def test_an_execution_is_compared_with_the_one_before_it_that_succeeded(tmp_path: Path) -> None:
    first, second = (
        make_execution(tmp_path, Story(shift=shift, parameters={"MaxTrainingJobs": trials}))
        for shift, trials in ((0.0, 3), (0.05, 5))
    )
    ordered = sorted((first, second), key=lambda record: record.id)
    assert "Comparison" not in page_of(tmp_path, ordered[0]).texts
    page = page_of(tmp_path, ordered[1])
    assert f"Comparison with {ordered[0].id}" in page.texts
    assert "Settings that differ" in page.texts
    assert ("+0.0500" if ordered[0] is first else "-0.0500") in page.texts


def test_an_execution_that_failed_early_is_shown_as_far_as_it_got(tmp_path: Path) -> None:
    record = make_execution(tmp_path, Story())
    for name in ("Tune", "Evaluate", "Select"):
        step = replace(record.steps[name], status="NotExecuted", response=None, end_time=None)
        record.write_step(step)
    reason = "models/ridge: <b>no rows</b>.\nAdd some."
    replace(record, status="Failed", failure_reason=reason).write()
    page = page_of(tmp_path, LocalSageMaker(tmp_path).execution(record.id))
    check_harmless(page)
    check_accessible(page)
    assert reason in page.texts
    assert "The execution did not get as far as ranking models." in page.texts


@pytest.mark.parametrize("scores", [(0.5,), (None, None), (0.5, 0.5), (-3.2e9, 0.1), (0.0, 0.0)])
def test_any_scores_can_be_drawn(tmp_path: Path, scores: tuple[float | None, ...]) -> None:
    story = Story(scores=scores, rows=2, importance=False)
    check_accessible(page_of(tmp_path, make_execution(tmp_path, story)))


def test_links_lead_to_the_logs(tmp_path: Path) -> None:
    page = page_of(tmp_path, make_execution(tmp_path, Story()))
    assert "logs/Tune/a%20trial%20%231.log" in [link["href"] for link in page.tags("a")]
