"""What the log says of health checks, and that it never stops the server."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from sagetabular.serving.formats.answers import Answer
from sagetabular.serving.http.access_log import AccessLog


def test_a_health_check_is_noted_when_its_answer_is_another_one(capfd) -> None:
    log = AccessLog()
    for status in (503, 503, 503, 200, 200, 500, 200, 200):
        log.request("GET", "/ping", 0, Answer(status, b""), 1.0)
    log.flush()
    noted = [json.loads(line)["status"] for line in capfd.readouterr().out.splitlines()]
    assert noted == [503, 200, 500, 200]


def test_health_checks_that_all_succeed_are_not_noted(capfd) -> None:
    log = AccessLog()
    for _ in range(5):
        log.request("GET", "/ping", 0, Answer(200, b"\n"), 1.0)
    log.flush()
    assert capfd.readouterr().out == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk to write to is Linux's")
def test_a_full_disk_below_the_log_does_not_stop_the_server(monkeypatch) -> None:
    log = AccessLog()
    with Path("/dev/full").open("wb") as full:
        with pytest.raises(OSError, match="No space left"):
            os.write(full.fileno(), b"x")
        monkeypatch.setattr(sys, "stdout", full)
        log.event("serving")
        log.request("POST", "/invocations", 3, Answer(200, b"1\n", rows=1), 1.0)
        log.flush()
