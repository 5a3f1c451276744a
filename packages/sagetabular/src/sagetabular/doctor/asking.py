"""Questions to AWS whose answer may be that something is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.aws.refusals import code_of, explained

if TYPE_CHECKING:
    from collections.abc import Collection


def ask(
    client: Any, operation: str, absent: Collection[str] = (), **request: Any
) -> dict[str, Any] | None:
    """Ask one question.

    Args:
        client: A boto3 client.
        operation: Its method.
        absent: Codes of refusals that mean that something does not exist.
        request: What is asked.

    Returns:
        The answer; None where AWS says that it does not exist.

    Raises:
        UserError: AWS refuses otherwise, or cannot be reached.
    """
    from botocore.exceptions import ClientError

    with explained(*_names(client, operation)):
        try:
            return dict(getattr(client, operation)(**request))
        except ClientError as err:
            if code_of(err) in absent:
                return None
            raise


def ask_all(client: Any, operation: str, member: str, **request: Any) -> list[Any]:
    """Ask a question whose answer comes in pages; returns the entries of all.

    Args:
        client: A boto3 client.
        operation: Its method.
        member: Where an answer has its entries.
        request: What is asked.

    Raises:
        UserError: AWS refuses, or cannot be reached.
    """
    with explained(*_names(client, operation)):
        pages = client.get_paginator(operation).paginate(**request)
        return [entry for page in pages for entry in page.get(member, [])]


def _names(client: Any, operation: str) -> tuple[str, str]:
    """Service and action as AWS spells them."""
    return client.meta.service_model.service_id, client.meta.method_to_api_mapping[operation]
