"""Lists: pages, filters and orders, as the API has them for each list."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from building import ROLE, Build
from clients import fail

NAMES = ["Ab", "Ba", "a-c", "b", "aa"]


@pytest.fixture
def pipelines(client, build: Build) -> list[str]:
    """Return the names of pipelines, in the order in which they were created."""
    for name in NAMES:
        text = build.definition(fail()).decode()
        client.create_pipeline(PipelineName=name, PipelineDefinition=text, RoleArn=ROLE)
        time.sleep(0.002)  # times are noted to the millisecond
    return NAMES


def listed(client, **request) -> list[str]:
    found = client.list_pipelines(**request)["PipelineSummaries"]
    return [summary["PipelineName"] for summary in found]


def test_the_newest_pipeline_is_the_first(client, pipelines: list[str]) -> None:
    assert listed(client) == pipelines[::-1]
    assert listed(client, SortOrder="Ascending") == pipelines
    assert listed(client, SortBy="CreationTime", SortOrder="Ascending") == pipelines
    assert listed(client, SortBy="Name", SortOrder="Ascending") == sorted(pipelines)
    assert listed(client, SortBy="Name") == sorted(pipelines, reverse=True)


def test_pipelines_are_filtered(client, pipelines: list[str]) -> None:
    assert listed(client, PipelineNamePrefix="a", SortOrder="Ascending") == ["a-c", "aa"]
    third = client.describe_pipeline(PipelineName=pipelines[2])["CreationTime"]
    assert listed(client, CreatedAfter=third) == pipelines[:2:-1]
    assert listed(client, CreatedBefore=third, SortOrder="Ascending") == pipelines[:2]
    assert listed(client, CreatedBefore=datetime(2020, 1, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize("size", [1, 2, 5, 6])
@pytest.mark.parametrize("order", ["Ascending", "Descending"])
@pytest.mark.parametrize("by", ["Name", "CreationTime"])
def test_pages_have_every_pipeline_once(
    client, pipelines: list[str], size: int, order: str, by: str
) -> None:
    found, token = [], {}
    for _ in range(10):
        request = {"SortBy": by, "SortOrder": order, "MaxResults": size, **token}
        answer = client.list_pipelines(**request)
        assert 0 < len(answer["PipelineSummaries"]) <= size
        found += [summary["PipelineName"] for summary in answer["PipelineSummaries"]]
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert found == listed(client, SortBy=by, SortOrder=order)


def test_what_comes_between_two_pages_moves_nothing(client, create) -> None:
    for name in "abc":
        create(fail(), name=name)
        time.sleep(0.002)
    first = client.list_pipelines(MaxResults=1)
    create(fail(), name="d")
    client.delete_pipeline(PipelineName="c")
    rest = client.list_pipelines(NextToken=first["NextToken"])["PipelineSummaries"]
    assert [summary["PipelineName"] for summary in rest] == ["b", "a"]


def test_executions_are_listed_by_pipeline_time_and_order(client, create, run) -> None:
    create(fail())
    create(fail(), name="other")
    run("other")
    runs = []
    for _ in range(3):
        runs.append(run())
        time.sleep(0.002)
    arns = [found["PipelineExecutionArn"] for found in runs]
    pages = client.get_paginator("list_pipeline_executions").paginate(
        PipelineName="demo", PaginationConfig={"PageSize": 2}
    )
    summaries = [summary for page in pages for summary in page["PipelineExecutionSummaries"]]
    assert [summary["PipelineExecutionArn"] for summary in summaries] == arns[::-1]
    assert summaries[0]["PipelineExecutionStatus"] == "Failed"
    assert summaries[0]["PipelineExecutionFailureReason"] == runs[0]["FailureReason"]
    assert summaries[0]["StartTime"] == runs[2]["CreationTime"]
    # `PipelineName` may be the ARN.
    found = client.list_pipeline_executions(
        PipelineName=runs[0]["PipelineArn"],
        SortBy="PipelineExecutionArn",
        SortOrder="Ascending",
        CreatedAfter=runs[0]["CreationTime"],
        CreatedBefore=runs[2]["CreationTime"],
    )["PipelineExecutionSummaries"]
    assert [summary["PipelineExecutionArn"] for summary in found] == arns[1:2]


def test_steps_and_parameters_have_pages(client, create, run, build: Build) -> None:
    declared = [{"Name": name, "Type": "Boolean", "DefaultValue": True} for name in "XYZ"]
    create(build.processing("A"), build.processing("B"), fail(), declared=declared)
    arn = run()["PipelineExecutionArn"]
    steps = client.get_paginator("list_pipeline_execution_steps").paginate(
        PipelineExecutionArn=arn, SortOrder="Ascending", PaginationConfig={"PageSize": 1}
    )
    found = [step for page in steps for step in page["PipelineExecutionSteps"]]
    assert {step["StepName"] for step in found} == {"A", "B", "Stop"}
    assert [step["StartTime"] for step in found] == sorted(step["StartTime"] for step in found)
    parameters = client.get_paginator("list_pipeline_parameters_for_execution").paginate(
        PipelineExecutionArn=arn, PaginationConfig={"PageSize": 2}
    )
    values = [value for page in parameters for value in page["PipelineParameters"]]
    assert values == [{"Name": name, "Value": "true"} for name in "XYZ"]
