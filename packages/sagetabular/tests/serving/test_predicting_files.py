"""`pipeline predict` reads files as `data add` does: for a server, in pieces, or without one."""

from __future__ import annotations

import csv
import io
import tarfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from calling import fit_model
from running import Server, free_port

from sagelocal import LocalSageMaker
from sagetabular.aws.sagemaker.payloads import ask_in_pieces
from sagetabular.cli.serving.sending import ask_for_rows
from sagetabular.errors import UserError
from sagetabular.reading.values import make_marks
from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.bodies import read_body
from sagetabular.serving.formats.columns import Columns

TABLE = pd.DataFrame({"402": np.arange(400) / 7, "400": np.arange(400) % 5 - 0.5})
WRITTEN = {
    "plain": TABLE.to_csv(index=False),
    "pandas' index": TABLE.to_csv(),
    "semicolons": TABLE.to_csv(index=False, sep=";"),
    "quotes": TABLE.to_csv(index=False, quoting=csv.QUOTE_ALL),
    "Excel": "\ufeffsep=;\r\n" + TABLE.to_csv(sep=";", lineterminator="\r\n"),
    "another order, no header": TABLE[["400", "402"]].to_csv(index=False, header=False),
    "no header, tabs": TABLE[["400", "402"]].to_csv(index=False, header=False, sep="\t"),
    "blank lines": TABLE.to_csv(index=False).replace("\n", "\n\n"),
    "an empty column at the end": TABLE.assign(x="").to_csv(index=False).replace("400,x", "400,"),
    "a name with a line break": TABLE.assign(**{"a\nb": 1}).to_csv(index=False),
}


def echo(columns, **limits):
    """Answers as a server would, with both columns of a row as one number."""

    def ask(payload):
        rows = read_body(payload.body, payload.content_type, columns, 2**40)
        return "".join(f"{row[0]!r} {row[1]!r}\n" for row in rows.tolist()).encode()

    return ask


@pytest.mark.parametrize("limit", [10**6, 1500, 120])
@pytest.mark.parametrize("name", WRITTEN)
def test_pieces_of_any_form_are_the_rows_of_the_file(tmp_path, name, limit):
    """Names that are numbers, in another order than the model's: only they tell the columns."""
    (tmp_path / "a.csv").write_text(WRITTEN[name], encoding="utf-8", newline="")
    columns = Columns(("400", "402"))
    answers = b"".join(ask_in_pieces(tmp_path / "a.csv", echo(columns), limit)).decode()
    found = np.array([line.split() for line in answers.splitlines()], dtype=float)
    np.testing.assert_array_equal(found, TABLE[["400", "402"]].to_numpy())


@pytest.mark.parametrize("form", ["plain", "Excel", "no header, tabs"])
def test_a_mistake_in_any_piece_has_its_line_in_the_file(pipeline, served, tmp_path, form):
    lines = WRITTEN[form].replace("\r\n", "\n").splitlines()
    wrong = next(number for number, line in enumerate(lines, 1) if "50.0" in line)
    lines[wrong - 1] = lines[wrong - 1].replace("50.0", "many")
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    target = tmp_path / "out.csv"
    rule, _ = pipeline("predict", tmp_path / "a.csv", "--url", served, "-o", target).mistake
    assert not target.exists()
    expected = f"a.csv: the server answers 400: line {wrong}, column '402': 'many' is not a number."
    assert rule.endswith(expected)


@pytest.fixture
def served(monkeypatch, clients):
    """An address at which the model with the columns 400 and 402 answers, in small pieces."""
    monkeypatch.setattr("sagetabular.aws.sagemaker.payloads.ask_in_pieces.__defaults__", (500,))
    columns = Columns(("400", "402"))

    def ask(form, url, file, payload):
        from sagetabular.cli.serving.predict import _refused

        try:
            return echo(columns)(payload)
        except RequestError as error:
            raise _refused(file, payload, "the server answers 400", error.message) from error

    monkeypatch.setattr("sagetabular.cli.serving.predict._ask", ask)
    return "http://127.0.0.1:1"


def test_a_row_of_parquet_in_a_later_piece_is_that_of_the_file(tmp_path):
    table = pd.DataFrame({"400": np.random.default_rng(1).normal(size=3000), "402": "1"})
    table.loc[2500, "402"] = "many"
    table.to_parquet(tmp_path / "a.parquet")
    columns, places = Columns(("400", "402"), frozenset(), make_marks(())), []

    def ask(payload):
        try:
            return echo(columns)(payload)
        except RequestError as error:
            places.append(payload.place(int(error.message.split(",")[0].removeprefix("row "))))
            raise UserError("refused", "") from error

    with pytest.raises(UserError):
        list(ask_in_pieces(tmp_path / "a.parquet", ask, 15_000))
    assert places == [2501]


