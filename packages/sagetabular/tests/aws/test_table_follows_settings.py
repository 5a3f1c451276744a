"""The table that a project's stack made has the columns and the format of `conf/pipeline.yaml`.

What it must be is what data-lake.yaml makes of a new one, evaluated; columns are planted.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from projects import TEMPLATE
from upserting import PIPELINE, objects, standing

from sagetabular import run_pipeline
from sagetabular.infrastructure.templates import evaluate, read_template

ROLE = "arn:aws:iam::123456789012:role/pipelines"
PLACE = {"DatabaseName": "sagemaker_p_abc", "Name": "training"}
LOCATION = "s3://<DataBucket>/input/data/training/"
# Those of the small project: name, type in a table of Parquet files, comment.
COLUMNS = [
    ("rooms", "double", "number"),
    ("area", "double", "number"),
    ("district", "string", "category"),
    ("sold", "timestamp", "time"),
    ("garden", "double", "number, optional"),
    ("price", "double", "number"),
]
BEFORE = [("longitude", "double", "number"), ("price", "string", "category"), COLUMNS[0]]


def made(columns, data_format="csv", delimiter=",", **changed):
    """Glue's table as the stack makes it: types are text in CSV files."""
    template = read_template(TEMPLATE / "infrastructure/data-lake.yaml")
    values = {"Project": "test-project", "Stage": "dev", "Database": "x"}
    values |= {"DataFormat": data_format, "Delimiter": delimiter}
    resources = evaluate(template, values)["Resources"]
    table = resources["GlueTable"]["Properties"]["TableInput"]
    table["StorageDescriptor"]["Columns"] = [
        {"Name": name, "Type": "string" if data_format == "csv" else kind, "Comment": comment}
        for name, kind, comment in columns
    ]
    return {**table, "PartitionKeys": [], **changed}


def described(table):
    """What Glue says of it, with members that UpdateTable does not take."""
    own = {
        "DatabaseName": "sagemaker_p_abc",
        "CreateTime": datetime(2026, 12, 1, tzinfo=UTC),
        "UpdateTime": datetime(2026, 12, 1, tzinfo=UTC),
        "CreatedBy": "arn:aws:iam::123456789012:role/formation",
        "IsRegisteredWithLakeFormation": False,
        "CatalogId": "123456789012",
        "VersionId": "0",
    }
    return {"Table": {**table, **own}}


def refusal(ended):
    """The two lines of a mistake, after what was announced."""
    assert (ended.code, ended.out) == (2, ""), ended
    return ended.err.splitlines()[-2:]


@pytest.fixture
def studio(deployable, monkeypatch):
    """The project on a build server that names the lake."""
    monkeypatch.setenv("ATHENA_DATABASE", "sagemaker_p_abc")
    monkeypatch.setenv("ATHENA_TABLE", "training")
    return deployable


@pytest.fixture
def upsert(studio, aws, pipeline):
    """Return what upserts the project, whose table is so; `wanted` is what it becomes."""

    def call(table, wanted=None):
        compiled = studio.compile()
        aws.knows_who_asks()
        aws.has_objects(len(objects(compiled)))
        aws.answer("glue", "get_table", described(table), PLACE)
        if wanted:
            # Without the version Glue takes what somebody else has changed in between for ours.
            asked = {"DatabaseName": "sagemaker_p_abc", "TableInput": wanted, "VersionId": "0"}
            aws.answer("glue", "update_table", asked=asked)
        aws.answer("sagemaker", "describe_pipeline", standing(compiled))
        ended = pipeline("upsert")
        assert (ended.code, ended.out) == (0, f"{PIPELINE}\n"), ended
        return ended.err

    return call


CSV = {"delimiter": ";"}
PARQUET = {"decimal": ","}


