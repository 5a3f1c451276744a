"""Checks of what `save` writes and `load` reads."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import pickletools
import tempfile
import zipfile
import zlib
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sagetabular.jobs.models.manifest import FILE as MANIFEST
from sagetabular.model_checks.interpreter import audit_events, predict_in_new_process
from sagetabular.model_checks.subject import require, require_same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sagetabular.model_checks.subject import Subject

HIGHEST_PROTOCOL = 5
NPY = b"\x93NUMPY"
# What names a function or class to be called; plain text may begin with harmless opcodes.
_CALLING = {"GLOBAL", "STACK_GLOBAL", "INST", "REDUCE", "BUILD"}
_COMPRESSIONS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ": lzma.decompress,
    b"x": zlib.decompress,
}


def a_saved_model_predicts_the_same_bits_in_another_process(subject: Subject) -> None:
    """Load in another process: Evaluate has what was saved, and nothing else."""
    model = subject.fit()
    expected = subject.predict(model, subject.rows()[0])
    with tempfile.TemporaryDirectory() as folder:
        subject.code.save(model, Path(folder))
        found = predict_in_new_process(subject, Path(folder))
    require_same(found, expected, "saved, and loaded in another process")


def what_is_saved_is_no_pickle(subject: Subject) -> None:
    """Look into every file: loading a pickle runs whatever code its author put into it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subject.code.save(subject.fit(), folder)
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        require(bool(files), "save wrote no file")
        for file in files:
            inside = file.relative_to(folder).as_posix()
            require(not holds_pickle(file.read_bytes()), f"{inside} is or holds a pickle")


def loading_runs_no_pickle(subject: Subject) -> None:
    """Watch the interpreter, which reports a pickle's functions and classes however wrapped."""
    with tempfile.TemporaryDirectory() as folder:
        subject.code.save(subject.fit(), Path(folder))
        with audit_events("pickle.find_class") as events:
            subject.code.load(Path(folder))
    found = [".".join(map(str, event[-2:])) for event in events]
    require(not found, f"load unpickles {', '.join(found[:3])}")


def the_file_manifest_json_is_left_to_the_pipeline(subject: Subject) -> None:
    """Look for the file: Fit writes it beside the model's files, over the model's own."""
    with tempfile.TemporaryDirectory() as folder:
        subject.code.save(subject.fit(), Path(folder))
        require(not Path(folder, MANIFEST).exists(), f"save writes {MANIFEST}: use another name")


def files_are_written_by_save_alone_and_in_its_folder(subject: Subject) -> None:
    """Compare the folders: trials run side by side, and a container keeps nothing else."""
    with tempfile.TemporaryDirectory() as name:
        outside, here, folder = Path(name), Path(name, "here"), Path(name, "model")
        here.mkdir()
        folder.mkdir()
        code_before = _hashes(subject.folder)
        with chdir(here):
            model = subject.fit()
            subject.code.predict(model, subject.rows()[0])
            require(not _hashes(outside), "fit or predict wrote a file")
            subject.code.save(model, folder)
            saved = _hashes(folder)
            subject.code.predict(subject.code.load(folder), subject.rows()[0])
        require(_hashes(folder) == saved, "load changed the saved files")
        require(_hashes(outside).keys() == saved.keys(), "save wrote outside its folder")
        require(_hashes(subject.folder) == code_before, "the model's own folder was changed")


def _hashes(folder: Path) -> dict[Path, str]:
    """Return the hash of every file below a folder, but for what importing code leaves."""
    return {
        file: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def holds_pickle(content: bytes) -> bool:
    """Return whether a file, or anything packed in it, is a pickle or holds objects."""
    return _is_pickle(content) or _has_objects(content) or any(map(holds_pickle, _inside(content)))


def _is_pickle(content: bytes) -> bool:
    """Recognise a pickle: by its first bytes from protocol 2, an older one by its opcodes."""
    if content[:1] == b"\x80" and content[1:2] and 2 <= content[1] <= HIGHEST_PROTOCOL:
        return True
    seen = set()
    try:
        for opcode, _, _ in pickletools.genops(content):
            seen.add(opcode.name)
    except (ValueError, KeyError, IndexError):  # it is something else
        return False
    return bool(seen & _CALLING)


def _has_objects(content: bytes) -> bool:
    """Return whether it is an array of objects, which NumPy stores as a pickle."""
    if not content.startswith(NPY):
        return False
    try:
        np.load(io.BytesIO(content), allow_pickle=False)
    except ValueError as error:
        return "allow_pickle" in str(error)
    return False


def _inside(content: bytes) -> Iterator[bytes]:
    """Yield what an archive or a compressed file holds."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from map(archive.read, archive.namelist())
        return
    for magic, decompress in _COMPRESSIONS.items():
        if content.startswith(magic):
            try:
                yield decompress(content)
            except (OSError, EOFError, zlib.error, lzma.LZMAError):  # a likeness, no more
                return


CHECKS = (
    a_saved_model_predicts_the_same_bits_in_another_process,
    what_is_saved_is_no_pickle,
    loading_runs_no_pickle,
    the_file_manifest_json_is_left_to_the_pipeline,
    files_are_written_by_save_alone_and_in_its_folder,
)
