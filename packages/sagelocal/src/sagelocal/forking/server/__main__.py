"""The program: makes this folder a package of its own, which imports nothing else of `sagelocal`.

Its modules cannot be imported by their full name, since that would load the whole of `sagelocal`,
and not by their short ones, since the user's modules may have the same.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

NAME = "_sagelocal_fork_server"


def main() -> None:
    """Serve the socket whose number is the first argument, see `serving.main`."""
    folder = Path(__file__).parent
    spec = spec_from_file_location(
        NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None  # noqa: S101 - it is a Python file
    package = sys.modules[NAME] = module_from_spec(spec)
    spec.loader.exec_module(package)
    del sys.path[0]  # this folder
    import_module(f"{NAME}.serving").main()


if __name__ == "__main__":
    main()
