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
READ = ("input", "input/data", "model", "processing/input")


def drop_privileges(base: Path) -> None:
    """Become the user that `RUN_AS` names; does nothing without it, or when not root.

    The folders that a job writes become that user's. Where the user may not read the inputs, the
    process stays root and says so: a job that runs matters more.

    Args:
        base: The container's tree, `/opt/ml` unless it was moved.
    """
    name = os.environ.get(VARIABLE)
    if not name or sys.platform == "win32" or os.geteuid() != 0:
        return
    import pwd

    user = pwd.getpwnam(name)
    for folder in map(base.joinpath, WRITTEN):
        _hand_over(folder, user.pw_uid, user.pw_gid)
    os.setgroups([])
    os.setegid(user.pw_gid)
    os.seteuid(user.pw_uid)
    closed = [path for path in _inputs(base) if not _readable(path)]
    os.seteuid(0)
    if closed:
        os.setegid(0)
        print(f"Running as root: {name} may not read {closed[0]}.", file=sys.stderr)
        return
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ["HOME"] = user.pw_dir


def _hand_over(folder: Path, owner: int, group: int) -> None:
    """Give a folder and what lies directly in it away; read-only mounts stay what they are."""
    if not folder.is_dir() or os.statvfs(folder).f_flag & os.ST_RDONLY:
        return
    within = list(folder.iterdir()) if folder.name == "output" else []
    for path in (folder, *within):
        os.chown(path, owner, group, follow_symlinks=False)


def _inputs(base: Path) -> list[Path]:
    """What a job reads: the folders of the inputs, and what lies directly in them."""
    folders = [base / name for name in READ if (base / name).is_dir()]
    return [*folders, *(path for folder in folders for path in folder.iterdir())]


def _readable(path: Path) -> bool:
    wanted = os.R_OK | os.X_OK if path.is_dir() else os.R_OK
    return os.access(path, wanted, effective_ids=True)


def main() -> None:
    """Run a module as the user that `RUN_AS` names; this process becomes it."""
    drop_privileges(Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")))
    os.execv(sys.executable, [sys.executable, "-m", *sys.argv[1:]])  # noqa: S606 - keeps the process


if __name__ == "__main__":
    main()
