"""Checks of what `save` writes and `load` reads."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

from sagetabular.jobs.models.manifest import FILE as MANIFEST
from sagetabular.model_checks.auditing import heard
from sagetabular.model_checks.elsewhere import predict_elsewhere
from sagetabular.model_checks.pickles import holds_pickle
from sagetabular.model_checks.rows import make_rows
from sagetabular.model_checks.subject import require, require_same

if TYPE_CHECKING:
    from sagetabular.model_checks.subject import Subject


def a_saved_model_predicts_the_same_bits_in_another_process(subject: Subject) -> None:
    """Evaluate has what was saved, and nothing of the process that fitted."""
    model = subject.fit()
    expected = subject.predict(model, make_rows()[0])
    with tempfile.TemporaryDirectory() as folder:
        subject.code.save(model, Path(folder))
        found = predict_elsewhere(subject, Path(folder))
    require_same(found, expected, "saved, and loaded in another process")


def what_is_saved_is_no_pickle(subject: Subject) -> None:
    """Loading a pickle runs whatever code its author put into it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subject.code.save(subject.fit(), folder)
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        require(bool(files), "save wrote no file")
        for file in files:
            inside = file.relative_to(folder).as_posix()
            require(not holds_pickle(file.read_bytes()), f"{inside} is or holds a pickle")


def loading_runs_no_pickle(subject: Subject) -> None:
    """However it is wrapped: Python tells when a pickle asks for a function or class."""
    with tempfile.TemporaryDirectory() as folder:
        subject.code.save(subject.fit(), Path(folder))
        with heard("pickle.find_class") as events:
            subject.code.load(Path(folder))
    found = [".".join(map(str, event[-2:])) for event in events]
    require(not found, f"load unpickles {', '.join(found[:3])}")


def the_file_manifest_json_is_left_to_the_pipeline(subject: Subject) -> None:
    """Fit writes it beside the model's files, and would overwrite the model's own."""
    with tempfile.TemporaryDirectory() as folder:
        subject.code.save(subject.fit(), Path(folder))
        require(not Path(folder, MANIFEST).exists(), f"save writes {MANIFEST}: use another name")


def files_are_written_by_save_alone_and_in_its_folder(subject: Subject) -> None:
    """Trials run side by side, and a job's container keeps nothing else."""
    with tempfile.TemporaryDirectory() as name:
        outside, here, folder = Path(name), Path(name, "here"), Path(name, "model")
        here.mkdir()
        folder.mkdir()
        code_before = _hashes(subject.folder)
        with chdir(here):
            model = subject.fit()
            subject.code.predict(model, make_rows()[0])
            require(not _hashes(outside), "fit or predict wrote a file")
            subject.code.save(model, folder)
            saved = _hashes(folder)
            subject.code.predict(subject.code.load(folder), make_rows()[0])
        require(_hashes(folder) == saved, "load changed the saved files")
        require(_hashes(outside).keys() == saved.keys(), "save wrote outside its folder")
        require(_hashes(subject.folder) == code_before, "the model's own folder was changed")


def _hashes(folder: Path) -> dict[Path, str]:
    """Hash of every file below a folder, but for what importing code leaves."""
    return {
        file: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


CHECKS = (
    a_saved_model_predicts_the_same_bits_in_another_process,
    what_is_saved_is_no_pickle,
    loading_runs_no_pickle,
    the_file_manifest_json_is_left_to_the_pipeline,
    files_are_written_by_save_alone_and_in_its_folder,
)
