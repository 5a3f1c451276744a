"""`python -m pipelines.cli`: the command `pipeline`, wherever its script is."""

from __future__ import annotations

from pipelines.cli import main

if __name__ == "__main__":
    main()
