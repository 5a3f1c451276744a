"""Lock files of pip with hashes, as uv writes them, for a machine that is not this one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

# CodeBuild's Amazon Linux 2023 on x86_64: its Python, and the oldest and newest glibc that it runs.
PYTHON = "3.12"
PLATFORMS = tuple(f"manylinux{glibc}_x86_64" for glibc in ("2014", "_2_17", "_2_28", "_2_34"))
_MACHINE = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": f"{PYTHON}.0",
    "python_version": PYTHON,
    "sys_platform": "linux",
}
_HASH = re.compile(r"\s--hash=sha256:([0-9a-f]{64})(?=\s|$)")


@dataclass(frozen=True)
class Locked:
    """A package of a lock.

    Attributes:
        name: As indexes normalise it.
        version: The only one.
        hashes: SHA-256 of its files, in hexadecimal.
    """

    name: str
    version: str
    hashes: frozenset[str]

    def __str__(self) -> str:
        """Return it as a line of a lock, for any machine."""
        hashes = "".join(f" --hash=sha256:{each}" for each in sorted(self.hashes))
        return f"{self.name}=={self.version}{hashes}"


def read_lock(text: str, place: str) -> list[Locked]:
    """Return the packages of a lock that the machine of the build needs.

    pip decides by its own machine which lines count, whatever machine it downloads for.

    Args:
        text: The lock.
        place: What errors call it.

    Raises:
        UserError: A line is no package of one version with hashes.
    """
    joined = re.sub(r"\\\r?\n", " ", text)
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    found = [(line, _requirement(line, place)) for line in lines]
    return [
        Locked(
            canonicalize_name(requirement.name),
            str(requirement.specifier).removeprefix("=="),
            frozenset(_HASH.findall(line)),
        )
        for line, requirement in found
        if requirement.marker is None or requirement.marker.evaluate(_MACHINE)
    ]


def _requirement(line: str, place: str) -> Requirement:
    words = line.partition(" --hash")[0].strip()
    try:
        requirement = Requirement(words)
    except InvalidRequirement:
        requirement = Requirement("unreadable")
    if not _HASH.search(line) or not str(requirement.specifier).startswith("=="):
        msg = f"{place}: every package must have one version and its hashes, got {words!r}."
        raise UserError(msg, "Resolve it anew: `make lock`.")
    return requirement


def owner_of(wheel: str, locked: Iterable[Locked]) -> Locked | None:
    """Return the package of a lock that a wheel is of by its name; None if it is of none."""
    try:
        name, version, _, _ = parse_wheel_filename(wheel)
    except InvalidWheelFilename:
        return None
    return next(
        (each for each in locked if (each.name, each.version) == (name, str(version))), None
    )
