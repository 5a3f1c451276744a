"""AWS as a Lambda sees it: each call is checked by botocore's own description of the service."""

from __future__ import annotations

import io
import json
import re
from collections import defaultdict, deque
from functools import cache
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.loaders import JSONFileLoader
from botocore.response import StreamingBody
from botocore.validate import ParamValidator


class AnsweredCalls:
    """Answers calls with what a test has put down, in that order; the last answer stays.

    Requests and answers must be what the service's description allows: names, types, and where it
    has them patterns and lengths.

    Attributes:
        calls: Operation and request of each call, in their order.
        keys: Operation and access key of each call.
    """

    def __init__(self) -> None:
        self._answers: dict[str, deque[Any]] = defaultdict(deque)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[tuple[str, str]] = []

    def answer(self, operation: str, *answers: Any) -> None:
        """Put down answers: mappings, or an error's code and words."""
        self._answers[operation].extend(answers)

    def forget(self, operation: str) -> None:
        """Take away the answers to an operation."""
        self._answers[operation].clear()

    def replace(self, operation: str, answer: Any) -> None:
        """Put down the one answer to the next calls of an operation."""
        self._answers[operation] = deque([answer])

    def of(self, operation: str) -> list[dict[str, Any]]:
        """Return the requests of an operation."""
        return [request for name, request in self.calls if name == operation]

    def patched(self, client: BaseClient, operation: str, request: dict[str, Any]) -> Any:
        """Answer in place of `BaseClient._make_api_call`."""
        model = client.meta.service_model.operation_model(operation)
        report = ParamValidator().validate(request, model.input_shape)
        problems = [*_broken(request, model.input_shape)]
        assert not report.has_errors(), f"{operation}: {report.generate_report()}"
        assert not problems, f"{operation}: {problems}"
        self.calls.append((operation, request))
        self.keys.append((operation, client._request_signer._credentials.access_key))
        waiting = self._answers[operation]
        assert waiting, f"Nobody expects {operation} {request}."
        found = waiting.popleft() if len(waiting) > 1 else waiting[0]
        if isinstance(found, tuple):
            code, words, *more = found
            extra = more[0] if more else {}
            raise ClientError({"Error": {"Code": code, "Message": words}} | extra, operation)
        if isinstance(found, bytes):
            found = {"Body": StreamingBody(io.BytesIO(found), len(found))}
        shape = model.output_shape
        unknown = found.keys() - (shape.members.keys() if shape else set())
        assert not unknown, f"{operation} answers no {unknown}."
        return found


def read_descriptions_once(patch: Any) -> None:
    """Read each description of a service once: a session of its own would read it again."""
    read = cache(JSONFileLoader().load_file)
    patch.setattr(JSONFileLoader, "load_file", lambda _loader, path: read(path))


def _broken(value: Any, shape: Any) -> list[str]:
    """Return texts and names that break a pattern, a length or an enumeration of the service."""
    if shape.type_name == "structure":
        return [
            problem
            for name, entry in value.items()
            for problem in _broken(entry, shape.members[name])
        ]
    if shape.type_name == "list":
        return [problem for entry in value for problem in _broken(entry, shape.member)]
    if shape.type_name == "map":
        pairs = [(key, shape.key) for key in value] + [
            (entry, shape.value) for entry in value.values()
        ]
        return [problem for entry, part in pairs for problem in _broken(entry, part)]
    if shape.type_name != "string":
        return []
    rules = shape.metadata
    # Patterns are Java's.
    pattern = rules.get("pattern", ".*").replace(r"\p{ASCII}", r"[\x00-\x7f]")
    fits = (
        re.fullmatch(pattern, value, re.DOTALL)
        and rules.get("min", 0) <= len(value) <= rules.get("max", len(value))
        and (not rules.get("enum") or value in rules["enum"])
    )
    return [] if fits else [f"{shape.name}: {value[:80]!r}"]


def job(parameters: dict[str, Any] | None = None, token: str | None = None) -> dict[str, Any]:
    """Return the event of a CodePipeline action.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html
    """
    configuration = {"FunctionName": "sagemaker-housing-dev-smoke-test"}
    if parameters is not None:
        configuration["UserParameters"] = json.dumps(parameters)
    data: dict[str, Any] = {
        "actionConfiguration": {"configuration": configuration},
        "inputArtifacts": [],
        "outputArtifacts": [],
        "artifactCredentials": {"accessKeyId": "a", "secretAccessKey": "b", "sessionToken": "c"},
    }
    if token:
        data["continuationToken"] = token
    identifier = "11111111-abcd-1111-abcd-111111abcdef"
    return {"CodePipeline.job": {"id": identifier, "accountId": "123456789012", "data": data}}
