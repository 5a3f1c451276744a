"""Publish this release of the template for SageMaker Studio: `python studio/publish.py --help`.

This file needs no library, so that it can say what is lacking.
"""

from __future__ import annotations

import io
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = ("boto3", "cookiecutter", "packaging", "pip", "pyarrow", "pydantic", "yaml")
OLDEST = (3, 11)
INTERRUPTED = 130


def main() -> None:
    """Check that this Python can do it, and do it."""
    lacking = [name for name in LIBRARIES if find_spec(name) is None]
    if lacking or sys.version_info < OLDEST:
        what = f"lacks {', '.join(lacking)}" if lacking else f"is {sys.version.split()[0]}"
        print(
            f"Publishing needs the template's environment; this Python ({sys.executable}) {what}.",
            f"Run `make environment` once, then `.venv/bin/python studio/publish.py` in {ROOT}.",
            sep="\n",
            file=sys.stderr,
        )
        sys.exit(2)
    # This commit's own packages, whatever the environment was made from; and not this folder, whose
    # modules nobody imports by their names alone.
    sys.path[:1] = map(str, (ROOT, *ROOT.glob("packages/*/src")))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error does: C, POSIX
    try:
        from studio.publishing.command import main as publish

        code = publish(ROOT, sys.argv[1:])
    except KeyboardInterrupt:  # libraries take a second to import
        code = INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    main()
