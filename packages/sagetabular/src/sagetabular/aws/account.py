"""Somebody's account in one region."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sagetabular.aws.errors import explained

# The SDK's own patience: throttled requests slow down instead of failing.
_RETRIES = {"total_max_attempts": 8, "mode": "adaptive"}
# The first question of all: without a network its error comes in a second, not in a minute.
_IMPATIENT = {"total_max_attempts": 2, "mode": "standard"}


@dataclass(frozen=True)
class Identity:
    """The caller: the number of the account, and the user or role in it."""

    account: str
    arn: str


class Account:
    """The account whose credentials the environment holds.

    Args:
        region: Where its services are asked.
    """

    def __init__(self, region: str) -> None:
        self.region = region

    def client(self, service: str) -> Any:
        """Return a boto3 client of a service.

        Raises:
            UserError: The AWS configuration is broken.
        """
        import boto3
        from botocore.config import Config

        retries = _IMPATIENT if service == "sts" else _RETRIES
        with explained(service, "open a session"):
            return boto3.client(service, region_name=self.region, config=Config(retries=retries))

    @cached_property
    def identity(self) -> Identity:
        """The caller.

        Raises:
            UserError: There are no credentials, or they are not valid.
        """
        with explained("STS", "GetCallerIdentity"):
            answer = self.client("sts").get_caller_identity()
        return Identity(str(answer["Account"]), str(answer["Arn"]))
