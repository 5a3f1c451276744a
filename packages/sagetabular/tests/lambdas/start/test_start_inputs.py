"""What the Lambda `start` reads: manifests, hyperparameters, samples, and files of the table."""

from __future__ import annotations

import json

import pytest
from started_account import ARTIFACTS, DATA, PARAMETERS, uploaded

_FILE, _MANIFEST = "input/data/training/a.csv", "manifests/manifest.json"
_CONFIG = "input/config/hyperparameters.json"


@pytest.fixture(autouse=True)
def _data(account):
    account.put(_FILE, "a,b\n")


def values_of(account, place=-1):
    """Return the values that the last execution was started with."""
    request = account.executions[place]["request"]
    return {one["Name"]: one["Value"] for one in request["PipelineParameters"]}


def test_a_manifest_starts_with_its_parameters_once(account, call):
    given = {"Folds": "7", "MinimumR2": 0.5, "Verbose": True, "Mode": "b"}
    account.put(_MANIFEST, json.dumps({"parameters": given}))

    assert call(uploaded(_MANIFEST))["outcome"] == "started"

    wanted = {"Folds": "7", "MinimumR2": "0.5", "Verbose": "true", "Mode": "b"}
    assert values_of(account) == values_of(account) | wanted
    description = account.executions[0]["request"]["PipelineExecutionDescription"]
    assert description == f"Started by manifest: {_MANIFEST}"
    account.end()
    call(uploaded(_FILE, 2))
    assert not {*wanted} & {*values_of(account)}


def test_the_newest_manifest_counts_however_events_come(account, call):
    call(uploaded(_FILE, 1))
    for number, when in ((3, "2026-11-30T22:00:02Z"), (2, "2026-11-30T22:00:01Z")):
        account.put(f"manifests/{number}.json", json.dumps({"parameters": {"Folds": str(number)}}))
        assert call(uploaded(f"manifests/{number}.json", number, when))["outcome"] == "waiting"
    call(uploaded(_FILE, 4))

    call(account.end())

    assert len(account.executions) == 2
    assert values_of(account)["Folds"] == "3"


@pytest.mark.parametrize("folder", [f"s3://{DATA}/folder/", f"s3://{ARTIFACTS}/folder/a.csv"])
def test_the_channel_of_a_manifest_is_the_uri_of_a_pipeline_that_reads_files(account, call, folder):
    account.parameters = [*PARAMETERS, {"Name": "DataUri", "Type": "String"}]
    account.put(_MANIFEST, json.dumps({"channels": {"training": folder}}))
    call(uploaded(_MANIFEST))
    assert values_of(account)["DataUri"] == folder


