"""`aws` of a build on the local server: calls that the seed makes, checked by botocore's models.

S3 is the server's. CodeCommit is not: a pull request is noted in PULL_REQUESTS.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

NO_PARAMETERS = ("--output", "--region")
READERS: dict[str, Callable[[str], Any]] = {
    "blob": lambda path: Path(path).read_bytes(),
    "integer": int,
}


def main(words: list[str]) -> int:
    """Make a call and print what is answered."""
    service = {"s3api": "s3"}.get(words[0], words[0])
    client = boto3.client(service)
    name = next(
        each
        for each in client.meta.service_model.operation_names
        if xform_name(each, "-") == words[1]
    )
    shape = client.meta.service_model.operation_model(name).input_shape
    parameters = read(words[2:], shape)
    if service == "codecommit":
        validate_parameters(parameters, shape)
        return note(parameters)
    try:
        answer = getattr(client, xform_name(name))(**parameters)
    except ClientError as error:
        print(error, file=sys.stderr)
        return 254
    print(json.dumps(answer, default=str))
    return 0


def read(words: list[str], shape: Any) -> dict[str, Any]:
    """Return the parameters that options name."""
    members = {f"--{xform_name(name, '-')}": (name, each) for name, each in shape.members.items()}
    found: dict[str, Any] = {}
    words = [word for word in words if word != "--no-paginate"]
    for option, value in zip(words[::2], words[1::2], strict=True):
        if option == "--cli-input-json":
            found |= json.loads(value)
        elif option not in NO_PARAMETERS:
            name, member = members[option]
            read_value = READERS.get(member.type_name, str)
            found[name] = read_value(value)
    return found


def note(parameters: dict[str, Any]) -> int:
    """Note a pull request and answer as CodeCommit does."""
    place = Path(os.environ["PULL_REQUESTS"])
    with place.open("a", encoding="utf-8") as log:
        print(json.dumps(parameters), file=log)
    print(json.dumps({"pullRequest": {"pullRequestId": "1"}}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
