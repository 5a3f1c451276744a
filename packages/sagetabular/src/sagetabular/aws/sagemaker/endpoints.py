"""Deployed models, as their clients see them."""

from __future__ import annotations

from typing import Any

from sagetabular.aws.errors import code_of, explained


class ModelRefusalError(Exception):
    """A model has answered, but not with predictions.

    Attributes:
        status: Of its own HTTP answer.
        words: What it says.
    """

    def __init__(self, status: int, words: str) -> None:
        super().__init__(status, words)
        self.status = status
        self.words = words


class Endpoint:
    """An endpoint.

    Args:
        client: A boto3 client of the service `sagemaker-runtime`.
        name: Of the endpoint.
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def invoke(self, body: bytes, content_type: str, accept: str, attributes: str = "") -> bytes:
        """Return the predictions for the rows of a body.

        Args:
            body: The rows.
            content_type: Of the body.
            accept: The type of the answer.
            attributes: The custom attributes; none if this is empty.

        Raises:
            ModelRefusalError: The model does not take the rows, or fails.
            UserError: AWS refuses, or cannot be reached.
        """
        from botocore.exceptions import ClientError

        more = {"CustomAttributes": attributes} if attributes else {}
        with explained("SageMaker Runtime", f"InvokeEndpoint {self.name}"):
            try:
                answer = self._client.invoke_endpoint(
                    EndpointName=self.name,
                    Body=body,
                    ContentType=content_type,
                    Accept=accept,
                    **more,
                )
                return bytes(answer["Body"].read())
            except ClientError as err:
                if code_of(err) != "ModelError":
                    raise
                raise _refusal(err.response) from err


def _refusal(response: dict[str, Any]) -> ModelRefusalError:
    """Read the model's own answer; SageMaker gives it beside its own words."""
    words = response.get("OriginalMessage") or response["Error"]["Message"]
    return ModelRefusalError(int(response.get("OriginalStatusCode", 500)), str(words))
