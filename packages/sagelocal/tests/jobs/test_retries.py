from __future__ import annotations

import math
from typing import Any

import pytest

from sagelocal.jobs.retries import retry_limits

KILLED = ["SageMaker.JOB_INTERNAL_ERROR"]


def policy(**members: Any) -> dict[str, Any]:
    return {"ExceptionType": KILLED, **members}


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], (0, math.inf)),
        ([policy(MaxAttempts=3, IntervalSeconds=1, BackoffRate=2.0)], (3, math.inf)),
        ([policy()], (5, math.inf)),
        ([{"ExceptionType": ["SageMaker.CAPACITY_ERROR"], "MaxAttempts": 9}], (0, math.inf)),
        ([policy(MaxAttempts=2), policy(MaxAttempts=4)], (4, math.inf)),
        # Waits of 1, 2, 4, 8 and 16 s are 31 s together; the next one would end after 63.
        ([policy(ExpireAfterMin=1)], (5, 60)),
        ([policy(ExpireAfterMin=1, IntervalSeconds=20, BackoffRate=1)], (3, 60)),
        ([policy(ExpireAfterMin=1, IntervalSeconds=61)], (0, 60)),
        ([policy(ExpireAfterMin=14400, BackoffRate=1)], (20, 864000)),
    ],
)
def test_a_policy_says_how_often_and_for_how_long(policies, expected) -> None:
    assert retry_limits(policies) == expected
