"""Starts the seed's build and answers CloudFormation."""

from __future__ import annotations

from typing import Any


def handler(event: dict[str, Any], context: Any) -> None:
    """Refuse: this is not the function yet."""
    raise RuntimeError("not yet", event, context)
