from __future__ import annotations

import pytest
import yaml
from typer.testing import CliRunner

from sagetabular.cli import data
from sagetabular.errors import UserError
from sagetabular.lake import sample
from sagetabular.lake.store import read_table, source
from sagetabular.local.data import find_data
from sagetabular.project import find_project

COLUMNS = [*sample.make_sample(1).columns]


@pytest.fixture
def project(project_root, monkeypatch):
    """The template's project, as the commands find it."""
    monkeypatch.chdir(project_root)
    return find_project()


@pytest.fixture
def change(project):
    """Change the section `data` of conf/pipeline.yaml; what is None is taken out."""

    def change(**values):
        file = project.root / "conf/pipeline.yaml"
        conf = yaml.safe_load(file.read_text(encoding="utf-8"))
        conf["data"] = {k: v for k, v in (conf["data"] | values).items() if v is not None}
        file.write_text(yaml.safe_dump(conf, sort_keys=False), encoding="utf-8")

    return change


@pytest.fixture
def run():
    """Run `pipeline data …`; return what it prints, and let a user's mistake through."""

    def run(*arguments):
        result = CliRunner().invoke(data.app, [str(argument) for argument in arguments])
        if result.exception is not None:
            raise result.exception
        return result.output

    return run


def stored(project, table="california"):
    return read_table(project.lake, "housing", table)


def test_sample_fills_the_lake_and_says_that_it_is_made_up(run, project):
    printed = run("sample", "--rows", "50", "--seed", "1")
    assert "housing.california: made-up housing sample (50 rows, seed 1)" in printed
    assert f"50 rows, 9 columns, in {project.lake / 'housing/california'}" in printed
    assert "missing values: none in any column" in printed
    assert stored(project).to_pandas().equals(sample.make_sample(50, 1))
    assert source(project.lake, "housing", "california").kind == "sample"


def test_sample_if_empty_leaves_a_table_that_is_there(run, project):
    run("sample", "--rows", "50", "--if-empty")
    run("sample", "--rows", "60", "--if-empty")
    assert stored(project).num_rows == 50
    run("sample", "--rows", "60")
    assert stored(project).num_rows == 60


def test_sample_is_refused_where_the_project_declares_other_columns(run, change):
    change(columns=dict.fromkeys([*COLUMNS, "garden"], "number"))
    with pytest.raises(UserError) as caught:
        run("sample", "--if-empty")
    assert str(caught.value).splitlines() == [
        "The made-up sample: 1 required column(s) missing: garden.",
        "Add a table of your own instead: pipeline data add FILE.",
    ]


def test_sample_need_not_have_what_the_query_makes(run, project, change):
    change(columns=dict.fromkeys([*COLUMNS, "rooms_per_household"], "number"))
    query = (
        "SELECT *, CAST(total_rooms AS double) / households AS rooms_per_household FROM ${table}"
    )
    (project.root / "queries/ingest.sql").write_text(query, encoding="utf-8")
    run("sample", "--rows", "50")
    assert stored(project).num_rows == 50


def test_add_takes_other_spellings_and_says_what_it_did(run, project, tmp_path):
    frame = sample.make_sample(20)
    frame.loc[3:5, "population"] = None
    frame["Zip Code"] = "x1"
    frame = frame.rename(columns={"total_rooms": "totalRooms", "longitude": "Longitude"})
    frame.to_csv(tmp_path / "a.csv", index=False)
    printed = run("add", tmp_path / "a.csv")
    assert "20 rows, 10 columns" in printed
    assert "missing values: population 3\n" in printed
    assert "totalRooms is total_rooms" in printed
    assert "kept, but not declared in conf/pipeline.yaml: zip_code" in printed
    assert stored(project).column_names == [*COLUMNS, "zip_code"]
    assert source(project.lake, "housing", "california").title == "a.csv"


def test_add_puts_several_files_into_a_table_of_another_name(run, project, tmp_path):
    frame = sample.make_sample(20)
    frame[:12].to_csv(tmp_path / "a.csv", index=False)
    frame[12:].to_parquet(tmp_path / "b.parquet")
    run("add", tmp_path / "a.csv", tmp_path / "b.parquet", "--table", "mine")
    assert stored(project, "mine").to_pandas()["total_rooms"].tolist() == list(frame["total_rooms"])
    assert source(project.lake, "housing", "california") is None


def test_an_add_that_fails_leaves_the_previous_table(run, project, tmp_path):
    run("sample", "--rows", "50")
    before = source(project.lake, "housing", "california")
    (tmp_path / "a.csv").write_text("rooms\n1\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"9 required column\(s\) missing"):
        run("add", tmp_path / "a.csv")
    assert source(project.lake, "housing", "california") == before
    assert stored(project).num_rows == 50


@pytest.fixture
def prefix(project, change):
    """Make files in S3 the project's source; return the folder that emulates the prefix."""
    tables = dict.fromkeys(("database", "table", "query"))
    change(source="s3", uri="s3://team-bucket/houses/", **tables)
    return project.root / ".pipeline/s3/team-bucket/houses"


def test_with_files_as_the_source_the_commands_fill_the_stand_in_of_the_prefix(
    run, project, prefix
):
    assert run("sample", "--rows", "50", "--if-empty").startswith("data.uri: made-up housing")
    assert run("sample", "--rows", "60", "--if-empty") == ""
    assert find_data(find_project(), {}).title == "made-up housing sample (50 rows, seed 23)"
    sample.make_sample(20).to_csv(project.root / "a.csv", index=False)
    assert f"20 rows, 9 columns, in {prefix}" in run("add", project.root / "a.csv")
    assert find_data(find_project(), {}).title == "a.csv"
    assert not project.lake.exists()


@pytest.mark.usefixtures("prefix")
def test_files_have_no_tables(run, project):
    sample.make_sample(20).to_csv(project.root / "a.csv", index=False)
    with pytest.raises(UserError) as caught:
        run("add", project.root / "a.csv", "--table", "mine")
    assert str(caught.value).splitlines() == [
        "--table must not be given with `source: s3`, got 'mine'.",
        "Leave it out: there are files, and no tables.",
    ]


def test_what_is_noted_of_the_data_may_not_be_damaged(run, project):
    run("sample", "--rows", "50")
    (project.lake / "housing/california/_source.json").write_text("{")
    with pytest.raises(UserError, match=r"_source\.json is damaged"):
        run("sample", "--if-empty")
