"""A fake `aws`: checks what it is asked by botocore's models; objects are files of a folder.

It is a program of its own, found by the path: the code under test calls the command line.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import botocore.session
from botocore import xform_name
from botocore.validate import ParamValidator

SERVICES = {"s3api": "s3", "codecommit": "codecommit"}
# Of the command line itself: option → whether a value follows.
GLOBAL = {"output": True, "region": True, "no-paginate": False}
PROGRAM = '#!/bin/sh\nexec "{python}" "{file}" "$@"\n'
FOLDER, LOG, FAILING = "AWS_PROGRAM_FOLDER", "AWS_PROGRAM_LOG", "AWS_PROGRAM_FAILING"


def install(programs: Path) -> None:
    """Put it among programs."""
    program = programs / "aws"
    program.write_text(PROGRAM.format(python=sys.executable, file=__file__), encoding="utf-8")
    program.chmod(0o755)


def calls(log: Path) -> list[dict[str, Any]]:
    """Return what it was asked: service, operation, parameters."""
    if not log.exists():
        return []
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def main(words: list[str]) -> None:
    """Answer as the command line does; an operation named by AWS_PROGRAM_FAILING is denied."""
    service, command, *rest = words
    if (service, command) == ("codecommit", "credential-helper"):
        print("username=user\npassword=secret")
        return
    session = botocore.session.get_session()
    model = session.get_service_model(SERVICES[service])
    operation = next(name for name in model.operation_names if dashed(name) == command)
    given = parsed(rest, model.operation_model(operation).input_shape)
    with Path(os.environ[LOG]).open("a", encoding="utf-8") as log:
        shown = {name: value for name, value in given.items() if name != "Body"}
        print(json.dumps({"service": service, "operation": operation, **shown}), file=log)
    if command in os.environ.get(FAILING, "").split(","):
        fail(operation, "AccessDenied", "User: seed is not authorized to perform this")
    answers = {"PutObject": put, "ListObjectsV2": listed, "CreatePullRequest": requested}
    print(json.dumps(answers[operation](given)))


def dashed(name: str) -> str:
    """Return a name of the model as the command line has it."""
    return str(xform_name(name, "-"))


def parsed(words: list[str], shape: Any) -> dict[str, Any]:
    """Return the parameters, which the model must allow."""
    members = {dashed(name): name for name in shape.members}
    given: dict[str, Any] = {}
    while words:
        option = words.pop(0).removeprefix("--")
        if option in GLOBAL:
            del words[: GLOBAL[option]]
        elif option == "cli-input-json":
            given |= json.loads(words.pop(0))
        else:
            given[members[option]] = value(words.pop(0), shape.members[members[option]])
    report = ParamValidator().validate(given, shape)
    if report.has_errors():
        sys.exit(f"Parameter validation failed: {report.generate_report()}")
    return given


def value(word: str, shape: Any) -> Any:
    """Return a word in the type that the model wants."""
    if shape.type_name == "blob":
        return Path(word).read_bytes()
    if shape.type_name in ("integer", "long", "list", "structure", "map", "boolean"):
        return json.loads(word)
    return word


def place(bucket: str) -> Path:
    """Return the folder of a bucket, which must be there."""
    folder = Path(os.environ[FOLDER]) / bucket
    if not folder.is_dir():
        fail("ListObjectsV2", "NoSuchBucket", "The specified bucket does not exist")
    return folder


def put(given: dict[str, Any]) -> dict[str, Any]:
    """Write an object."""
    file = place(given["Bucket"]) / quote(given["Key"], safe="")
    if given.get("IfNoneMatch") == "*" and file.exists():
        fail("PutObject", "PreconditionFailed", "At least one of the pre-conditions did not hold")
    file.write_bytes(given["Body"])
    return {"ETag": '"0"'}


def listed(given: dict[str, Any]) -> dict[str, Any]:
    """List objects, as S3 does: without Contents where there is none."""
    keys = sorted(unquote(file.name) for file in place(given["Bucket"]).iterdir())
    keys = [key for key in keys if key.startswith(given.get("Prefix", ""))]
    return {"Contents": [{"Key": key} for key in keys]} if keys else {}


def requested(given: dict[str, Any]) -> dict[str, Any]:
    """Make a pull request."""
    return {"pullRequest": {"pullRequestId": "1", "title": given["title"]}}


def fail(operation: str, code: str, message: str) -> None:
    """End as the command line does for an error of AWS (exit code 254)."""
    print(
        f"\nAn error occurred ({code}) when calling the {operation} operation: {message}",
        file=sys.stderr,
    )
    sys.exit(254)


if __name__ == "__main__":
    main(sys.argv[1:])
