"""ministack with what it lacks for this repository: events of a SageMaker that runs beside it.

EventBridge refuses events in AWS's own name from everybody but AWS's services. Here SageMaker is
`sagelocal serve`, which sends its events with PutEvents; so those of `aws.sagemaker` are accepted.

It runs in the server's own environment: `python server.py`.
"""

from __future__ import annotations

from typing import Any

from ministack.app import main
from ministack.services import eventbridge

OWN = "aws.sagemaker"
plain_put = eventbridge._put_events


def put_events(request: dict[str, Any]) -> Any:
    """Take an event in SageMaker's name for one of its own."""
    entries = request.get("Entries", [])
    own = bool(entries) and all(entry.get("Source") == OWN for entry in entries)
    return plain_put(request, allow_aws_source=own)


if __name__ == "__main__":
    eventbridge._put_events = put_events
    main()
