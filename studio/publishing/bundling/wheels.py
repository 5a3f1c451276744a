"""The wheels that CodeBuild installs without network: downloaded once, verified every time."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.printing import listed, printable
from studio.publishing.bundling.locks import PLATFORMS, PYTHON, owner_of, read_lock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studio.publishing.bundling.locks import Locked

LOCK = "studio/seed/seed.lock"


def wheels_of(lock: str, cache: Path) -> dict[str, bytes]:
    """Return the wheels of a lock, for the machine of the build.

    Args:
        lock: Its text.
        cache: Folder in which downloads are kept, for every lock its own.

    Returns:
        File name → content, one for every package; each has a hash of the lock.

    Raises:
        UserError: The lock is not read, pip cannot download, a file is not what the lock says, or
            the cache cannot be read or written.
    """
    try:
        return _kept(lock, cache)
    except OSError as err:
        msg = f"Wheels must be kept in {cache}: {err.strerror}: {err.filename}."
        remedy = f"Make {cache} a folder of yours, or remove what is there."
        raise UserError(msg, remedy) from err


def _kept(lock: str, cache: Path) -> dict[str, bytes]:
    wanted = read_lock(lock, LOCK)
    requirements = "".join(f"{each}\n" for each in wanted)
    made_of = "\n".join((PYTHON, *PLATFORMS, requirements))
    folder = cache / hashlib.sha256(made_of.encode()).hexdigest()[:16]
    if not folder.is_dir():
        _download(requirements, folder)
    return verified(folder, wanted)


def verified(folder: Path, wanted: Sequence[Locked]) -> dict[str, bytes]:
    """Return the wheels of a folder.

    Args:
        folder: With all of them and nothing else.
        wanted: The packages.

    Raises:
        UserError: One has another content than the lock says, is none of its packages, or lacks.
    """
    remedy = f"Remove the folder {folder}: it is downloaded anew."
    found: dict[str, bytes] = {}
    lacking = list(wanted)
    for file in sorted(folder.iterdir()):
        owner = owner_of(file.name, lacking)
        if owner is None:
            msg = f"{folder} must hold one wheel for each package of {LOCK}, got {file.name} too."
            raise UserError(msg, remedy)
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest not in owner.hashes:
            msg = f"{file}: a wheel must have a hash that {LOCK} has, got sha256:{digest}."
            raise UserError(msg, remedy)
        found[file.name] = content
        lacking.remove(owner)
    if lacking:
        names = listed([f"{each.name}=={each.version}" for each in lacking])
        raise UserError(f"{folder} lacks wheels of {LOCK}: {names}.", remedy)
    return found


def _download(requirements: str, folder: Path) -> None:
    """Let pip download what a lock says, and put it in its place once all of it is there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix="downloading-") as place:
        lock, wheels = Path(place) / "lock.txt", Path(place) / "wheels"
        lock.write_text(requirements, encoding="utf-8")
        _run_pip(lock, wheels)
        with suppress(OSError):  # another process was faster
            shutil.move(wheels, folder)


def _run_pip(lock: Path, wheels: Path) -> None:
    platforms = [word for each in PLATFORMS for word in ("--platform", each)]
    command = [
        sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet",
        "--require-hashes", "--no-deps", "--only-binary=:all:", *platforms,
        "--implementation", "cp", "--python-version", PYTHON, "-r", str(lock), "-d", str(wheels),
    ]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        lines = ended.stderr.splitlines() or [f"exit code {ended.returncode}"]
        said = next((line for line in lines if line.startswith("ERROR")), lines[-1])
        words = printable(said.removeprefix("ERROR: "))
        raise UserError(
            f"pip could not download the wheels of {LOCK}: {words}",
            "Let pip reach a package index (PIP_INDEX_URL) this once; later runs need none.",
        )
