"""A fork ends and prints as a fresh interpreter does."""

from __future__ import annotations

import pytest
from forks import PARENT, run_and_read, was_forked

from sagelocal.forking.launching import forking_is_safe
from sagelocal.processes.launching import ProcessLauncher

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not forking_is_safe(), reason="there are forks on Linux only"),
]

# Ends of a program → its code; each must end and print the same under both launchers.
ENDINGS = {
    "by itself": "print('done')",
    "exit code": "import sys\nsys.exit(3)",
    "exit code beyond a byte": "raise SystemExit(259)",
    "exit without a code": "raise SystemExit",
    "exit with a text": "import sys\nsys.exit('no rows')",
    "exit at once": "import os\nprint('half')\nos._exit(7)",
    "error": "def f(n):\n    return 1 / n\n\nf(0)",
    "error from an error": (
        "try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError from error"
    ),
    "no Python": "def f(:",
    "own hook": "import sys\nsys.excepthook = lambda *error: print('hook', error[1])\nint('x')",
    "interrupt": "import atexit\natexit.register(print, 'bye')\nraise KeyboardInterrupt",
    "signal": "import os\nos.kill(os.getpid(), 11)",
    "asked to end": "import os\nos.kill(os.getpid(), 15)",
    "own process group killed": "import os\nos.killpg(0, 9)",
    "at exit": "import atexit\natexit.register(print, 'bye')\nprint('end')",
    "thread": (
        "import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()"
    ),
    "file left open": "file = open('left.txt', 'w')\nfile.write('kept')",
    "buffer of C": "import ctypes\nctypes.CDLL(None).printf(b'from C\\n')",
    "missing library": "import no_such_library",
    "missing part of a library": "from json import no_such_name",
    "missing in a package": "import pkg.asks",
    "package that fails": "import pkg.fails",
    "relative import": "from pkg import good\nprint(good.NAME, good.__file__)",
    "names": "import __main__\nprint(__name__, __file__, __main__.__file__, __spec__, __package__)",
    "arguments": "import sys\nprint(sys.argv, sys.stdin.read())",
    "path": "import os, sys\nprint(sys.path, os.getcwd())",
    "variables": "import os\nprint(sorted(os.environ.items()))",
    "flags": "import signal, sys\nprint(sys.flags, signal.getsignal(2), signal.getsignal(17))",
    "annotations": "def f(a: 1 + 1): ...\nprint(f.__annotations__)",
    "pickle": "import pickle\nclass A: ...\nprint(type(pickle.loads(pickle.dumps(A()))))",
    "numbers": "import numpy\nprint(numpy.random.default_rng(1).normal(size=3), hash('a'))",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_fork_ends_and_prints_as_a_process_does(command, fork, ending: str) -> None:
    job = command(ENDINGS[ending], "--a", "1", SM_HP_A="1", OWN="x")
    left = job.folder / "left.txt"
    (plain, expected), file = run_and_read(ProcessLauncher(), job), left.exists()
    left.unlink(missing_ok=True)
    ended, printed = fork(job)
    assert (ended.code, printed) == (plain.code, expected)
    assert left.exists() == file
    assert not file or left.read_text() == "kept"
    assert was_forked(fork(command(PARENT))[1])
