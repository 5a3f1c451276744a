"""Checkpoints: a folder of a Training job that outlives an interruption, kept in the store.

On the service it is copied to S3 while the job runs. Here that is done when the job has ended,
however it did: the machine that dies with its job is this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sagelocal.files import JsonObject
from sagelocal.jobs.containers import ROOT
from sagelocal.jobs.hosts import Host
from sagelocal.storage.buckets import Storage

_DEFAULT = f"{ROOT}/checkpoints"


def restore_checkpoints(request: JsonObject, hosts: Sequence[Host], storage: Storage) -> None:
    """Give each host the checkpoints of earlier runs; nothing if the request has none.

    Raises:
        DefinitionError: If their folder does not lie in a job's tree.
    """
    config = request.get("CheckpointConfig")
    if not config:
        return
    for host in hosts:
        folder = _folder(config, host)
        folder.mkdir(parents=True, exist_ok=True)
        for name in storage.objects(config["S3Uri"]):
            copy = folder / name  # not a link: programs write into what they find here
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(storage.read_bytes(f"{config['S3Uri'].rstrip('/')}/{name}"))


def keep_checkpoints(request: JsonObject, hosts: Sequence[Host], storage: Storage) -> None:
    """Keep what all hosts left; what changed counts, and files that are gone stay kept."""
    config = request.get("CheckpointConfig")
    if not config:
        return
    uri = config["S3Uri"].rstrip("/")
    for host in hosts:
        folder = _folder(config, host)
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            content, key = file.read_bytes(), f"{uri}/{file.relative_to(folder).as_posix()}"
            if not storage.exists(key) or storage.read_bytes(key) != content:
                storage.put_bytes(key, content)


def _folder(config: JsonObject, host: Host) -> Path:
    return host.tree.locate(str(config.get("LocalPath", _DEFAULT)).rstrip("/"))
