"""Least privilege in the project's own images: they start as root, and work as somebody else.

SageMaker mounts root's folders and documents that containers must start as root; nothing says that
they must stay it. `RUN_AS`, which only those images set, names the user to become.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "RUN_AS"
# What a job writes, below the container's base folder; inputs stay root's, so they are read-only.
WRITTEN = (".", "code", "model", "output", "checkpoints", "processing", "processing/output")
READ = ("input/config", "input/data", "model", "processing/input")


def drop_privileges(base: Path) -> None:
    """Become the user that `RUN_AS` names; does nothing without it, or when not root.

    The folders that a job writes become that user's. Where the user may not read the inputs, or
    the container may not change users, the process stays root and says so: a job that runs matters
    more.

    Args:
        base: The container's tree, `/opt/ml` unless it was moved.
    """
    name = os.environ.get(VARIABLE)
    if not name or sys.platform == "win32" or os.geteuid() != 0:
        return
    import pwd

    user = pwd.getpwnam(name)
    try:
        for folder in map(base.joinpath, WRITTEN):
            _hand_over(folder, user.pw_uid, user.pw_gid)
        closed = _closed_inputs(base, user.pw_uid, user.pw_gid)
        if closed:
            print(f"Running as root: {name} may not read {closed[0]}.", file=sys.stderr)
            return
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    except PermissionError as err:  # a container that was started without these capabilities
        print(f"Running as root: {err}.", file=sys.stderr)
        return
    os.environ["HOME"] = user.pw_dir


def _hand_over(folder: Path, owner: int, group: int) -> None:
    """Give a folder away, and each output in it; read-only mounts stay what they are."""
    if not folder.is_dir() or os.statvfs(folder).f_flag & os.ST_RDONLY:
        return
    within = list(folder.iterdir()) if folder.name == "output" else []
    for path in (folder, *within):
        os.chown(path, owner, group, follow_symlinks=False)


def _closed_inputs(base: Path, user: int, group: int) -> list[Path]:
    """Return the inputs that a user may not read."""
    modes = {path: os.R_OK | (os.X_OK if path.is_dir() else 0) for path in _inputs(base)}
    os.setegid(group)
    os.seteuid(user)
    try:
        return [
            path for path, mode in modes.items() if not os.access(path, mode, effective_ids=True)
        ]
    finally:
        os.seteuid(0)
        os.setegid(0)


def _inputs(base: Path) -> list[Path]:
    """Yield the folders of the inputs, what lies in them, and one file of each channel."""
    folders = [base / name for name in READ if (base / name).is_dir()]
    within = [path for folder in folders for path in folder.iterdir()]
    samples = [next(path.iterdir(), path) for path in within if path.is_dir()]
    return [*folders, *within, *samples]


def main() -> None:
    """Run a module as the user that `RUN_AS` names; this process becomes it."""
    drop_privileges(Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")))
    os.execv(sys.executable, [sys.executable, "-m", *sys.argv[1:]])  # noqa: S606 - keeps the process


if __name__ == "__main__":
    main()
