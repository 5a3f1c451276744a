"""Tables in the forms in which they lie about: the right configuration, or two lines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from projects import TEMPLATE

from sagetabular.settings import load_project

RANDOM = np.random.default_rng(11)
ROWS = 400


def test_81_columns_of_which_43_are_categories_need_no_edit(init):
    """House prices of Ames as Kaggle has them: 84 lines by hand before there was `init`."""
    columns = {"Id": np.arange(1, ROWS + 1)}
    columns |= {f"Kind{n}Qual": RANDOM.choice(["Ex", "Gd", "TA", None], ROWS) for n in range(43)}
    columns |= {f"Area{n}SF": RANDOM.gamma(2, 300, ROWS).round() for n in range(36)}
    frame = pd.DataFrame(columns)
    frame.loc[::5, "Area4SF"] = None
    noise = RANDOM.normal(0, 40_000, ROWS)
    frame["SalePrice"] = (frame["Area0SF"] * 100 + frame["Area1SF"] * 80 + noise).round()
    assert frame.shape[1] == 81
    started = init(frame.to_csv(index=False, na_rep="NA"), "--target", "SalePrice")
    declared = started.data["columns"]
    assert [*declared.values()].count("category") == 43
    assert [*declared.values()].count("number") == 37
    assert "drop" not in started.data
    assert "# id: number" in started.conf_text
    for model in TEMPLATE.glob("models/*/model.*"):  # none of them needs a change
        written = started.root / model.relative_to(TEMPLATE)
        assert written.read_bytes() == model.read_bytes()


def test_customers_who_leave(init):
    frame = pd.DataFrame(
        {
            "RowNumber": np.arange(1, ROWS + 1),
            "CustomerId": RANDOM.permutation(10 * ROWS)[:ROWS] + 15_600_000,
            "Surname": [f"Name {n}" for n in RANDOM.integers(0, 9 * ROWS, ROWS)],
            "Zip": [f"{n:05d}" for n in RANDOM.integers(0, 60, ROWS)],
            "Balance": RANDOM.gamma(2, 900, ROWS).round(2),
            "HasCard": RANDOM.choice([0, 1], ROWS),
            "Region": "EU",
            "Churned": RANDOM.choice(["Yes", "No"], ROWS, p=[0.3, 0.7]),
        }
    )
    frame["Exited"] = (frame["Churned"] == "Yes").astype(int)
    started = init(frame, "--target", "Churned")
    assert started.data["columns"] == {
        "zip": "category",
        "balance": "number",
        "has_card": "number",
        "region": "category",
        "churned": "category",
        "exited": "number",
    }
    assert started.data["drop"] == ["region", "exited"]
    assert (started.conf["task"], started.data["positive"]) == ("binary", "Yes")
    assert started.conf["selection"]["minimum"] == 0.525
    assert started.conf["split"]["kind"] == "stratified"
    assert started.table["zip"].to_pylist() == frame["Zip"].tolist()


def test_a_sum_of_columns_gives_the_target_away(init):
    """bike.csv: `casual` and `registered` sum to `count`."""
    casual, registered = RANDOM.poisson(30, ROWS), RANDOM.poisson(100, ROWS)
    frame = pd.DataFrame({"hour": RANDOM.integers(0, 24, ROWS), "casual": casual})
    frame = frame.assign(registered=registered, count=casual + registered)
    started = init(frame, "--target", "count")
    assert started.data["drop"] == ["casual", "registered"]
    assert "casual + registered: 100% of count" in started.conf_text


def test_what_alone_can_be_learned_from_is_kept_and_named(init):
    size = RANDOM.gamma(2, 100, ROWS)
    frame = pd.DataFrame({"size": size, "price": size * 3 + RANDOM.normal(0, 1, ROWS)})
    started = init(frame, "--target", "price")
    assert "drop" not in started.data
    assert "is it known before the target is?" in started.out


BIKES = "Date,Rented,Hour\n" + "".join(
    f"{1 + n % 28:02d}/{1 + n // 28 % 12:02d}/2017,{int(RANDOM.integers(0, 999))},{n % 24}\n"
    for n in range(336)
)


def test_dates_are_asked_for(init):
    rule, remedy = init(BIKES, "--target", "Rented").ended.mistake
    assert rule == "rows.csv: dates are never guessed, and Date (01/01/2017) seem to be some."
    assert remedy.startswith("Add --format 'Date=%d/%m/%Y', or --drop date.")
    started = init(BIKES, "--target", "Rented", "--drop", "Date")
    assert started.data["columns"] == {"rented": "number", "hour": "number"}


# File → its text, the target, and part of the first line or None for a project that loads.
CASES = {
    "odd_columns.csv": (
        "a,empty,emptycat,const,constcat,flag,mixed,big,y\n"
        + "".join(
            f"{n / 7},,,7,x,{['TRUE', 'FALSE'][n % 2]},{['01', 'one'][n % 2]},{n}1.5,{n}.25\n"
            for n in range(60)
        ),
        "y",
        None,
    ),
    "twelve_rows.csv": (
        "a,flag,y\n" + "".join(f"{n / 7},{n % 2},{n}.25\n" for n in range(12)),
        "y",
        None,
    ),
    "tiny.csv": ("a,b,y\n1,2,3\n", "y", "must name a column that varies"),
    "two_rows.csv": ("a,b,y\n1,2,3.5\n2,3,4.5\n", "y", "must leave two different rows"),
    "dup.csv": ("pH,quality,quality\n7,3,5\n", "quality", "columns are quality"),
    "dup_spelling.csv": ("a b,a_b,quality\n7,3,5\n", "quality", "columns are a_b"),
    "header_inf.csv": ("Inf,a\n" + "".join(f"{n % 13}.5,{n}.25\n" for n in range(90)), "a", None),
    "spectra.csv": (
        "402,400\n" + "".join(f"{n % 13}.5,{n}.25\n" for n in range(90)),
        "400",
        "402, 400",
    ),
    "index_col.csv": (",b,a\n" + "".join(f"{n},{n % 13}.5,{n}.25\n" for n in range(90)), "a", None),
    "yaml_no.csv": (
        "No,yes,2019,null\n" + "".join(f"{n % 7},{n % 13}.5,{n % 5},{n}.25\n" for n in range(90)),
        "null",
        None,
    ),
    "empty.csv": ("", "a", "has no rows"),
    "header.csv": ("a,b\n", "a", "has no rows"),
    "only_ids.csv": (
        "id,name,y\n" + "".join(f"{n},name{n},{n % 9}.5\n" for n in range(90)),
        "y",
        "has no column to learn from: id (numbers its rows from 0)",
    ),
    "nothing_but_the_target.csv": ("y\n1\n2\n3\n", "y", "has no column to learn from"),
    "too_large.csv": (
        "big,a,y\n" + "".join(f"1e{n},{n % 7},{n}.5\n" for n in range(90)),
        "y",
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_case_gives_a_project_that_loads_or_two_lines(init, name):
    text, target, rule = CASES[name]
    started = init(text, "--target", target, name=name)
    if rule is None:
        assert started.ended.code == 0, started.ended
        load_project(started.root)
    else:
        assert rule in started.ended.mistake[0]


MPG = "".join(
    f"{15 + n % 20}.0   {4 + n % 3 * 2}   {n}0.0      {'?' if n % 20 == 5 else f'{n + 60}.0'}"
    f'  7{n % 10}\t"car {n}"\n'
    for n in range(60)
)
AIR = "Date;Time;CO(GT);NMHC(GT);;\n" + "".join(
    f"{1 + n % 28:02d}/03/2004;{n % 24:02d}.00.00;{n % 9},{n % 7};{-200 if n % 4 else 100 + n};;\n"
    for n in range(120)
)
WINE = "".join(f"{7 + n % 5},{3 + n % 4 / 10:.1f},{3 + n % 6}\n" for n in range(60))
NUMBERS = {"fixed_acidity": "number", "p_h": "number", "quality": "number"}
# File → its content, the target, options, `data.files` by what the file is, and its columns.
WRITTEN = {
    "auto_mpg_raw.data": (
        MPG,
        "column_1",
        (),
        {"delimiter": "blanks", "header": False},
        dict.fromkeys([f"column_{n}" for n in range(1, 6)], "number"),
    ),
    "air_quality_uci_form.csv": (
        AIR,
        "CO(GT)",
        ("--format", "Date=%d/%m/%Y"),
        {"decimal": ","},
        {
            "date": {"type": "time", "format": "%d/%m/%Y"},
            "time": "category",
            "co_gt": "number",
            "nmhc_gt": "number",
        },
    ),
    "latin1.csv": (
        "Temperature(°C),pH,quality\n".encode("latin1") + WINE.encode(),
        "quality",
        (),
        {"encoding": "cp1252"},
        {"temperature_c": "number", "p_h": "number", "quality": "number"},
    ),
    "title_row.csv": (
        f"Wine report 2024,,\n,,\nfixed acidity,pH,quality\n{WINE}",
        "quality",
        (),
        {"skip": 2},
        NUMBERS,
    ),
    "comment_first.csv": (
        f"# exported 2024-01-01 by LIMS\nfixed acidity,pH,quality\n{WINE}",
        "quality",
        (),
        {"comment": "#"},
        NUMBERS,
    ),
    "excel_sep.csv": (
        "sep=;\nfixed acidity;pH;quality\n" + WINE.replace(",", ";"),
        "quality",
        (),
        None,
        NUMBERS,
    ),
    "trailing_comma.csv": (
        "fixed acidity,pH,quality,\n" + WINE.replace("\n", ",\n"),
        "quality",
        (),
        None,
        NUMBERS,
    ),
    "said.csv": (
        "402,400\n" + "".join(f"{n % 13}.5,{n}.25\n" for n in range(90)),
        "400",
        ("--files", "header: true"),
        {"header": True},
        {"402": "number", "400": "number"},
    ),
    "prices.csv": (
        "size,price\n" + "".join(f"{n % 13} km,€{n}.25\n" for n in range(90)),
        "price",
        (),
        None,
        {"size": {"type": "number", "unit": "km"}, "price": {"type": "number", "unit": "€"}},
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_how_a_file_is_written_stands_in_the_configuration(init, name):
    content, target, options, files, columns = WRITTEN[name]
    started = init(content, "--target", target, *options, name=name)
    assert started.ended.code == 0, started.ended
    assert started.data.get("files") == files
    assert started.data["columns"] == columns
    again = init(content, "--target", target, name=name)  # nothing is asked or guessed twice
    assert "Nothing to change" in again.out


def test_a_number_that_may_mean_missing_is_named_with_what_to_write(init):
    content, target, options, _, _ = WRITTEN["air_quality_uci_form.csv"]
    started = init(content, "--target", target, *options)
    line = "nmhc_gt has -200 in some rows: if that means missing, write `missing: [-200]` under"
    assert line in started.out
    assert "missing" not in started.data


def test_sheets_of_excel_are_read(init, tmp_path):
    frame = pd.DataFrame({"pH": RANDOM.normal(3, 1, 60), "quality": [*"abc"] * 20})
    frame.to_excel(tmp_path / "wine.xlsx", index=False)
    started = init(tmp_path / "wine.xlsx", "--target", "quality")
    assert (started.conf["task"], started.data["table"]) == ("multiclass", "wine")


def test_names_that_yaml_would_misread_are_in_quotes(init):
    text, target, _ = CASES["yaml_no.csv"]
    started = init(text, "--target", target)
    assert {*started.data["columns"]} == {"no", "yes", "2019", "null"}
    assert 'target: "null"' in started.conf_text
    assert 'WHERE "null" IS NOT NULL' in started.query
