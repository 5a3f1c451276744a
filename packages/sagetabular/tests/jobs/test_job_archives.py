"""Archives from S3 are data: nothing in them may write outside, and damage is told."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.models.archives import extract


def pack(path: Path, *members: tuple[str, bytes | str]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return path


def test_files_arrive_in_their_folders(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.tar.gz", ("model.ubj", b"1"), ("code/x.py", b"2"))
    extract(archive, tmp_path / "out")
    assert (tmp_path / "out/model.ubj").read_bytes() == b"1"
    assert (tmp_path / "out/code/x.py").read_bytes() == b"2"


@pytest.mark.parametrize(
    "member",
    [("../evil", b"x"), ("/tmp/evil", b"x"), ("a/../../evil", b"x"), ("link", "/etc/passwd")],
)
def test_hostile_members_are_refused(tmp_path: Path, member: tuple[str, bytes | str]) -> None:
    archive = pack(tmp_path / "a.tar.gz", member)
    with pytest.raises(JobError, match="cannot be unpacked"):
        extract(archive, tmp_path / "in/out")
    assert not [path for path in tmp_path.rglob("*") if path.name in ("evil", "link")]


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.9])
def test_truncated_archives_are_refused(tmp_path: Path, keep: float) -> None:
    whole = pack(tmp_path / "a.tar.gz", ("model.ubj", bytes(range(256)) * 400)).read_bytes()
    length = int(keep * len(whole)) if isinstance(keep, float) else keep
    (tmp_path / "b.tar.gz").write_bytes(whole[:length])
    with pytest.raises(JobError, match="cannot be unpacked"):
        extract(tmp_path / "b.tar.gz", tmp_path / "out")
