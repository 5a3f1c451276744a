"""Compile: the project's files → definition and assets, checked.

The last definition is kept below `.pipeline/compiled/`, under a hash of all that it was made from:
importing the SDK takes seconds, and most runs change nothing that it reads. What SageMaker demands
of the parameters' values is kept likewise.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

from sagetabular.assets.code import PACKAGE
from sagetabular.assets.collecting import Assets, collect_assets
from sagetabular.compiling import checks
from sagetabular.compiling.checks.queries import check_query_of
from sagetabular.compiling.loading import project_pipeline
from sagetabular.settings import COMPILED_STAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sagetabular.settings import ProjectSettings

KEPT = ".pipeline/compiled"
LIMITS = ".pipeline/parameter-limits"
# What the definition is made with.
_LIBRARIES = (
    "sagemaker", "sagemaker-core", "sagemaker-mlops", "boto3", "botocore", "pydantic", "pyyaml",
    "sqlglot",
)  # fmt: skip
_FOLDERS = ("conf", "models", "queries", "pipelines")


@dataclass(frozen=True)
class Compiled:
    """A pipeline's definition, as bytes of JSON, and the objects that it refers to."""

    definition: bytes
    assets: Assets


def compile_pipeline(settings: ProjectSettings) -> Compiled:
    """Compile without network, clock or account: the same files give the same bytes.

    Raises:
        UserError: SageMaker would refuse the definition.
    """
    definition = _kept(settings, KEPT, lambda: _compile(settings))
    return Compiled(definition, collect_assets(settings))


def check_values(settings: ProjectSettings, compiled: Compiled, values: Mapping[str, Any]) -> None:
    """Accept or refuse the values that the parameters get in one execution.

    What is demanded of them is kept too, under the same hash: it takes botocore to find out.

    Raises:
        UserError: SageMaker would refuse a value.
    """
    definition = json.loads(compiled.definition)

    def find() -> bytes:
        return json.dumps(checks.find_limits(definition)).encode()

    checks.check_values(json.loads(_kept(settings, LIMITS, find)), values)
    checks.check_searches(definition, values)


def _compile(settings: ProjectSettings) -> bytes:
    check_query_of(settings)
    # The SDK takes seconds to import, so only who compiles pays for it.
    from sagetabular.steps.isolation import isolated

    token = COMPILED_STAGE.set(settings.stage)
    try:
        with isolated():
            definition = json.loads(project_pipeline(settings.root).definition())
    finally:
        COMPILED_STAGE.reset(token)
    if definition.get("MlflowConfig", ...) is None:
        del definition["MlflowConfig"]
    checks.check_definition(definition, settings)
    return (json.dumps(definition, indent=1, ensure_ascii=False) + "\n").encode()


def _kept(settings: ProjectSettings, folder: str, make: Callable[[], bytes]) -> bytes:
    """Return what was made of the same files before, else make it."""
    path = settings.root / folder / f"{_fingerprint(settings)}.json"
    with suppress(OSError):  # nothing kept, or another process is just replacing it
        return path.read_bytes()
    content = make()
    with suppress(OSError):  # a folder that cannot be written only costs the time
        _keep(path, content)
    return content


def _keep(path: Path, definition: bytes) -> None:
    """Write a file whole or not at all, in place of those of earlier states."""
    path.parent.mkdir(parents=True, exist_ok=True)
    earlier = set(path.parent.iterdir()) - {path}
    staging = path.with_suffix(f".{os.getpid()}")
    try:
        staging.write_bytes(definition)
        staging.replace(path)
    finally:
        staging.unlink(missing_ok=True)
    for file in earlier:
        file.unlink(missing_ok=True)


def _fingerprint(settings: ProjectSettings) -> str:
    """Return a hash of the project's files, of this package, and of the libraries' versions."""
    digest = hashlib.sha256(platform.python_version().encode())
    digest.update(f"stage {settings.stage}\0".encode())
    for library in _LIBRARIES:
        digest.update(f"{library} {_version(library)}\0".encode())
    for name, file in sorted(_sources(settings)):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{name}\0{content}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "absent"


def _sources(settings: ProjectSettings) -> Iterator[tuple[str, Path]]:
    """Yield all files that a definition may depend on, each under its name in the project."""
    data = settings.pipeline.data
    if data.reads_tables:
        yield data.query, settings.root / data.query
    folders = {name: settings.root / name for name in _FOLDERS} | {"this package": PACKAGE}
    for name, folder in folders.items():
        for file in folder.rglob("*"):
            inside = file.relative_to(folder)
            if file.is_file() and "__pycache__" not in inside.parts:
                yield f"{name}/{inside.as_posix()}", file
    for name, unit in settings.units.items():  # some lie outside of the project
        yield f"model {name}", unit.folder / "model.yaml"
        for file in unit.folder.rglob("*.py"):
            yield f"model {name}/{file.relative_to(unit.folder).as_posix()}", file