@pytest.mark.parametrize("bucket", ["bucket", f"{DATA}-2", DATA[:-1]])
def test_a_channel_in_a_bucket_that_the_pipeline_cannot_read_is_refused(account, call, bucket):
    account.parameters = [*PARAMETERS, {"Name": "DataUri", "Type": "String"}]
    account.put(_MANIFEST, json.dumps({"channels": {"training": f"s3://{bucket}/{DATA}/"}}))

    assert call(uploaded(_MANIFEST))["outcome"] == "refused"

    rule, remedy = account.notices[0].split("\n")
    wanted = f"s3://{DATA}/ or s3://{ARTIFACTS}/"
    assert rule == (
        f"{_MANIFEST}: channels: training must lie in {wanted}, got 's3://{bucket}/{DATA}/'."
    )
    assert remedy.startswith("Copy the files there")
    assert account.executions == []


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("{", "must be JSON"),
        (b"\xff{}", "must be JSON"),
        ("[" * 60_000, "must be JSON"),
        ('{"parameters": {"Folds": NaN}}', "NaN is no number"),
        ('{"parameters": {"Folds": 3, "Folds": 4}}', "a key stands twice among Folds, Folds"),
        (" " * 65_537, "at most 65,536 bytes, got 65,537"),
        ("{}", "channels, parameters or both, got {}"),
        ("[]", "channels, parameters or both, got []"),
        ('{"parameter": {}}', 'got {"parameter": {}}'),
        ('{"parameters": []}', "parameters must be an object, got []"),
        ('{"parameters": {"Trees": 3}}', "Trees is no parameter of"),
        ('{"parameters": {"Folds": 3.5}}', "Folds must be of type Integer, got 3.5"),
        ('{"parameters": {"Folds": "many"}}', 'Folds must be of type Integer, got "many"'),
        ('{"parameters": {"Folds": true}}', "Folds must be of type Integer, got true"),
        ('{"parameters": {"Folds": [3]}}', "Folds must be of type Integer, got [3]"),
        ('{"parameters": {"Folds": null}}', "Folds must be of type Integer, got null"),
        ('{"parameters": {"MinimumR2": "inf"}}', "MinimumR2 must be of type Float"),
        ('{"parameters": {"Verbose": "yes"}}', "Verbose must be of type Boolean"),
        ('{"parameters": {"Mode": "c"}}', "Mode must be one of a, b, got c"),
        ('{"parameters": {"Mode": "a\\nb"}}', "Mode must be of type String"),
        # Who may upload a file decides on neither image, nor role, nor network.
        ('{"parameters": {"ImageUri": "evil"}}', "ImageUri is the account's to decide"),
        ('{"parameters": {"RoleArn": "evil"}}', "RoleArn is the account's to decide"),
        ('{"parameters": {"SubnetId1": "evil"}}', "SubnetId1 is the account's to decide"),
        ('{"channels": {"validation": "s3://bucket/x"}}', "must be an object with training"),
        ('{"channels": "s3://bucket/x"}', "must be an object with training"),
        ('{"channels": {"training": "/x"}}', "training must be s3://<bucket>/<prefix>, got '/x'"),
        ('{"channels": {"training": "s3://bucket/x"}}', "reads a table"),
    ],
)
def test_a_wrong_manifest_starts_nothing_and_is_said(account, call, content, rule):
    account.put(_MANIFEST, content)

    assert call(uploaded(_MANIFEST))["outcome"] == "refused"

    assert account.executions == []
    assert account.items == {}
    (notice,) = account.notices
    said, remedy = notice.split("\n")
    assert said.startswith(_MANIFEST) and rule in said
    assert remedy.endswith(".")


def test_a_manifest_that_does_not_fit_any_more_leaves_the_data_to_be_learned_from(account, call):
    call(uploaded(_FILE, 1))
    account.put(_MANIFEST, json.dumps({"parameters": {"Folds": "7"}}))
    call(uploaded(_MANIFEST, 2))
    call(uploaded(_FILE, 3))
    account.parameters = [one for one in PARAMETERS if one["Name"] != "Folds"]

    assert call(account.end())["outcome"] == "started"

    assert "Folds is no parameter" in account.notices[0]
    assert "Folds" not in values_of(account)
    account.end()
    call(uploaded(_MANIFEST, 4))
    assert len(account.executions) == 2


def test_hyperparameters_are_read_at_each_start_and_a_manifest_counts_more(account, call):
    account.put(_CONFIG, "\ufeff" + json.dumps({"Folds": 3, "Mode": "b"}))
    account.put(_MANIFEST, json.dumps({"parameters": {"Folds": 4}}))
    call(uploaded(_MANIFEST))
    assert (values_of(account)["Folds"], values_of(account)["Mode"]) == ("4", "b")
    account.end()
    call(uploaded(_FILE, 2))
    assert values_of(account)["Folds"] == "3"


@pytest.mark.parametrize("content", ['{"Folds": "x"}', "{", "[1]", '{"ImageUri": "evil"}'])
def test_wrong_hyperparameters_hold_up_what_waits_until_corrected(account, call, content):
    account.put(_CONFIG, content)
    assert call(uploaded(_FILE))["outcome"] == "refused"
    assert account.notices[0].startswith(_CONFIG)
    assert account.executions == []

    account.put(_CONFIG, "{}")
    assert call({"trigger": "manual"})["outcome"] == "started"
    assert _FILE in account.executions[0]["request"]["PipelineExecutionDescription"]


def test_samples_fill_an_empty_lake_and_start_nothing_themselves(account, call):
    del account.objects[DATA, _FILE]
    account.put("input/data/training/", "")
    for number in range(5):  # of two on a page
        account.put(f"sample/deep/{number}.csv", f"a,b\n{number},0\n")
    account.put("sample/", "")

    assert call({"trigger": "schedule", "id": "1"})["outcome"] == "started"

    copies = [f"input/data/training/deep/{number}.csv" for number in range(5)]
    assert [account.objects[DATA, key][0][:3] for key in copies] == [b"a,b"] * 5
    for number, key in enumerate(copies):
        assert call(uploaded(key, number)) == {"outcome": "ignored"}
    account.end()
    assert call({"trigger": "schedule", "id": "2"})["outcome"] == "started"
    assert account.calls.count("CopyObject") == 5, "the lake is not empty any more"


