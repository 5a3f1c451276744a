"""The Lambda that starts the pipeline: once for what comes together, and never beside itself."""

from __future__ import annotations

import re

import pytest
from botocore.exceptions import ClientError
from started_account import DATA, PARAMETERS, PIPELINE, ended, uploaded

_FILE = "input/data/training/a.csv"
_SCHEDULE = {"trigger": "schedule", "id": "one"}


def parameters_of(execution):
    """Return the values that an execution was started with."""
    return {one["Name"]: one["Value"] for one in execution["request"]["PipelineParameters"]}


def test_an_upload_starts_the_pipeline_with_the_accounts_values(account, call):
    account.put(_FILE, "a,b\n1,2\n")

    outcome = call(uploaded(_FILE))

    (execution,) = account.executions
    assert outcome == {"outcome": "started", "execution": execution["arn"]}
    assert parameters_of(execution) == {
        "RoleArn": "role",  # of `pipeline upsert`
        "ImageUri": "image",
        "Database": "housing",  # of the stacks
        "Table": "california",
        "Workgroup": "analysts",
    }
    assert execution["request"]["PipelineExecutionDescription"] == f"Started by data: {_FILE}"
    assert account.notices == []


def test_uploads_while_it_runs_become_one_execution_after_it(account, call):
    for name in "abc":
        account.put(f"input/data/training/{name}.csv", "a,b\n")
    outcomes = [
        call(uploaded(f"input/data/training/{name}.csv", number))["outcome"]
        for number, name in enumerate("abc")
    ]
    assert outcomes == ["started", "waiting", "waiting"]

    outcome = call(account.end())

    assert outcome["outcome"] == "started"
    assert len(account.executions) == 2
    assert call(account.end()) == {"outcome": "idle"}
    described = account.executions[1]["request"]["PipelineExecutionDescription"]
    assert described == "Started by data: input/data/training/b.csv, input/data/training/c.csv"


@pytest.mark.parametrize("again", ["while it runs", "when it has ended"])
def test_an_event_that_is_delivered_twice_starts_once(account, call, again):
    account.put(_FILE, "a,b\n")
    call(uploaded(_FILE))
    if again == "when it has ended":
        account.end()

    assert call({**uploaded(_FILE), "id": "another id of EventBridge's"})["outcome"] == "idle"
    assert len(account.executions) == 1


def test_a_request_of_lambdas_that_is_tried_again_counts_once(account, call):
    account.put(_FILE, "a,b\n")
    for _ in range(2):
        call({"trigger": "manual"}, request="the same")
        account.end()
    assert len(account.executions) == 1
    call({"trigger": "manual"}, request="another")
    assert len(account.executions) == 2


@pytest.mark.parametrize("status", ["Failed", "Stopped", "Succeeded", "CompletedWithFailures"])
def test_the_lock_of_an_execution_that_ended_in_any_way_is_taken_over(account, call, status):
    account.put(_FILE, "a,b\n")
    call(uploaded(_FILE, 1))
    account.end(status)  # its event is lost

    assert call(uploaded(_FILE, 2))["outcome"] == "started"


def test_the_lock_of_an_execution_that_is_gone_is_taken_over(account, call):
    account.put(_FILE, "a,b\n")
    call(uploaded(_FILE, 1))
    account.executions.clear()  # with its pipeline

    assert call(uploaded(_FILE, 2))["outcome"] == "started"


@pytest.mark.parametrize("status", ["Executing", "Stopping"])
def test_it_waits_for_executions_that_others_started(account, call, status):
    others = [account.start() for _ in range(4)]
    for place in range(1, 4):
        account.end("Failed", place)
    account.end(status, 0)  # the oldest, on a later page
    account.put(_FILE, "a,b\n")

    assert call(uploaded(_FILE)) == {"outcome": "waiting"}
    account.end("Succeeded", 0)
    assert call(ended(others[0]))["outcome"] == "started"


def test_an_event_tells_of_an_end_that_the_list_does_not_know_yet(account, call):
    account.put(_FILE, "a,b\n")
    call(uploaded(_FILE, 1))
    call(uploaded(_FILE, 2))

    assert call(ended(account.executions[0]["arn"]))["outcome"] == "started"


def test_a_schedule_starts_once_for_each_of_its_times(account, call):
    account.put(_FILE, "a,b\n")
    assert call(_SCHEDULE)["outcome"] == "started"
    account.end()
    assert call(_SCHEDULE)["outcome"] == "idle"
    assert call({**_SCHEDULE, "id": "two"})["outcome"] == "started"


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("input/data/training/", ""),
        ("input/data/training/_SUCCESS", "x"),
        ("input/data/training/.hidden", "x"),
        ("manifests/readme.md", "x"),
        ("input/data/training/gone.csv", None),
        ("manifests/gone.json", None),
    ],
)
def test_what_is_no_data_starts_nothing(account, call, key, content):
    account.put(_FILE, "a,b\n")
    if content is not None:
        account.put(key, content)
    assert call(uploaded(key)) == {"outcome": "ignored"}
    assert account.executions == account.notices == []


def test_another_bucket_starts_nothing(account, call):
    event = uploaded(_FILE)
    event["detail"]["bucket"]["name"] = "another"
    assert call(event) == {"outcome": "ignored"}


def test_an_unknown_event_is_refused(account, call):
    assert call({"source": "aws.health"})["outcome"] == "refused"
    assert "must be an upload" in account.notices[0]


