"""The archive that the seed's build gets: one file, the same bytes for the same commit."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from studio.publishing.bundling.locks import PYTHON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from studio.publishing.bundling.repository import Source

SEED = "studio/seed"
GIT_BUNDLE, RELEASE = "template.bundle", "release.json"
LOCK, BUILDSPEC = "seed.lock", "buildspec.yml"
# What `make lock` reads, which no build does.
_LEFT_OUT = "seed.in"
# The earliest moment that an archive can hold, and a file that everybody may read.
_MOMENT, _MODE, _UNIX = (1980, 1, 1, 0, 0, 0), 0o100644, 3


@dataclass(frozen=True)
class Bundle:
    """The bundle.

    Attributes:
        version: Of the template.
        entries: Path in the archive → content.
    """

    version: str
    entries: Mapping[str, bytes]

    @cached_property
    def content(self) -> bytes:
        """The archive.

        Nothing is compressed: wheels and history are already, and no zlib differs from another.
        """
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for name, content in sorted(self.entries.items()):
                entry = zipfile.ZipInfo(name, _MOMENT)
                entry.create_system, entry.external_attr = _UNIX, _MODE << 16
                archive.writestr(entry, content)
        return buffer.getvalue()

    @cached_property
    def sha256(self) -> str:
        """Hash of the archive, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def key(self) -> str:
        """Where it lies in the bucket."""
        return f"bundles/template-{self.version}-{self.sha256[:12]}.zip"


def make_bundle(
    source: Source,
    address: str,
    history: bytes,
    seed: Mapping[str, bytes],
    wheels: Mapping[str, bytes],
    sample: tuple[str, bytes],
) -> Bundle:
    """Return the bundle.

    Args:
        source: The commit.
        address: Of the template, for people and cruft.
        history: As `git_bundle` returns it.
        seed: Path below `studio/seed` → content.
        wheels: File name → content.
        sample: File name and content.

    Raises:
        UserError: The commit has no seed.
    """
    programs = {
        f"seed/{name}": content
        for name, content in seed.items()
        if name not in (BUILDSPEC, LOCK, _LEFT_OUT)
    }
    for name in (BUILDSPEC, LOCK):
        if name not in seed:
            msg = f"The commit {source.commit[:12]} must have {SEED}/{name}, and has not."
            raise UserError(msg, "Restore the file from git.")
    said = {
        "release": source.version,
        "commit": source.commit,
        "template": address,
        "python": PYTHON,
    }
    entries = {
        BUILDSPEC: seed[BUILDSPEC],
        LOCK: seed[LOCK],
        **programs,
        GIT_BUNDLE: history,
        **{f"wheels/{name}": content for name, content in wheels.items()},
        f"sample/{sample[0]}": sample[1],
        RELEASE: (json.dumps(said, indent=1) + "\n").encode(),
    }
    return Bundle(source.version, entries)
