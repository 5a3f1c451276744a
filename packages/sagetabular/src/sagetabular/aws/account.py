"""Somebody's account in one region."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sagetabular.aws.errors import explained
from sagetabular.errors import UserError

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
        number: Of the account that it must be, if it must be one.
        stage: Of `conf/aws.yaml`, which says so.
    """

    def __init__(self, region: str, number: str | None = None, stage: str | None = None) -> None:
        self.region = region
        self._number = number
        self.stage = stage

    @property
    def place(self) -> str:
        """Region and stage, as they are told."""
        return f"region {self.region}{f', stage {self.stage}' if self.stage else ''}"

    def client(self, service: str) -> Any:
        """Return a boto3 client of a service.

        Raises:
            UserError: The AWS configuration is broken, or it is another account.
        """
        if self._number is not None:
            self.identity  # noqa: B018  # nothing is asked of an account that is another one
        return self._client(service)

    def _client(self, service: str) -> Any:
        import boto3
        from botocore.config import Config

        retries = _IMPATIENT if service == "sts" else _RETRIES
        with explained(service, "open a session"):
            return boto3.client(service, region_name=self.region, config=Config(retries=retries))

    @cached_property
    def identity(self) -> Identity:
        """The caller.

        Raises:
            UserError: There are no credentials, they are not valid, or of another account than
                `conf/aws.yaml` names.
        """
        with explained("STS", "GetCallerIdentity"):
            answer = self._client("sts").get_caller_identity()
        found = Identity(str(answer["Account"]), str(answer["Arn"]))
        if self._number not in (None, found.account):
            field = f"stages.{self.stage}.account" if self.stage else "account"
            msg = f"conf/aws.yaml: {field} is {self._number}, but the credentials are of "
            raise UserError(
                f"{msg}{found.account}: {found.arn}.",
                "Sign in to that account, for example with AWS_PROFILE, or name another stage.",
            )
        return found
