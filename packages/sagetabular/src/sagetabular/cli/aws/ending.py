"""The end of an execution on AWS, with the exit codes of one on this machine."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import typer

from sagetabular.aws.sagemaker.executions import first_failure
from sagetabular.aws.waiting import Waiting
from sagetabular.cli.terminal.output import GATE, INTERRUPTED, USER_ERROR, say

if TYPE_CHECKING:
    from sagetabular.aws.deploying import Started
    from sagetabular.aws.sagemaker.executions import Execution, Executions, ExecutionStep

# A job of ours that ended because of settings or data; SageMaker puts the code behind the reason.
_USER_ERROR = re.compile(rf"exit code:? {USER_ERROR}\b")


def wait_for(started: Started) -> Execution:
    """Wait until an execution has ended, however long that takes; a line for every step.

    Raises:
        UserError: AWS refuses in a way that will not pass.
        typer.Exit: Ctrl-C; the execution goes on.
    """
    begin = time.monotonic()

    def tell(text: str) -> None:
        say(f"{(time.monotonic() - begin) / 60:7.1f} min  {text}")

    try:
        return Waiting(started.connect, tell, time.sleep).until_ended(started.arn)
    except KeyboardInterrupt:
        say(f"\nThe execution goes on. End it with `pipeline stop {started.id}`.")
        raise typer.Exit(INTERRUPTED) from None


def failure_exit_of(executions: Executions, execution: Execution) -> None:
    """End with the exit code that an execution's end asks for; its reason goes to standard error.

    Raises:
        typer.Exit: The execution did not succeed.
    """
    if execution.status == "Succeeded":
        return
    step = first_failure(executions.steps(execution.arn))
    reason = execution.reason or (step.reason if step else "")
    say(f"{execution.status}: {reason}" if reason else execution.status)
    if execution.status == "Stopped":
        raise typer.Exit(INTERRUPTED)
    code = _code(step)
    if step is not None and code != GATE:
        say(f"Read `pipeline logs {execution.id} {step.name} --on aws`.")
    raise typer.Exit(code)


def _code(step: ExecutionStep | None) -> int:
    if step is None:
        return 1
    if step.kind == "Fail":
        return GATE
    return USER_ERROR if _USER_ERROR.search(step.reason) else 1
