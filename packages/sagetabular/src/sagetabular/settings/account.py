"""Parts of `conf/aws.yaml`: network, keys, isolation and tags of every job.

Subnets, security groups and keys are named by environment variables, each of which becomes a
pipeline parameter without a default: a definition holds no account's values. Where an id is the
same for everybody, it can stand there itself.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from sagetabular.settings.loading import RuleError, Settings
from sagetabular.settings.reading import shown

if TYPE_CHECKING:
    from collections.abc import Callable

_SIGNS = frozenset("_.:/=+-@")
# Letters, numbers and separators, as Unicode calls them.
_CATEGORIES = ("L", "N", "Z")
# No id looks like this: those of networks have a hyphen, and so have keys, or a colon or slash.
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


def _check_signs(value: str) -> str:
    for sign in value:
        if sign not in _SIGNS and not unicodedata.category(sign).startswith(_CATEGORIES):
            msg = f"must not hold the sign {sign!r}, got {shown(value)}."
            raise RuleError(msg, "Tags are made of letters, digits, spaces and _ . : / = + - @.")
    return value


def _check_key(value: str) -> str:
    if value.lower().startswith("aws:"):
        msg = f"must not have a tag {shown(value)}: AWS keeps the prefix for itself."
        raise RuleError(msg, "Give it another name.")
    return value


TagKey = Annotated[
    str,
    Field(min_length=1, max_length=128),
    AfterValidator(_check_signs),
    AfterValidator(_check_key),
]
TagValue = Annotated[str, Field(max_length=256), AfterValidator(_check_signs)]
Tags = dict[TagKey, TagValue]


def is_variable(value: str) -> bool:
    """Return whether a value names an environment variable, and is not the id itself."""
    return _VARIABLE.fullmatch(value) is not None


def _id(pattern: str, example: str) -> AfterValidator:
    def check(value: str) -> str:
        if not is_variable(value) and not re.fullmatch(pattern, value, re.ASCII):
            msg = f"must be an environment variable or an id like {example}, got {shown(value)}."
            raise RuleError(msg, "Write it like SUBNET_A: upper case, digits and underscores.")
        return value

    return AfterValidator(check)


def _distinct(what: str) -> Callable[[list[str]], list[str]]:
    def check(values: list[str]) -> list[str]:
        for position, value in enumerate(values):
            if value in values[:position]:
                msg = f"lists the {what} {shown(value)} twice."
                raise RuleError(msg, "Keep one of them.")
        return values

    return check


Subnet = Annotated[str, _id(r"subnet-[0-9a-f]{1,25}", "subnet-0a1b2c3d")]
SecurityGroup = Annotated[str, _id(r"sg-[0-9a-f]{1,29}", "sg-0a1b2c3d")]
Key = Annotated[str, _id(r"(?=.*[-:/])[a-zA-Z0-9:/_-]{1,2048}", "alias/jobs")]


class Network(Settings):
    """The VPC that all jobs run in, and the models that they make.

    How many there are is part of the definition, since no parameter can hold a list.
    """

    subnets: Annotated[
        list[Subnet], Field(min_length=1, max_length=16), AfterValidator(_distinct("subnet"))
    ]
    security_groups: Annotated[
        list[SecurityGroup],
        Field(min_length=1, max_length=5),
        AfterValidator(_distinct("security group")),
    ]


class Encryption(Settings):
    """Keys and encryption of the jobs.

    Attributes:
        volume_key: Encrypts the disks of the jobs; AWS's own key if left out.
        output_key: Encrypts what the jobs write to S3, and the descriptions of model versions.
        traffic: Whether the hosts of one job encrypt what they send each other; if left out, those
            of Training and Tuning do.
    """

    volume_key: Key | None = None
    output_key: Key | None = None
    traffic: bool | None = None


class Isolation(Settings):
    """Classes of steps that are cut off from the network; a step may say otherwise.

    The project's own jobs cannot be set: Ingest and Track call services, the others need none.
    """

    process: bool = True
    train: bool = True
    tune: bool = True
    fit: bool = True
    evaluate: bool = True
    create: bool = True

    def of(self, class_name: str) -> bool:
        """Return whether the steps of a class are cut off."""
        return bool(dict(self)[class_name])
