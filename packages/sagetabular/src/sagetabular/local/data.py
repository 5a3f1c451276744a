"""Data of a local run: a table of the lake for Athena's, local files for those in S3.

Files are looked for where the local S3 has the address that `DataUri` says, so the compiled
definition stays as it is. A folder can be given in its place: its files are then put there first.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from sagelocal import LocalSageMaker
from sagetabular.errors import UserError
from sagetabular.lake.store import folder_source, source, table_folder
from sagetabular.printing import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.project import Project

BUCKET = "local"
_FILL = "Fill it: `pipeline data sample`, `data add FILE` or `data fetch`."


@dataclass(frozen=True)
class Origin:
    """The data that an execution reads.

    Attributes:
        title: What a report calls it.
        sha256: Hash of its content.
        uri: Its address in the local S3; None for a table of the lake.
        files: Name below the address → file that has yet to be put there.
    """

    title: str
    sha256: str
    uri: str | None = None
    files: Mapping[str, Path] | None = None

    def parameters(self, sagemaker: LocalSageMaker) -> dict[str, str]:
        """Put into the local S3 what is not there, and return the parameter that names it."""
        for name, file in (self.files or {}).items():
            if not sagemaker.storage.exists(f"{self.uri}/{name}"):
                sagemaker.storage.put_bytes(f"{self.uri}/{name}", file.read_bytes())
        return {"DataUri": self.uri} if self.uri else {}


def find_data(project: Project, parameters: Mapping[str, str]) -> Origin:
    """Find what an execution reads.

    Args:
        project: The project.
        parameters: The execution's, as far as they are given.

    Raises:
        UserError: It is not there.
    """
    origin = _origin(project, parameters)
    if origin is not None:
        return origin
    if project.settings.pipeline.data.reads_tables:
        table = ".".join(_table(project, parameters))
        msg = f"conf/pipeline.yaml: data.table: the local lake has no table {table}."
        raise UserError(msg, f"Begin with your own: `pipeline init FILE --target COLUMN`. {_FILL}")
    uri = _data_uri(project, parameters)
    msg = f"conf/pipeline.yaml: data.uri: {uri} has no files, looked for in {_place(project, uri)}."
    remedy = _FILL if _in_s3(uri) else "Name a folder with CSV or Parquet files."
    raise UserError(msg, remedy)


def has_data(project: Project) -> bool:
    """Return whether there is something to read.

    Raises:
        UserError: There is, but what is noted of it is damaged.
    """
    return _origin(project, {}) is not None


def data_folder(project: Project, table: str | None = None) -> Path:
    """Return the folder of the rows that replace those on AWS.

    Args:
        project: The project.
        table: Another table of the lake than `data.table`.

    Raises:
        UserError: There are no tables, or they are not kept on this machine.
    """
    data = project.settings.pipeline.data
    if data.reads_tables:
        database, own = data.table_name
        return table_folder(project.lake, database, table or own)
    if table is not None:
        msg = f"--table must not be given with `source: {data.source}`, got {table!r}."
        raise UserError(msg, "Leave it out: there are files, and no tables.")
    uri = _data_uri(project, {})
    if not _in_s3(uri):
        msg = f"DataUri is the folder {uri}, which is not filled by this command."
        raise UserError(msg, "Put files there yourself, or unset the variable.")
    return _place(project, uri)


def _origin(project: Project, parameters: Mapping[str, str]) -> Origin | None:
    if not project.settings.pipeline.data.reads_tables:
        return _files_origin(project, _data_uri(project, parameters))
    found = source(project.lake, *_table(project, parameters))
    return None if found is None else Origin(found.title, found.sha256)


def _table(project: Project, parameters: Mapping[str, str]) -> tuple[str, str]:
    database, table = project.settings.pipeline.data.table_name
    return parameters.get("Database", database), parameters.get("Table", table)


def _data_uri(project: Project, parameters: Mapping[str, str]) -> str:
    """Return the address, or the folder, that is given for this execution or for all."""
    settings = project.settings
    variable = settings.aws.environment.get("DataUri", "")
    return (
        parameters.get("DataUri")
        or settings.pipeline.data.uri
        or os.environ.get(variable)
        or f"s3://{BUCKET}/{settings.pipeline.name}/data"
    )


def _in_s3(uri: str) -> bool:
    return uri.startswith("s3://")


def _place(project: Project, uri: str) -> Path:
    """Return where an address in the local S3, a path or a `file://` URI lies."""
    if _in_s3(uri):
        return LocalSageMaker(project.home).storage.path(uri)
    parts = urlsplit(uri)
    return Path(url2pathname(parts.path) if parts.scheme == "file" else uri).expanduser().absolute()


def _files_origin(project: Project, uri: str) -> Origin | None:
    place = _place(project, uri)
    files = _files(place)
    if not files:
        return None
    digest, noted = _digest(files), folder_source(place)
    title = noted.title if noted else listed([*files])
    if _in_s3(uri):
        return Origin(title, digest, uri)
    own = f"s3://{BUCKET}/{project.settings.pipeline.name}/data/{digest[:20]}"
    return Origin(title, digest, own, files)


def _files(place: Path) -> dict[str, Path]:
    """Return the files that Ingest would read, by their names below the place, in order."""
    if place.is_file():
        return {place.name: place}
    found = {file.relative_to(place): file for file in place.rglob("*") if file.is_file()}
    return {
        path.as_posix(): found[path]
        for path in sorted(found)
        if not any(part[0] in "_." for part in path.parts)
    }


def _digest(files: Mapping[str, Path]) -> str:
    digest = hashlib.sha256()
    for name, file in files.items():
        with file.open("rb") as content:
            own = hashlib.file_digest(content, "sha256").hexdigest()
        digest.update(f"{name}\0{own}\0".encode())
    return digest.hexdigest()
