"""A job that is stopped cancels the query that Athena runs for it.

The first process of a container gets no default treatment of signals: without a handler, SIGTERM
would be ignored, and Athena would go on, and bill, after SageMaker has killed the job.
"""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sagetabular.jobs.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    import boto3

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def cancelled_when_stopped(session: boto3.Session) -> Iterator[None]:
    """Run a block that asks Athena through a session; SIGTERM and SIGINT end it.

    The query that it has started by then is cancelled and has ended afterwards, so that what it
    has written can be removed. A second signal finds the handlers that were there before.

    Args:
        session: One that has made no client of Athena's yet.

    Raises:
        StoppedError: A signal came.
    """
    running = _Running(session)
    before = [signal.signal(number, running.stop) for number in _SIGNALS]
    try:
        yield
    except StoppedError:
        _restore(before)
        running.cancel()
        raise
    finally:
        _restore(before)


def _restore(handlers: list[Any]) -> None:
    for number, handler in zip(_SIGNALS, handlers, strict=True):
        signal.signal(number, handler)


class _Running:
    """The query that was started last through a session."""

    def __init__(self, session: boto3.Session) -> None:
        self._session = session
        self._query: str | None = None
        self._starts, self._pending = False, 0
        for event, listener in {
            "before-call": self._starting,
            "after-call": self._started,
            "after-call-error": self._not_started,
        }.items():
            session.events.register(f"{event}.athena.StartQueryExecution", listener)

    def stop(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal: at once, unless a query starts whose name is not known yet."""
        if self._starts:
            self._pending = number
            return
        raise StoppedError(number)

    def cancel(self) -> None:
        """Cancel the query, and wait until it writes no more; an error on the way is printed."""
        import awswrangler
        from botocore.exceptions import BotoCoreError, ClientError

        if self._query is None:
            return
        athena, ended = awswrangler.athena, awswrangler.exceptions
        try:
            athena.stop_query_execution(self._query, boto3_session=self._session)
            athena.wait_query(self._query, boto3_session=self._session)
        except (ended.QueryCancelled, ended.QueryFailed):
            print(f"Query {self._query} in Athena is cancelled.", file=sys.stderr, flush=True)
        except (BotoCoreError, ClientError) as error:
            print(f"Query {self._query} in Athena may still run: {error}", file=sys.stderr)

    def _starting(self, **_event: Any) -> None:
        self._starts = True

    def _started(self, parsed: dict[str, Any], **_event: Any) -> None:
        self._query = parsed.get("QueryExecutionId")  # None where Athena has refused
        self._not_started()

    def _not_started(self, **_event: Any) -> None:
        self._starts = False
        if self._pending:
            raise StoppedError(self._pending)
