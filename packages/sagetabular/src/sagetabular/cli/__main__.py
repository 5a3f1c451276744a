"""`python -m sagetabular.cli`: the command `pipeline`, wherever its script is."""

from __future__ import annotations

from sagetabular.cli import main

if __name__ == "__main__":
    main()
