"""`pipeline data crawl`, against Glue's answers as botocore's own shapes."""

from __future__ import annotations

import boto3
import pytest

from sagetabular.aws.glue.crawling import Crawlers
from sagetabular.aws.waiting import LONGEST, SHORTEST
from sagetabular.errors import UserError

URI = "s3://raw/houses/sales"
NAME = "test-project-estate"
ROLE = "arn:aws:iam::123456789012:role/pipelines"
REQUEST = {
    "Name": NAME,
    "Role": ROLE,
    "DatabaseName": "estate",
    "Targets": {"S3Targets": [{"Path": URI}]},
    "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"},
}


@pytest.fixture
def pauses(monkeypatch):
    """Let no time pass while something is waited for."""
    found: list[float] = []
    monkeypatch.setattr("time.sleep", found.append)
    return found


def stands(aws, state, **last):
    crawler = {"Name": NAME, "State": state, **({"LastCrawl": last} if last else {})}
    aws.answer("glue", "get_crawler", {"Crawler": crawler}, {"Name": NAME})


def has_tables(aws, **locations):
    tables = [
        {"Name": name, "StorageDescriptor": {"Location": location}}
        for name, location in locations.items()
    ]
    aws.answer("glue", "get_tables", {"TableList": tables}, {"DatabaseName": "estate"})


def test_a_new_crawler_is_made_tagged_started_and_waited_for(pipeline, aws, deployable, pauses):
    deployable.change("conf/aws.yaml", "tags", {"team": "housing"})
    aws.knows_who_asks()
    aws.refuse("glue", "get_crawler", "EntityNotFoundException")
    aws.answer("glue", "create_crawler", asked={**REQUEST, "Tags": {"team": "housing"}})
    aws.answer("glue", "start_crawler", asked={"Name": NAME})
    for state in ("RUNNING", "STOPPING"):
        stands(aws, state)
    stands(aws, "READY", Status="SUCCEEDED")
    has_tables(aws, other="s3://raw/houses/sales2/", sales=f"{URI}/")
    ended = pipeline("data", "crawl", URI)
    assert (ended.code, ended.out) == (0, "sales\n"), ended
    assert ended.err.splitlines() == [
        "AWS account 123456789012, region eu-west-1",
        "As          arn:aws:iam::123456789012:user/me",
        f"Crawler     {NAME}",
        f"Role        {ROLE}",
        f"Reads       {URI}",
        "Database    estate",
        "Billed      by Glue for the hours that the crawler runs",
        f"Crawler {NAME} is created",
    ]
    assert pauses == [SHORTEST, SHORTEST * 1.5]


def test_a_crawler_of_the_name_is_brought_up_to_date_and_a_running_one_left(
    pipeline, aws, deployable, pauses
):
    aws.knows_who_asks()
    stands(aws, "READY")
    aws.answer("glue", "update_crawler", asked={**REQUEST, "Role": "arn:mine"})
    aws.answer("glue", "start_crawler")
    ended = pipeline("data", "crawl", URI, "--role", "arn:mine", "--no-wait")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.splitlines()[-3:] == [
        f"Crawler {NAME} is updated",
        f"It has started. To wait for its tables: pipeline data crawl {URI}",
        f"To look at it: aws glue get-crawler --region eu-west-1 --name {NAME}",
    ]
    aws.knows_who_asks()
    stands(aws, "RUNNING")
    aws.refuse("glue", "start_crawler", "CrawlerRunningException")
    ended = pipeline("data", "crawl", URI, "--no-wait")
    assert (ended.code, ended.err.splitlines()[-3]) == (0, f"Crawler {NAME} is running")


def test_a_failed_crawl_gives_its_reason(pipeline, aws, deployable, pauses):
    aws.knows_who_asks()
    stands(aws, "READY")
    aws.answer("glue", "update_crawler")
    aws.answer("glue", "start_crawler")
    log = {"LogGroup": "/aws-glue/crawlers", "LogStream": "stream-1"}
    stands(aws, "READY", Status="FAILED", ErrorMessage="no access\nto raw", **log)
    ended = pipeline("data", "crawl", URI)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-2:] == [
        f"Glue crawler {NAME} must succeed, got FAILED: no access to raw",
        "Its log is the stream stream-1 of /aws-glue/crawlers in CloudWatch.",
    ]


def test_a_folder_without_a_table_and_a_table_of_another_name_are_told(
    pipeline, aws, deployable, pauses
):
    def crawls(**tables):
        aws.knows_who_asks()
        stands(aws, "READY")
        aws.answer("glue", "update_crawler")
        aws.answer("glue", "start_crawler")
        stands(aws, "READY", Status="SUCCEEDED")
        has_tables(aws, **tables)
        return pipeline("data", "crawl", f"{URI}/")

    ended = crawls(other="s3://raw/houses/")
    assert ended.code == 2
    assert "no table of that folder is in the catalogue." in ended.err
    ended = crawls(houses_2026=URI)
    assert (ended.code, ended.out) == (0, "houses_2026\n")
    assert "data.table is sales; set it to houses_2026 to read this one." in ended.err


@pytest.mark.parametrize("uri", ["raw/houses", "s3://raw", "s3://Raw/houses", "s3://raw/a b"])
def test_what_is_no_folder_in_s3_is_a_mistake_before_aws_is_asked(pipeline, aws, deployable, uri):
    rule, _ = pipeline("data", "crawl", uri).mistake
    assert rule == f"The folder must be like s3://bucket/folder, got {uri!r}."
    assert not aws.asked


def test_however_long_it_takes_it_is_waited_for_and_passing_refusals_are_told(aws):
    said, pauses, connections = [], [], []

    def connect():
        connections.append(None)
        return boto3.client("glue")

    for _ in range(300):
        stands(aws, "RUNNING")
    aws.refuse("glue", "get_crawler", "ThrottlingException", "slowly")
    aws.refuse("glue", "get_crawler", "ExpiredTokenException", "sign in")
    stands(aws, "READY", Status="SUCCEEDED")
    Crawlers(connect, said.append, pauses.append).until_ended(NAME)
    assert len(pauses) == 302
    assert set(pauses[10:]) == {LONGEST}
    assert len(connections) == 3
    assert all("the crawler is not affected" in line for line in said)
    assert len(said) == 2


def test_a_refusal_that_will_not_pass_ends_the_waiting(aws):
    aws.refuse("glue", "get_crawler", "AccessDeniedException")
    with pytest.raises(UserError, match="AccessDenied"):
        Crawlers(lambda: boto3.client("glue"), print, print).until_ended(NAME)
    aws.refuse("glue", "get_crawler", "EntityNotFoundException")
    with pytest.raises(UserError, match="removed while it was waited for"):
        Crawlers(lambda: boto3.client("glue"), print, print).until_ended(NAME)
