"""Script mode: the archive that tunes and fits a model, and the code that serves it.

An image of AWS starts programs at the top of these trees, and installs their packages with pip.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import TYPE_CHECKING

from sagetabular.assets.code import reachable
from sagetabular.assets.trees import Asset, make_asset, module_name, setup_file
from sagetabular.settings.models.steps import Train

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings import Unit

ARCHIVE = "sourcedir.tar.gz"
_JOBS = ("tune", "fit")
# What SageMaker's script mode starts; the program is a module at the top of the archive.
_PROGRAM = """\
from sagetabular.jobs.{job} import {names}

if __name__ == "__main__":
    main()
"""
# `prepare` is for the local back-end: what all trials of a step share is done once, before them.
_NAMES = {"tune": "main, prepare", "fit": "main"}
_ENTRY = 'import runpy\n\nrunpy.run_module("{module}", run_name="__main__", alter_sys=True)\n'
# What starts the server in an image of AWS.
PROGRAM = "inference.py"
_MODULE = "sagetabular/serving/aws_image.py"
_INFERENCE = (
    b"from sagetabular.serving.aws_image import model_fn, transform_fn\n\n"
    b'__all__ = ["model_fn", "transform_fn"]\n'
)


def entry_program(step: str) -> str:
    """Return the name of the archive's program that runs a train step's entry point."""
    return f"entry_{step}.py"


def model_archive(unit: Unit, tree: Mapping[str, bytes]) -> Asset:
    """Return the archive of a model: its own files, and what tuning and fitting it import.

    Less would not run; more would repeat every trial when the code of another job changes. The key
    is that of its files, not of the compressed bytes, which differ between versions of zlib.
    """
    own = [path for path in tree if path.startswith(f"models/{unit.name}/")]
    jobs = [f"sagetabular/jobs/{job}.py" for job in _JOBS]
    programs = _programs(unit)
    files = {**reachable(tree, [*own, *jobs]), **programs, **setup_file(programs)}
    key = make_asset("code", files, extra=ARCHIVE.encode()).key
    return Asset(key, {ARCHIVE: _reproducible_archive(files)})


def serving_code(model: str, tree: Mapping[str, bytes]) -> Asset:
    """Collect what the image imports: the project's server without its HTTP side, and the model.

    Args:
        model: Name of the model.
        tree: Path → content of the model's files, and of all that jobs are made of.
    """
    own = [path for path in tree if path.startswith(f"models/{model}/")]
    files = reachable(tree, [*own, _MODULE])
    return make_asset("code", {**files, PROGRAM: _INFERENCE, **setup_file([PROGRAM])})


def _programs(unit: Unit) -> dict[str, bytes]:
    """Return the programs that script mode can start, at the top of the archive."""
    programs = {f"{job}.py": _PROGRAM.format(job=job, names=_NAMES[job]) for job in _JOBS}
    for step in unit.steps.values():
        if isinstance(step.settings, Train) and step.settings.entry_point:
            module = f"models.{unit.name}.{module_name(step.settings.entry_point)}"
            programs[entry_program(step.name)] = _ENTRY.format(module=module)
    return {name: content.encode() for name, content in programs.items()}


def _reproducible_archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
