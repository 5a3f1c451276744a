"""The supervisor: runs one job as its child, and ends it when whoever asked for it is gone.

`sagelocal.processes.supervision` starts this file as a program, so it knows the standard library
alone. Standard input is a socket to that process, which the system closes when the process ends,
however it ends. It is answered with one line: the job's exit code, or why the job could not be
started.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading


def end_with(client: socket.socket) -> None:
    """Wait until the client is gone, then kill the whole process group, this process included."""
    client.recv(1)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Run the program that the arguments name."""
    client = socket.socket(fileno=0)
    asked = []
    # A request to end is sent to the whole group. It is for the job; this process ends after it.
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    try:
        job = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)  # noqa: S603 - its purpose
    except OSError as error:
        client.sendall(f"{error}\n".encode())
        return
    if asked:  # maybe before there was a job to hear it
        job.terminate()
    threading.Thread(target=end_with, args=[client], daemon=True).start()
    client.sendall(f"{job.wait()}\n".encode())


if __name__ == "__main__":
    main()
