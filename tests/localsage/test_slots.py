from __future__ import annotations

import random
import threading
import time

import pytest

from localsage.errors import LocalSageError
from localsage.slots import Slots, usable_cores


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
        thread.join(timeout=20)
    assert not any(thread.is_alive() for thread in threads)
    return max(peaks)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_wide_and_narrow_jobs_never_wait_for_each_other_for_ever(count: int) -> None:
    rng = random.Random(count)
    widths = [rng.randint(1, 7) for _ in range(150)]
    assert hold_all(Slots(count), widths) == count


def test_a_wide_job_is_not_overtaken() -> None:
    slots, order = Slots(2), []

    def run(name: str, width: int) -> None:
        with slots.hold(width):
            order.append(name)

    threads = []
    with slots.hold():
        for name, width in [("wide", 2), ("narrow", 1)]:
            threads.append(threading.Thread(target=run, args=[name, width]))
            threads[-1].start()
            time.sleep(0.1)
        assert order == []
    for thread in threads:
        thread.join(timeout=10)
    assert order == ["wide", "narrow"]


def test_slots_are_given_back_by_a_job_that_fails() -> None:
    slots = Slots(2)
    for _ in range(3):
        with pytest.raises(ValueError, match="why"), slots.hold(2):
            raise ValueError("why")
    assert hold_all(slots, [1, 2]) == 2


def test_there_is_a_slot_for_each_core_and_never_none() -> None:
    assert Slots().count == usable_cores()
    with pytest.raises(LocalSageError, match="1 or more, got 0"):
        Slots(0)
