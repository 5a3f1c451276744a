"""The Lambda `start` under any order of events: no upload is forgotten, and nothing runs twice.

Calls of the Lambda overlap: between any two of its calls of AWS others run from beginning to end,
it is killed there, and Lambda tries again. At the end all events have been delivered.
"""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from started_account import StartedAccount, ended, in_account, uploaded

from sagetabular.lambdas import start

_KEY = "input/data/training/{}.csv"
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["upload", "again", "end", "others start"]),
        # After how many calls of AWS something comes between, and what.
        st.lists(
            st.tuples(st.integers(1, 9), st.sampled_from(["killed", "upload", "end"])), max_size=2
        ),
    ),
    min_size=1,
    max_size=8,
)


class _Killed(BaseException):
    """The Lambda is killed."""


class World:
    """An account, the events that are still to be delivered, and what happened when.

    Attributes:
        covered: Upload → how many executions had started before it.
    """

    def __init__(self) -> None:
        self.account = StartedAccount()
        self.pending: list[dict] = []
        self.covered: dict[str, int] = {}
        self.account.interrupt = self._between
        self.plain_start, self.account.start = self.account.start, self._start
        self.countdown: list[tuple[int, str]] = []
        self.depth = 0

    def upload(self) -> dict:
        key = _KEY.format(len(self.covered))
        self.account.put(key, "a,b\n")
        self.covered[key] = len(self.account.executions)
        return uploaded(key, len(self.covered))

    def end(self) -> None:
        for execution in self.account.executions:
            if execution["status"] == "Executing":
                execution["status"] = "Failed"
                self.pending.append(ended(execution["arn"], "Failed"))

    def deliver(self, event: dict, between=()) -> None:
        outer, self.countdown = self.countdown, list(between)
        try:
            start.handler(event, SimpleNamespace(aws_request_id="unused"))
        except _Killed:
            self.pending.append(event)
        finally:
            self.countdown = outer

    def _between(self, operation: str) -> None:
        self.countdown = [(left - 1, what) for left, what in self.countdown]
        due = [what for left, what in self.countdown if left == 0]
        self.countdown = [entry for entry in self.countdown if entry[0] > 0]
        for what in due:
            if what == "killed":
                raise _Killed
            if what == "end":
                self.end()
            elif self.depth < 2:
                self.depth += 1
                self.deliver(self.upload())
                self.depth -= 1

    def _start(self, request: dict) -> str:
        running = [one for one in self.account.executions if one["status"] == "Executing"]
        assert not running, "an execution was started beside another"
        return self.plain_start(request)

    def settle(self) -> None:
        """Deliver everything until nothing happens any more."""
        for _ in range(100):
            if not self.pending:
                self.end()
            if not self.pending:
                return
            self.deliver(self.pending.pop(0))
        raise AssertionError("it never ends")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(_STEPS)
def test_every_upload_is_followed_by_a_start_and_nothing_runs_twice(steps):
    world = World()
    with in_account(world.account):
        delivered: list[dict] = []
        for what, between in steps:
            if what == "end":
                world.end()
            elif what == "others start":
                world.plain_start()
            else:
                event = delivered[-1] if what == "again" and delivered else world.upload()
                delivered.append(event)
                world.deliver(event, between)
            if what == "end" and world.pending:
                world.deliver(world.pending.pop(0), between)
        world.settle()
    executions = world.account.executions
    for key, before in world.covered.items():
        later = [one for one in executions[before:] if "PipelineName" in one["request"]]
        assert later, f"{key} was not learned from"
    assert len(executions) <= 2 * len(world.covered) + len(steps)
    assert world.account.notices == []