@pytest.mark.parametrize(
    ("before", "files", "wanted"),
    [
        (("csv", ","), {}, ("csv", ",")),
        (("csv", ","), CSV, ("csv", ";")),
        (("csv", ";"), {"delimiter": "tab"}, ("csv", "\t")),
        (("csv", ","), PARQUET, ("parquet", ",")),
        (("parquet", ","), {}, ("csv", ",")),
        (("parquet", ","), PARQUET, ("parquet", ",")),
    ],
)
def test_the_table_becomes_what_the_stack_would_make(upsert, studio, before, files, wanted):
    if files:
        studio.change("conf/pipeline.yaml", "data.files", files)
    said = upsert(made(BEFORE, *before), made(COLUMNS, *wanted))
    assert "Table       sagemaker_p_abc.training follows conf/pipeline.yaml now:" in said
    assert "new columns: area, district, sold, garden" in said
    assert "columns that are gone: longitude" in said
    assert ("types: price string → double" in said) == (wanted[0] == before[0] == "parquet")
    assert ("format: csv → parquet" in said) == (wanted[0] == "parquet" != before[0])
    assert f"files below {LOCATION} must be so" in said


@pytest.mark.parametrize(("data_format", "files"), [("csv", None), ("parquet", PARQUET)])
def test_an_equal_table_is_left_alone(upsert, studio, data_format, files):
    if files:
        studio.change("conf/pipeline.yaml", "data.files", files)
    assert "Table" not in upsert(made(COLUMNS, data_format))


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (made([*COLUMNS[1:], COLUMNS[0]]), "order of columns: rooms, area, district, sold, "),
        (made(COLUMNS, delimiter=";"), "delimiter: ';' → ','"),
        (made([*COLUMNS[:4], ("garden", "", "number"), COLUMNS[5]]), "comments of columns"),
    ],
    ids=["order", "delimiter", "comment"],
)
def test_it_says_what_was_changed(upsert, before, said):
    assert said in upsert(before, made(COLUMNS))


def test_all_else_of_the_table_stays(upsert):
    """Columns that are folders' names are none of the files', and whoever set more keeps it."""
    own = {"projection.enabled": "true"}
    keys = [{"Name": "district", "Type": "string"}]
    before = made(BEFORE, Description="Ours", Owner="me", Retention=3, PartitionKeys=keys)
    before["Parameters"] |= own
    before["StorageDescriptor"] |= {"Compressed": False, "SortColumns": [], "NumberOfBuckets": -1}
    before["StorageDescriptor"]["SerdeInfo"]["Name"] = "reader"
    before["StorageDescriptor"]["SerdeInfo"]["Parameters"]["serialization.format"] = "1"
    wanted = made([one for one in COLUMNS if one[0] != "district"])
    after = {
        **before,
        "StorageDescriptor": {
            **before["StorageDescriptor"],
            "Columns": wanted["StorageDescriptor"]["Columns"],
        },
    }
    upsert(before, after)


def test_a_text_that_is_empty_is_not_sent_back(upsert, aws, monkeypatch):
    """UpdateTable refuses an owner without a character, by its own shape."""
    glue = aws.client("glue")
    answer = described(made(BEFORE, Owner="", Description=""))
    upserted = made(COLUMNS)
    del upserted["Description"]
    told = glue.get_table

    def get_table(*, DatabaseName, Name):  # noqa: N803
        told(DatabaseName=DatabaseName, Name=Name)
        return answer

    monkeypatch.setattr(glue, "get_table", get_table)
    upsert(made(BEFORE), upserted)


@pytest.mark.parametrize("mark", [None, "sagemaker-test-project-prod", "sagemaker-other-dev"])
def test_a_foreign_table_is_never_changed(upsert, mark):
    foreign = made(BEFORE)
    del foreign["Parameters"]["columns.follow"]
    if mark:
        foreign["Parameters"]["columns.follow"] = mark
    said = upsert(foreign)
    reason = "its parameter columns.follow is not sagemaker-test-project-dev"
    assert f"Table       sagemaker_p_abc.training is left as it is: {reason}" in said


