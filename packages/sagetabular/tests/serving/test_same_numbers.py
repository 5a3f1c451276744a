"""The server's numbers are those of the model's `predict`, to the bit."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from calling import NUMBERS, make_table
from hypothesis import given, settings
from hypothesis import strategies as st

from sagetabular.reading.values import Marks, category

FINITE = st.floats(allow_infinity=False, allow_nan=False, width=32)

FIELDS = st.one_of(
    st.none(),
    FINITE,
    st.integers(-(10**30), 10**30).map(float),
    st.sampled_from([0.0, -0.0, 5e-324, 1e-45, 3.4028234e38]),
    st.floats(-500, 500),
)
ROWS = st.lists(st.tuples(FIELDS, FIELDS, FIELDS), min_size=1, max_size=20)


def predict(model, table: pd.DataFrame) -> np.ndarray:
    return model.code.predict(model.model, table[list(model.columns.names)])


def as_text(value: float | None) -> str:
    return "" if value is None else repr(value)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["decision_tree", "xgboost"])
def test_whatever_the_values(clients, name) -> None:
    client = clients[name]

    @settings(deadline=None)  # other tests may keep the machine busy
    @given(ROWS, st.sampled_from(["\n", "\r\n"]), st.booleans())
    def check(rows, newline, header) -> None:
        table = pd.DataFrame(rows, columns=client.app.model.columns.names, dtype=np.float64)
        lines = [",".join(table.columns)] if header else []
        lines += [",".join(map(as_text, row)) for row in rows]
        body = (newline.join(lines) + newline).encode()
        expected = predict(client.app.model, table)
        assert client.post(body).values.tobytes() == expected.tobytes()
        answer = client.post(pd.DataFrame(table).to_parquet(), "application/x-parquet")
        assert answer.values.tobytes() == expected.tobytes()

    check()


@pytest.mark.parametrize("name", ["decision_tree", "xgboost"])
def test_beside_every_threshold_of_a_tree(clients, name) -> None:
    client, table = clients[name], make_table()[0][NUMBERS]
    for column in NUMBERS:
        seen = table[column].to_numpy()
        order = np.argsort(seen)
        middles = seen[order][1:] / 2 + seen[order][:-1] / 2  # where trees split
        singles = np.float32(middles)
        for near in (middles, singles, np.nextafter(singles, np.float32(-np.inf))):
            rows = table.iloc[order[1:]].assign(**{column: np.float64(near)})
            body = rows.to_csv(index=False, header=False).encode()
            expected = predict(client.app.model, rows)
            assert client.post(body).values.tobytes() == expected.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["decision_tree_and_town", "xgboost_and_town"])
def test_whatever_the_categories(clients, name) -> None:
    client = clients[name]
    texts = st.text(min_size=1).filter(lambda text: category(text, Marks()) == text)
    towns = st.one_of(st.none(), st.sampled_from(["in,land", 'î"le']), texts)

    @settings(deadline=None)  # other tests may keep the machine busy
    @given(st.lists(st.tuples(FIELDS, FIELDS, towns, FIELDS), min_size=1, max_size=5))
    def check(rows) -> None:
        table = pd.DataFrame(rows, columns=client.app.model.columns.names)
        numbers = [name for name in table if name != "town"]
        table[numbers] = table[numbers].astype(np.float64)
        table["town"] = table["town"].astype(object)
        expected = predict(client.app.model, table)
        buffer = io.StringIO()
        table.to_csv(buffer, index=False, lineterminator="\r\n")
        try:
            body = buffer.getvalue().encode()
        except UnicodeEncodeError:  # half a character is no text
            return
        assert client.post(body).values.tobytes() == expected.tobytes()

    check()


def test_a_scorer_is_used_where_all_columns_are_numbers(clients) -> None:
    used = {name: client.app.model.scorer is not None for name, client in clients.items()}
    assert used == {name: "town" not in name for name in clients}
