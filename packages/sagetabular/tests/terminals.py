"""Somebody at a terminal, who answers the questions of a command."""

from __future__ import annotations

import io


class Terminal(io.StringIO):
    """Standard input where somebody sits, who may do something before the answer."""

    def __init__(self, answer, before=lambda: None):
        super().__init__(f"{answer}\n")
        self._before = before

    def isatty(self):
        """Return what a terminal would."""
        return True

    def readline(self, *size):
        """Return the answer."""
        self._before()
        return super().readline(*size)
