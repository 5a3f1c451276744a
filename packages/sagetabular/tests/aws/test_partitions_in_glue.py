"""Partitions of a table in the Glue catalogue: in as few requests as there may be, or refused."""

from __future__ import annotations

import pytest

from sagetabular.aws.glue.partitions import Changes, Partitions
from sagetabular.aws.glue.table import GlueTable
from sagetabular.errors import UserError

HOME = "s3://the-bucket/test-project/lake/estate/sales/"


def test_a_hundred_partitions_at_once_are_all_that_glue_takes(aws):
    places = {(str(number),): f"{HOME}{number}/" for number in range(250)}
    table = GlueTable("estate", "sales", {"id": "bigint"}, HOME, HOME, partitions=places)
    aws.answer("glue", "get_partitions", {"Partitions": []})
    sizes = []
    aws.client("glue").meta.events.register(
        "provide-client-params.glue.BatchCreatePartition",
        lambda params, **_: sizes.append(len(params["PartitionInputList"])),
    )
    for _ in range(3):
        aws.answer("glue", "batch_create_partition")
    assert Partitions(aws.client("glue"), table).put() == Changes(250, 0, 0, 0)
    assert sizes == [100, 100, 50]


def test_a_single_partition_that_glue_refuses_is_told(aws):
    table = GlueTable("estate", "sales", {"id": "bigint"}, HOME, HOME, partitions={("a",): HOME})
    aws.answer("glue", "get_partitions", {"Partitions": []})
    detail = {"ErrorCode": "ResourceNumberLimitExceededException", "ErrorMessage": "too many"}
    fault = {"PartitionValues": ["a"], "ErrorDetail": detail}
    aws.answer("glue", "batch_create_partition", {"Errors": [fault]}, asked=None)
    with pytest.raises(UserError) as caught:
        Partitions(aws.client("glue"), table).put()
    assert caught.value.message == (
        "Glue refused BatchCreatePartition of a: ResourceNumberLimitExceededException: too many"
    )
