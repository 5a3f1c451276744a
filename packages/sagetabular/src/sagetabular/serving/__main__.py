"""`python -m sagetabular.serving`: what `serve` in the container runs."""

from __future__ import annotations

import os
import sys

from sagetabular.serving.errors import ServerError
from sagetabular.serving.server import serve
from sagetabular.serving.settings import read_settings

USER_ERROR = 2


def main() -> None:
    """Serve; an error in the environment ends with two lines and exit code 2."""
    try:
        serve(read_settings(os.environ))
    except ServerError as error:
        print(error, file=sys.stderr)
        sys.exit(USER_ERROR)


if __name__ == "__main__":
    main()
