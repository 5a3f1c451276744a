from __future__ import annotations

import random
import threading
import time

import pytest
from clocks import OwnClock
from waiting import NET_SECONDS, wait_until

from sagelocal.errors import SageLocalError
from sagelocal.processes import slots as slots_module
from sagelocal.processes.slots import Slots, usable_cores


def hold_all(slots: Slots, widths: list[int]) -> int:
    """Let every width be held by a thread of its own; return the most slots held at once."""
    lock, held, peaks = threading.Lock(), [0], [0]

    def run(width: int) -> None:
        with slots.hold(width):
            with lock:
                held[0] += min(width, slots.count)
                peaks.append(held[0])
            time.sleep(0.001)
            with lock:
                held[0] -= min(width, slots.count)

    threads = [threading.Thread(target=run, args=[width], daemon=True) for width in widths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(NET_SECONDS)
    assert not any(thread.is_alive() for thread in threads)
    return max(peaks)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_wide_and_narrow_jobs_never_wait_for_each_other_for_ever(count: int) -> None:
    rng = random.Random(count)
    widths = [rng.randint(1, 7) for _ in range(150)]
    assert hold_all(Slots(count), widths) == count


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> OwnClock:
    clock = OwnClock()
    monkeypatch.setattr(slots_module, "time", clock)
    return clock


def order_of(slots: Slots, asked: dict[str, Slots], **widths: int) -> list[str]:
    """While a slot is taken, let threads ask for slots one after the other; who got them when."""
    order: list[str] = []

    def run(name: str) -> None:
        with asked[name].hold(widths.get(name, 1)):
            order.append(name)

    threads = [threading.Thread(target=run, args=[name]) for name in asked]
    with slots.hold():
        for already, thread in enumerate(threads):
            thread.start()
            assert wait_until(lambda count=already + 1: len(slots._queue.waiting) == count)
        assert order == []
    for thread in threads:
        thread.join(NET_SECONDS)
    return order


def test_a_wide_job_is_not_overtaken() -> None:
    slots = Slots(2)
    asked = {"wide": slots, "narrow": slots}
    assert order_of(slots, asked, wide=2) == ["wide", "narrow"]


def test_the_search_with_the_longest_trials_goes_first_and_any_other_job_before_it(clock) -> None:
    slots = Slots(1)
    long, short = slots.for_trials(), slots.for_trials()
    for search, seconds in ((short, 0.01), (long, 0.1)):
        with search.hold():
            clock.advance(seconds)
    asked = {"short": short, "long": long, "long too": long, "fit": slots}
    assert order_of(slots, asked) == ["fit", "long", "long too", "short"]


def test_a_search_that_has_not_begun_does_not_wait_for_one_that_has(clock) -> None:
    slots = Slots(1)
    begun, new = slots.for_trials(), slots.for_trials()
    with begun.hold():
        clock.advance(0.05)
    assert order_of(slots, {"begun": begun, "new": new}) == ["new", "begun"]


def test_slots_are_given_back_by_a_job_that_fails() -> None:
    slots = Slots(2)
    for _ in range(3):
        with pytest.raises(ValueError, match="why"), slots.hold(2):
            raise ValueError("why")
    assert hold_all(slots, [1, 2]) == 2


def test_there_is_a_slot_for_each_core_and_never_none() -> None:
    assert Slots().count == usable_cores()
    with pytest.raises(SageLocalError, match="1 or more, got 0"):
        Slots(0)