@pytest.mark.parametrize("refusal", ["ValidationException", "ResourceNotFound"])
def test_what_sagemaker_refuses_is_said_and_holds_up_nobody(account, call, refusal):
    account.put(_FILE, "a,b\n")
    account.refusal = refusal
    assert call(uploaded(_FILE, 1))["outcome"] == "refused"
    assert refusal in account.notices[0]

    account.refusal = ""
    assert call(uploaded(_FILE, 2))["outcome"] == "started"


def test_a_permission_that_has_not_spread_yet_is_waited_for(account, call):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html: eventually consistent."""
    account.put(_FILE, "a,b\n")
    account.refusal = "AccessDeniedException"
    for _ in range(3):  # Lambda tries twice more
        with pytest.raises(ClientError, match="AccessDeniedException"):
            call(uploaded(_FILE, 1), request="the same")
    assert account.notices == []

    account.refusal = ""
    assert call({"trigger": "manual"})["outcome"] == "started"
    assert _FILE in account.executions[0]["request"]["PipelineExecutionDescription"]


@pytest.mark.parametrize(
    "name", ["x" * 998, "line\nbreak", "a\r\x00\x1b[31mb\x7f\x85\u2028c", "🌲" * 240]
)
def test_keys_of_any_length_and_letters_start(account, call, name):
    keys = [f"{_FILE[:21]}{number}{name}.csv" for number in range(4)]
    for number, key in enumerate(keys):
        account.put(key, "a,b\n")
        call(uploaded(key, number))
    account.end()

    assert call(ended(account.executions[0]["arn"]))["outcome"] == "started"

    description = account.executions[1]["request"]["PipelineExecutionDescription"]
    assert description.startswith(f"Started by data: {_FILE[:21]}1")
    assert description.isprintable()
    assert account.notices == []


def test_the_newest_that_runs_is_found_on_the_first_page(account, call):
    for place in range(9):
        account.start()
        if place < 8:
            account.end("Failed", place)
    account.put(_FILE, "a,b\n")

    assert call(uploaded(_FILE)) == {"outcome": "waiting"}
    assert account.calls.count("ListPipelineExecutions") == 1


def test_a_missing_pipeline_or_value_is_said(account, call):
    account.put(_FILE, "a,b\n")
    account.parameters = [*PARAMETERS, {"Name": "QueryUri", "Type": "String"}]
    assert call(uploaded(_FILE, 1))["outcome"] == "refused"
    assert account.notices[0].startswith(f"{PIPELINE} needs values of QueryUri.\nSet the variables")

    account.parameters = None
    for number, event in enumerate((uploaded(_FILE, 2), {"trigger": "schedule"}), start=1):
        assert call(event)["outcome"] == "refused"
        assert account.notices[number].startswith(f"There is no pipeline {PIPELINE}")

    account.parameters = list(PARAMETERS)
    assert call({"trigger": "manual"})["outcome"] == "started", "with what waited"
    assert _FILE in account.executions[0]["request"]["PipelineExecutionDescription"]


def test_a_pipeline_of_files_reads_the_lake(account, call):
    account.put(_FILE, "anything")
    account.parameters = [
        {"Name": "RoleArn", "Type": "String"},
        {"Name": "DataUri", "Type": "String"},
        {"Name": "Prefix", "Type": "String", "DefaultValue": "housing-prices"},
    ]
    call(uploaded(_FILE))
    wanted = {"RoleArn": "role", "DataUri": f"s3://{DATA}/input/data/training/"}
    assert parameters_of(account.executions[0]) == wanted


@pytest.mark.parametrize("pipeline", [PIPELINE, "p" * 256, "a" * 60 + "-" * 5 + "b" * 100])
def test_names_are_short_and_of_letters_digits_and_hyphens(account, call, monkeypatch, pipeline):
    monkeypatch.setenv("PIPELINE", pipeline)
    key = f"{pipeline}/start.json"
    account.put(key, '{"parameters": {"RoleArn": "r", "ImageUri": "i"}}', "the-artifacts")
    account.put(_FILE, "a,b\n")
    call({"trigger": "a" * 20})
    name = account.executions[0]["request"]["PipelineExecutionDisplayName"]
    # PipelineExecutionName of SageMaker's API.
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,81}", name)
    assert "--" not in name


class _KilledError(BaseException):
    """The Lambda is killed."""


def _kill(account, operation, after):
    """Kill the Lambda at a call that follows another one."""

    def killing(name):
        if name == operation and after in account.calls:
            raise _KilledError

    account.interrupt = killing


def test_a_start_that_was_not_written_down_is_found_by_its_token(account, call):
    account.put(_FILE, "a,b\n")
    _kill(account, "TransactWriteItems", after="StartPipelineExecution")
    with pytest.raises(_KilledError):
        call(uploaded(_FILE, 1))
    account.interrupt = lambda _: None
    assert call(uploaded(_FILE, 2)) == {"outcome": "waiting"}
    assert len(account.executions) == 1

    assert call(account.end())["outcome"] == "started", "the second upload, which waited"
    assert len(account.executions) == 2


def test_a_start_that_was_never_made_is_made_when_others_have_ended(account, call):
    account.put(_FILE, "a,b\n")
    _kill(account, "StartPipelineExecution", after="TransactWriteItems")
    with pytest.raises(_KilledError):
        call(uploaded(_FILE, 1))
    account.interrupt = lambda _: None
    account.start()  # by a person

    assert call(uploaded(_FILE, 2)) == {"outcome": "waiting"}
    assert call(account.end())["outcome"] == "started"
    assert call(account.end())["outcome"] == "started"
    assert len(account.executions) == 3
