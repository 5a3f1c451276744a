"""What the seed refuses: the rule with the value that breaks it, and the remedy."""

from __future__ import annotations


class SeedError(Exception):
    """Is raised before anything is pushed.

    Args:
        rule: What must be, and what is.
        remedy: What to do about it.
    """

    def __init__(self, rule: str, remedy: str) -> None:
        super().__init__(f"{rule}\n{remedy}")
        self.rule = rule
        self.remedy = remedy

    @property
    def line(self) -> str:
        """Both in one line, for who reads the reason of CloudFormation."""
        return " ".join(f"{self.rule} {self.remedy}".split())
