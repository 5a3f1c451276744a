"""The fork server: a process that has loaded the libraries of a job, and forks a child for each.

`sagelocal.forking.client` starts this folder as a program, so it knows the standard library alone.
The server has one thread, since a child inherits every lock but only the thread that forked.

Only libraries are loaded by the server itself: a job's own code runs in its child, so nothing of it
stays behind. The one exception is asked for by the job's program: when it offers `prepare()`, the
server forks a process that imports the program and calls that, and lets it serve in its place. If
that goes wrong, the server goes on as if nobody had asked, and each job finds out what is wrong.

Every message on the control socket brings a connection for one job. The client writes a line of
JSON (`interpreter`, `arguments`, `environment`, `folder`, `log`, `prepare`) into it, then bytes
that are numbers of signals for the job's process group. It is answered with two lines: process
number and exit code. A job that is to `prepare` is answered with one: whether it has.
"""

from __future__ import annotations

READY, UNFIT = b"+", b"-"