def test_a_file_is_predicted_as_data_add_reads_it(example, monkeypatch, tmp_path):
    """Titles, decimal commas, units and Excel, which no server knows."""
    rows = [{"size": 1234.5, "age": 7.0}, {"size": 2.25, "age": 8.0}]
    declared = {"size": {"type": "number", "unit": "€"}, "age": "number", "price": "number"}
    example.change("conf/pipeline.yaml", "data.columns", declared)
    example.change("conf/pipeline.yaml", "data.target", "price")
    example.change("conf/pipeline.yaml", "data.drop", [])
    written = {"decimal": ",", "thousands": ".", "skip": 1}
    example.change("conf/pipeline.yaml", "data.files", written)
    monkeypatch.chdir(example.root)
    text, sheet = tmp_path / "a.csv", tmp_path / "a.xlsx"
    text.write_text("Report\nAge;SIZE;note\n7;1.234,5 €;x\n8;2,25;y\n", encoding="utf-8")
    book = openpyxl.Workbook()
    for row in [["Report"], ["Age", "SIZE"], [7, "1.234,5 €"], [8, 2.25]]:
        book.active.append(row)
    book.save(sheet)
    ask = echo(Columns(("size", "age")))
    for file in (text, sheet):
        answers = b"".join(ask_for_rows(file, ask, len)).decode()
        assert answers == "".join(f"{row['size']!r} {row['age']!r}\n" for row in rows)
    text.write_text("Report\nAge;SIZE\n7;5 $\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"SIZE must hold numbers .* got '5 \$' at line 3"):
        list(ask_for_rows(text, ask, len))


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> bytes:
    """The artefact of a tree with a category."""
    folder = tmp_path_factory.mktemp("fitted") / "model"
    fit_model("decision_tree", ["rooms", "área", "town", "age"], folder)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for file in folder.iterdir():
            archive.add(file, file.name)
    return buffer.getvalue()


@pytest.fixture
def register(example, archive):
    """Registers the tree in the small project; returns its version."""

    def run(status="PendingManualApproval") -> int:
        home = LocalSageMaker(example.root / ".pipeline")
        home.storage.put_bytes("s3://local/models/1/model.tar.gz", archive)
        container = {"Image": "x", "ModelDataUrl": "s3://local/models/1/model.tar.gz"}
        request = {
            "ModelPackageGroupName": "test-project",
            "ModelApprovalStatus": status,
            "InferenceSpecification": {"Containers": [container]},
        }
        return home.registry.create_model_package(request)["ModelPackageVersion"]

    return run


ROWS = 'Note;Rooms;ÁREA;Town;age\nx;1;2;"in,land";NA\n;-4.5;1e2;NA;\n;7;8;<1H OCEAN;True\n'


@pytest.mark.slow
def test_a_version_predicts_here_what_the_server_answers_to_the_bit(
    pipeline, register, model_folders, tmp_path
):
    register("Approved")
    register()
    (tmp_path / "ml").mkdir()
    (tmp_path / "ml/model").symlink_to(model_folders["decision_tree_and_town"])
    (tmp_path / "rows.csv").write_text(ROWS)
    generator = np.random.default_rng(7)
    many = pd.DataFrame(generator.normal(size=(500, 3)) * 100, columns=["rooms", "área", "age"])
    many["town"] = generator.choice(["<1H OCEAN", "in,land", "NA", None], 500)
    many.to_parquet(tmp_path / "rows.parquet")
    many.to_json(tmp_path / "rows.json", orient="records")
    code = Path(find_spec("models.decision_tree.model").origin).parents[2]
    with Server(tmp_path, PYTHONPATH=code) as server:
        server.wait()
        url = f"http://127.0.0.1:{server.port}"
        for name in ("rows.csv", "rows.parquet", "rows.json"):
            asked = pipeline("predict", tmp_path / name, "--url", url)
            assert (asked.code, asked.err) == (0, "")
            for version in ("1", "2", "newest"):
                here = pipeline("predict", tmp_path / name, "--version", version)
                assert (here.code, here.out) == (0, asked.out)
    assert len(asked.out.splitlines()) == 500


def test_what_cannot_be_predicted_here_is_named(pipeline, register, tmp_path):
    (tmp_path / "rows.csv").write_text("Rooms;town\n1;x\n")
    file = tmp_path / "rows.csv"
    assert pipeline("predict", file, "--version", "newest").mistake == [
        "No model is registered yet.",
        "Register one with `pipeline run`.",
    ]
    register()
    assert pipeline("predict", file, "--version", "newest").mistake == [
        f"{file}: version 1: line 1: 2 columns are missing: área, age.",
        "The model needs rooms, área, town, age.",
    ]
    assert "has no version 7" in pipeline("predict", file, "--version", "7").mistake[0]
    rule, _ = pipeline("predict", file, "--version", "last").mistake
    assert rule == "--version must be a number or `newest`, got 'last'."


def test_a_compressed_file_is_read(tmp_path):
    TABLE.to_csv(tmp_path / "a.csv.gz", index=False)
    answers = b"".join(ask_in_pieces(tmp_path / "a.csv.gz", echo(Columns(("400", "402"))), 500))
    assert answers.count(b"\n") == len(TABLE)


def test_no_port_is_asked_without_a_server(pipeline, tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n")
    rule, remedy = pipeline(
        "predict", tmp_path / "a.csv", "--url", f"http://127.0.0.1:{free_port()}"
    ).mistake
    assert "no server answers" in rule
    assert "--version" in remedy
