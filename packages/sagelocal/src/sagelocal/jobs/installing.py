"""A program that installs a `requirements.txt`, then becomes the job's own program.

AWS's toolkit does so before it starts a script. It runs in the job's interpreter, as a file, so it
knows the standard library alone.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys


def main() -> int:
    """Install, then run; return the exit code if either fails.

    The first argument is the file, the others are the program and its arguments.
    """
    wanted, *words = sys.argv[1:]
    if importlib.util.find_spec("pip") is None:
        print("requirements.txt needs pip, and the environment of the project has none.")
        print("Install pip there: python -m ensurepip, or uv pip install pip.", flush=True)
        return 1
    install = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "-r", wanted]
    code = subprocess.call(install)  # noqa: S603 - what a job's code asks for
    if code:
        return code
    if sys.platform != "win32":  # where it would come back at once
        os.execv(sys.executable, [sys.executable, *words])  # noqa: S606 - keeps the number
    return subprocess.call([sys.executable, *words])  # noqa: S603 - the job


if __name__ == "__main__":
    sys.exit(main())
