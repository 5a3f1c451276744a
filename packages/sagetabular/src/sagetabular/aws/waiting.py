"""Waiting for an execution, however long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.aws.errors import EXPIRED, code_of
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagetabular.aws.sagemaker.executions import Execution, Executions, ExecutionStep

# Seconds between two looks: the first while something happens, the second when nothing does.
SHORTEST, LONGEST = 5.0, 60.0
_GROWTH = 1.5
# Refusals that pass; a refusal of another kind ends the waiting.
_PASSING = (
    "InternalFailure", "InternalServerError", "RequestLimitExceeded", "RequestTimeout",
    "ServiceUnavailable", "SlowDown", "Throttling", "ThrottlingException",
    "TooManyRequestsException",
)  # fmt: skip


class Waiting:
    """Looks at an execution until it has ended.

    Args:
        connect: Opens the pipeline's executions; called again when credentials have expired, so
            that signing in anew elsewhere is enough.
        tell: Hears of every step that starts or ends, and of looks that failed.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        connect: Callable[[], Executions],
        tell: Callable[[str], None],
        sleep: Callable[[float], None],
    ) -> None:
        self._connect = connect
        self._tell = tell
        self._sleep = sleep
        self._executions = connect()
        self._seen: dict[str, str] = {}

    def until_ended(self, arn: str) -> Execution:
        """Wait; no time is too long, and a look that fails in passing is repeated.

        Raises:
            UserError: AWS refuses in a way that will not pass.
        """
        pause = SHORTEST / _GROWTH
        while True:
            execution, moved = self._look(arn)
            if execution is not None and not execution.runs:
                return execution
            pause = SHORTEST if moved else min(pause * _GROWTH, LONGEST)
            self._sleep(pause)

    def _look(self, arn: str) -> tuple[Execution | None, bool]:
        """Return how the execution stands, if that can be seen now, and whether a step moved."""
        try:
            execution = self._executions.describe(arn)
            return execution, self._tell_changes(self._executions.steps(arn))
        except UserError as refusal:
            if not passes(refusal.__cause__):
                raise
            self._tell(f"{refusal.message} Looking again; the execution is not affected.")
            if code_of(refusal.__cause__) in EXPIRED:
                self._executions = self._connect()
            return None, False

    def _tell_changes(self, steps: list[ExecutionStep]) -> bool:
        moved = False
        for step in steps:
            if self._seen.get(step.name) == step.status:
                continue
            self._seen[step.name], moved = step.status, True
            more = ": reused" if step.reused_from else f": {step.outcome}" if step.outcome else ""
            reason = f": {step.reason}" if step.reason else more
            self._tell(f"{step.name} {step.status.lower()}{reason}")
        return moved


def passes(cause: BaseException | None) -> bool:
    """Return whether a refusal is no answer to the question, and may be another one later."""
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

    if isinstance(cause, ClientError):
        server = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
        return server or code_of(cause) in (*_PASSING, *EXPIRED)
    return isinstance(cause, ConnectionError | HTTPClientError)