def test_samples_are_copied_to_the_last_though_the_lambda_is_killed(account, call):
    del account.objects[DATA, _FILE]
    for number in range(3):
        account.put(f"sample/{number}.csv", "a,b\n")

    def killed(operation):
        if operation == "CopyObject" and account.calls.count("CopyObject") == 2:
            raise KeyboardInterrupt

    account.interrupt = killed
    with pytest.raises(KeyboardInterrupt):
        call({"trigger": "schedule", "id": "1"})
    assert len(account.objects) == 5, "a part of the samples"
    account.interrupt = lambda _: None

    assert call({"trigger": "schedule", "id": "1"})["outcome"] == "started"

    assert {(DATA, f"input/data/training/{number}.csv") for number in range(3)} <= {
        *account.objects
    }
    assert account.calls.count("CopyObject") == 4, "what is there already is left alone"
    account.end()
    del account.objects[DATA, "input/data/training/1.csv"]
    call({"trigger": "schedule", "id": "2"})
    assert (DATA, "input/data/training/1.csv") not in account.objects, "somebody took it out"


def test_a_copy_of_a_copied_sample_is_data(account, call):
    account.put("input/data/training/b.csv", "a,b\n")
    content, _ = account.objects[DATA, _FILE]
    call({"trigger": "schedule"})
    account.end()
    copied = {"copied-from-sample-to": "another key"}
    account.objects[DATA, "input/data/training/b.csv"] = (content, copied)
    assert call(uploaded("input/data/training/b.csv", 9))["outcome"] == "started"


def test_without_data_and_samples_nothing_starts(account, call):
    del account.objects[DATA, _FILE]
    assert call({"trigger": "schedule"})["outcome"] == "refused"
    assert "must hold files" in account.notices[0]


@pytest.mark.parametrize(
    "head",
    ["a,b\n", "A, b \r\n1,2\n", '\ufeff"a","b"\n', "a,b"],
)
def test_a_header_as_the_table_has_it_starts(account, call, head):
    account.put(_FILE, head)
    assert call(uploaded(_FILE))["outcome"] == "started"


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        ("b,a\n", "must begin with the header a,b, got b,a"),
        ("a;b\n", "must begin with the header a,b, got a;b"),
        ("a,b,c\n", "got a,b,c"),
        ("a\n", "got a."),
        ("1,2\n", "got 1,2"),
        (b"PAR1\x00", "must be a csv file"),
        ("a,ü\n".encode("cp1252"), "must be in UTF-8"),
    ],
)
def test_a_file_that_athena_would_misread_starts_nothing(account, call, head, rule):
    account.put(_FILE, head)
    assert call(uploaded(_FILE))["outcome"] == "refused"
    assert rule in account.notices[0]
    assert account.executions == []


def test_optional_columns_may_be_left_out_at_the_end(account, call):
    account.columns[1]["Comment"] = "category, optional"
    account.put(_FILE, "a\n")
    assert call(uploaded(_FILE))["outcome"] == "started"


def test_a_missing_table_is_said(account, call):
    account.table_kind = "none"
    assert call(uploaded(_FILE))["outcome"] == "refused"
    assert account.notices[0].startswith("There is no table housing.california")


def test_data_that_come_after_a_refusal_are_learned_from(account, call):
    del account.objects[DATA, _FILE]
    assert call({"trigger": "schedule"})["outcome"] == "refused"
    account.put(_FILE, "a,b\n")
    assert call(uploaded(_FILE))["outcome"] == "started"
    assert "CopyObject" not in account.calls


def test_a_table_of_parquet_takes_no_csv(account, call):
    account.table_kind = "parquet"
    assert call(uploaded(_FILE, 1))["outcome"] == "refused"
    account.put("input/data/training/a.parquet", b"PAR1\x00\xff")
    assert call(uploaded("input/data/training/a.parquet", 2))["outcome"] == "started"
