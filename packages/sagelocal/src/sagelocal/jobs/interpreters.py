"""Interpreters: each job has one of its own, so that what it installs goes with it.

It is a virtual environment that sees the packages of the one that runs this, as a container sees
those of its image. What `pip` installs in the job lands in the job's tree, comes first there, and
replaces nothing outside of it.
"""

from __future__ import annotations

import os
import shlex
import site
import sys
import sysconfig
import venv
from pathlib import Path
from types import SimpleNamespace

from sagelocal.jobs import installing

_FOLDER = ".python"
_WINDOWS = sys.platform == "win32"


class _Builder(venv.EnvBuilder):
    """Makes an environment without the scripts that activate it."""

    def __init__(self) -> None:
        super().__init__(symlinks=not _WINDOWS, clear=True)

    def setup_scripts(self, _context: SimpleNamespace) -> None:
        """Do nothing: nobody types commands here."""


class Interpreter:
    """The interpreter of one job.

    Args:
        base: The job's tree.
    """

    def __init__(self, base: Path) -> None:
        self.folder = base / _FOLDER
        paths = {"base": str(self.folder), "platbase": str(self.folder)}
        self._scripts = Path(sysconfig.get_path("scripts", "venv", paths))
        self._packages = Path(sysconfig.get_path("purelib", "venv", paths))

    @property
    def program(self) -> str:
        """Return the path of the interpreter."""
        return str(self._scripts / ("python.exe" if _WINDOWS else "python"))

    @property
    def variables(self) -> dict[str, str]:
        """Return what lets the job's commands find it; the rest of `PATH` comes after."""
        path = [str(self._scripts), *filter(None, [os.environ.get("PATH")])]
        return {"VIRTUAL_ENV": str(self.folder), "PATH": os.pathsep.join(path)}

    def make(self) -> None:
        """Make it, in place of one that was there."""
        _Builder().create(self.folder)
        lines = [f"import site; site.addsitedir({folder!r})\n" for folder in _visible()]
        (self._packages / "_project.pth").write_text("".join(lines), encoding="utf-8")
        for name in ("pip", "pip3"):
            self._write_script(name)

    def _write_script(self, name: str) -> None:
        # A first line with `#!` could not hold every path.
        if _WINDOWS:
            text = f'@"{self.program}" -m pip %*\r\n'
            (self._scripts / f"{name}.bat").write_text(text, encoding="utf-8")
            return
        script = self._scripts / name
        command = f'exec {shlex.quote(self.program)} -m pip "$@"'
        script.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
        script.chmod(0o755)


def after_requirements(words: list[str], code: Path) -> list[str]:
    """Return a command that first installs what `requirements.txt` beside a program asks for.

    Args:
        words: The job's command: its interpreter, its program and arguments.
        code: The folder of the program.
    """
    wanted = code / "requirements.txt"
    return [words[0], installing.__file__, str(wanted), *words[1:]] if wanted.is_file() else words


def _visible() -> list[str]:
    """Return the folders of packages that the job sees beside its own."""
    own = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return [folder for folder in (*site.getsitepackages(), *own) if Path(folder).is_dir()]