def test_without_the_variable_glue_is_not_asked(pipeline, aws, compiled_here, deployable):
    aws.knows_who_asks()
    aws.has_objects(len(objects(compiled_here)))
    aws.answer("sagemaker", "describe_pipeline", standing(compiled_here))
    assert pipeline("upsert").code == 0
    assert "glue" not in {service for service, _ in aws.asked}


def test_whoever_may_not_look_at_the_table_may_still_upsert(studio, aws, pipeline):
    compiled = studio.compile()
    aws.knows_who_asks()
    aws.has_objects(len(objects(compiled)))
    aws.refuse("glue", "get_table", "AccessDeniedException")
    aws.answer("sagemaker", "describe_pipeline", standing(compiled))
    ended = pipeline("upsert")
    assert ended.code == 0, ended
    assert "training is left as it is: you may not look at it in Glue" in ended.err


def test_a_table_that_is_not_there_stops_it_before_the_pipeline_changes(studio, aws, pipeline):
    aws.knows_who_asks()
    aws.has_objects(len(objects(studio.compile())), stored=False)
    aws.refuse("glue", "get_table", "EntityNotFoundException")
    assert refusal(pipeline("upsert")) == [
        "ATHENA_TABLE must be a table that Glue has, got sagemaker_p_abc.training.",
        "Deploy the stack that makes it, or correct the variables.",
    ]


def test_a_change_that_glue_refuses_stops_it_too(studio, aws, pipeline):
    aws.knows_who_asks()
    aws.has_objects(len(objects(studio.compile())), stored=False)
    aws.answer("glue", "get_table", described(made(BEFORE)), PLACE)
    aws.refuse("glue", "update_table", "AccessDeniedException", "no")
    rule, _ = refusal(pipeline("upsert"))
    assert rule == "Glue refused UpdateTable: AccessDeniedException: no"


def test_a_change_of_somebody_else_in_between_is_kept(studio, aws, pipeline):
    """What Glue answers to an old version: API_UpdateTable of its reference, "Errors"."""
    aws.knows_who_asks()
    aws.has_objects(len(objects(studio.compile())), stored=False)
    aws.answer("glue", "get_table", described(made(BEFORE)), PLACE)
    aws.refuse("glue", "update_table", "ConcurrentModificationException", "Version mismatch")
    assert refusal(pipeline("upsert")) == [
        "sagemaker_p_abc.training must be as it was looked at, and somebody has changed it since.",
        "Run the same command again: it looks anew. Glue keeps the table as they made it.",
    ]


def test_a_check_says_what_would_change_and_changes_nothing(studio, aws, monkeypatch, capsys):
    monkeypatch.chdir(studio.root)
    aws.knows_who_asks()
    aws.answer("s3", "head_bucket")
    aws.answer("glue", "get_table", described(made(BEFORE)), PLACE)
    with pytest.raises(SystemExit) as ended:
        run_pipeline.main(["-n", "pipelines.training.pipeline", "-role-arn", ROLE, "--check"])
    said = capsys.readouterr()
    assert not ended.value.code, said
    assert "sagemaker_p_abc.training would follow conf/pipeline.yaml:" in said.err + said.out
    assert "columns that are gone: longitude" in said.err + said.out


def test_a_check_names_a_table_that_is_not_there(studio, aws, monkeypatch, capsys):
    monkeypatch.chdir(studio.root)
    aws.knows_who_asks()
    aws.answer("s3", "head_bucket")
    aws.refuse("glue", "get_table", "EntityNotFoundException")
    with pytest.raises(SystemExit) as ended:
        run_pipeline.main(["-n", "pipelines.training.pipeline", "-role-arn", ROLE, "--check"])
    assert ended.value.code == 1
    assert "ATHENA_TABLE must be a table that Glue has" in capsys.readouterr().err
