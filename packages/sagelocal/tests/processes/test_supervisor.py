"""The supervisor of a job, as the program that it is."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from sagelocal.processes import supervisor

# Asks the supervisor to end in the very moment before it starts the job.
ASKING = """
import os, runpy, signal, subprocess, sys
start = subprocess.Popen
def asked_and_start(*arguments, **options):
    os.kill(os.getpid(), signal.SIGTERM)
    return start(*arguments, **options)
subprocess.Popen = asked_and_start
program, sys.argv = sys.argv[1], sys.argv[1:]
runpy.run_path(program, run_name="__main__")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no supervisor on Windows")
def test_a_job_hears_a_request_to_end_that_came_before_it_was_started() -> None:
    job = [sys.executable, "-c", "import time; time.sleep(600)"]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", ASKING, supervisor.__file__, *job],
            stdin=theirs.fileno(),
            start_new_session=True,
        )
        theirs.close()
        ours.settimeout(60)
        assert ours.recv(100) == b"-15\n"
        assert process.wait(timeout=60) == 0
