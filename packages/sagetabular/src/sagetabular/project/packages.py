"""Both packages as sources in a project, and the wheels in `vendor/` that are built from them.

What runs is always a wheel of `vendor/`, whose hash the locks know: an editable installation has
no hash, and an image or a build server would not have it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from sagetabular.errors import UserError
from sagetabular.project.building import build_wheel

PACKAGES = ("sagelocal", "sagetabular")
FOLDER = "packages"
_VENDOR = "vendor"
_LOCK = "requirements.lock"
_LOCKS = (_LOCK, "container/jobs.lock", "container/model.lock")
_JUNK = shutil.ignore_patterns("__pycache__", "*.pyc")
# The part of a version that stands for sources of the project's own.
_OWN = re.compile(rb"\+own[0-9a-f]+")
# The project has rules for its own programs; the packages were written by others.
_RUFF = """\
# For the packages' sources, in place of the project's own rules.
line-length = 100

[lint]
select = ["E", "F", "W"]
"""


@dataclass(frozen=True)
class Wheel:
    """A wheel in `vendor/` that was compared with the sources.

    Attributes:
        name: Of its file.
        state: What became of it.
    """

    name: str
    state: str


def unpack(root: Path) -> dict[str, str]:
    """Put the sources of both packages, as they are installed, into `packages/` of a project.

    Returns:
        Package → version.

    Raises:
        UserError: The folder exists or cannot be written, or the installation is not complete.
    """
    target = root / FOLDER
    if target.exists():
        msg = f"{FOLDER}/ must be new, but it exists."
        raise UserError(msg, "Rename or remove it, then eject the packages again.")
    try:
        # Beside it, so that one rename makes both appear.
        with tempfile.TemporaryDirectory(dir=root, prefix=".new-packages-") as staging:
            made = Path(staging, FOLDER)
            versions = {name: _write(made / name, name) for name in PACKAGES}
            (made / "ruff.toml").write_text(_RUFF, encoding="utf-8")
            made.rename(target)
    except OSError as err:
        msg = f"{FOLDER}/ cannot be written: {err.strerror}."
        raise UserError(msg, "Make the project a folder that is yours.") from err
    return versions


def rebuild(root: Path) -> list[Wheel]:
    """Build the wheels in `vendor/` whose sources differ from them; name all in the locks.

    Raises:
        UserError: There are no sources, they cannot be built, or the lock has no line for them.
    """
    locks = {root / name: _read(root, name) for name in _LOCKS if (root / name).is_file()}
    with tempfile.TemporaryDirectory(prefix="wheels-") as folder:
        built = {name: _built(root, name, Path(folder)) for name in PACKAGES}
        for name, wheel in built.items():
            for lock, text in locks.items():
                locks[lock] = _locked(text, name, wheel, needed=lock.name == _LOCK)
        states = {name: _put(root, name, wheel) for name, wheel in built.items()}
    for lock, text in locks.items():
        lock.write_text(text, encoding="utf-8", newline="\n")
    for name, wheel in built.items():
        for other in set(_wheels(root, name)) - {root / _VENDOR / wheel.name}:
            other.unlink()
    return [Wheel(built[name].name, states[name]) for name in PACKAGES]


def stale_packages(root: Path) -> list[str]:
    """Return the packages whose sources in the project differ from their wheel in `vendor/`."""
    present = [name for name in PACKAGES if (root / FOLDER / name).is_dir()]
    return [name for name in present if _current(root, name) is None]


def _write(folder: Path, name: str) -> str:
    """Write a package's sources, and what makes them a package again; return its version."""
    spec, installed = util.find_spec(name), metadata.distribution(name)
    found = {
        "pyproject.toml": installed.read_text("extra_metadata/pyproject.toml"),
        "LICENSE": installed.read_text("licenses/LICENSE"),
        "README.md": installed.metadata["Description"],
    }
    if spec is None or spec.origin is None or None in found.values():
        msg = f"The installed {name} must hold its pyproject.toml and licence, got none."
        raise UserError(msg, "Install it from its wheel in vendor/: `make setup`.")
    shutil.copytree(Path(spec.origin).parent, folder / "src" / name, ignore=_JUNK)
    for file, text in found.items():
        (folder / file).write_text(text or "", encoding="utf-8", newline="\n")
    return installed.version


def _built(root: Path, name: str, folder: Path) -> Path:
    """Return the wheel in `vendor/` if it has the sources, else a new one in `folder`."""
    source = root / FOLDER / name
    if not (source / "pyproject.toml").is_file():
        msg = f"{FOLDER}/{name} must hold the sources of {name}, got no pyproject.toml."
        raise UserError(msg, "Unpack them with `pipeline eject --all`.")
    return _current(root, name) or build_wheel(source, folder, f"+own{_digest(source, name)}")


def _current(root: Path, name: str) -> Path | None:
    """Return the wheel in `vendor/` that is made of the sources."""
    sources = _sources(root / FOLDER / name, name)
    return next((each for each in _wheels(root, name) if _packed(each) == sources), None)


def _put(root: Path, name: str, wheel: Path) -> str:
    target = root / _VENDOR / wheel.name
    if target == wheel:
        return "unchanged"
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(wheel, target)
    return f"built from {FOLDER}/{name}"


def _locked(text: str, name: str, wheel: Path, *, needed: bool) -> str:
    """Return a lock with a package's version and hash changed; every other line stays."""
    version = wheel.name.split("-")[1]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    line = re.compile(rf"^{name}==[^ ]+ \\\n    --hash=sha256:[0-9a-f]{{64}}$", re.MULTILINE)
    changed, count = line.subn(f"{name}=={version} \\\\\n    --hash=sha256:{digest}", text)
    if needed and not count:
        msg = f"{_LOCK} must have a line {name}==… with the hash of one wheel, got none."
        raise UserError(msg, "Take it from vendor/ in pyproject.toml, and run `make lock`.")
    return changed


def _wheels(root: Path, name: str) -> list[Path]:
    return sorted((root / _VENDOR).glob(f"{name}-*.whl"))


def _sources(folder: Path, name: str) -> dict[str, bytes]:
    """Return path → content of what a wheel is made of."""
    code = folder / "src" / name
    files = [file for file in code.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    found = {f"{name}/{file.relative_to(code).as_posix()}": file.read_bytes() for file in files}
    pyproject = folder / "pyproject.toml"
    return found | {"pyproject.toml": pyproject.read_bytes() if pyproject.is_file() else b""}


def _packed(wheel: Path) -> dict[str, bytes]:
    """Return the same of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    code = {name: content for name, content in found.items() if ".dist-info/" not in name}
    written = [name for name in found if name.endswith("/extra_metadata/pyproject.toml")]
    return code | {"pyproject.toml": b"".join(_OWN.sub(b"", found[name]) for name in written)}


def _digest(folder: Path, name: str) -> str:
    digest = hashlib.sha256()
    for file, content in sorted(_sources(folder, name).items()):
        digest.update(f"{file}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:10]


def _read(root: Path, name: str) -> str:
    return (root / name).read_text(encoding="utf-8")
