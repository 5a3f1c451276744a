"""Delivery of events: one after the other, to a server that need not be there."""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sagelocal.aws import make_client
from sagelocal.files import JsonObject

_SOURCE = "aws.sagemaker"
# How long an endpoint that ends waits for what has not been sent, in seconds.
_PATIENCE = 20.0


class EventBridge:
    """Sends events in their order, from a thread of its own, so that nothing waits for it.

    Args:
        url: The server; None sends nothing.
        region: The region whose bus they go to.

    Raises:
        SageLocalError: If the URL is none.
    """

    def __init__(self, url: str | None, region: str) -> None:
        self._url = url
        self._client: Any = None if url is None else make_client("events", url, region)
        self._waiting: queue.SimpleQueue[JsonObject | None] = queue.SimpleQueue()
        self._silent = False
        self._thread = threading.Thread(target=self._send_all, name="events", daemon=True)
        if url is not None:
            self._thread.start()

    def send(self, kind: str, detail: JsonObject, resources: Sequence[str]) -> None:
        """Send an event, soon.

        Args:
            kind: Its `detail-type`.
            detail: What it says.
            resources: The ARNs that it is about.
        """
        if self._url is not None:
            self._waiting.put(
                {
                    "Time": datetime.now(UTC),
                    "Source": _SOURCE,
                    "DetailType": kind,
                    "Detail": json.dumps(detail),
                    "Resources": list(resources),
                }
            )

    def close(self) -> None:
        """Wait until all events are sent, or for a while."""
        if self._url is not None:
            self._waiting.put(None)
            self._thread.join(_PATIENCE)

    def _send_all(self) -> None:
        while (entry := self._waiting.get()) is not None:
            try:
                # One by one: their order is kept, and no limit of a batch is reached.
                answer = self._client.put_events(Entries=[entry])
            except (BotoCoreError, ClientError) as error:
                self._say(str(error))
                continue
            refused = [e for e in answer.get("Entries", []) if e.get("ErrorCode")]
            if refused:
                self._say(f"{refused[0]['ErrorCode']}: {refused[0].get('ErrorMessage', '')}")
            else:
                self._silent = False

    def _say(self, reason: str) -> None:
        """Say once that events are lost, until one has been sent again."""
        if not self._silent:
            self._silent = True
            print(
                f"Events cannot be sent to {self._url}: {reason.rstrip('.')}.\n"
                "Executions go on without; start that server, or leave --events out.",
                file=sys.stderr,
                flush=True,
            )
