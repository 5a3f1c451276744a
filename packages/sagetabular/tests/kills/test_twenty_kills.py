"""Twenty kills of one execution change no bit of what it finds, and repeat nothing finished."""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from killing import all_end

from sagelocal import ExecutionRecord, LocalSageMaker

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]
SEED = int(os.environ.get("KILL_SEED", "1"))
KILLS, TRIALS = 20, 8
# Ingest, Preprocess, both searches with their trials, fits and evaluations.
UNITS = 2 + 2 * (TRIALS + 3)
PARAMETERS = ("--set", f"MaxTrainingJobs={TRIALS}", "--set", "MinimumR2=0")


def executions(project: Path) -> list[ExecutionRecord]:
    return LocalSageMaker(project / ".pipeline").executions()


def finished(project: Path) -> dict[Path, tuple[int, bytes]]:
    """Every note of a finished step or trial, and the log of every finished trial."""
    found = {}
    for path in project.glob(".pipeline/executions/*/steps/*.json"):
        content = path.read_bytes()
        if json.loads(content)["status"] == "Succeeded":
            found[path] = (path.stat().st_mtime_ns, content)
    for path in project.glob(".pipeline/executions/*/trials/*/*.json"):
        log = path.parents[2] / "logs" / path.parent.name / f"{path.stem}.log"
        for file in (path, log):
            found[file] = (file.stat().st_mtime_ns, file.read_bytes())
    return found


def units(project: Path) -> int:
    return sum(path.suffix == ".json" for path in finished(project))


def contents(path: Path, identifier: str) -> Iterator[tuple[str, object]]:
    """Yield what a file holds, an archive's members one by one, without names and times."""
    content = path.read_bytes()
    if not path.name.endswith(".tar.gz"):
        yield "", neutral(path.name, content.replace(identifier.encode(), b"ID"))
        return
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            yield member.name, neutral(member.name, archive.extractfile(member).read())


def neutral(name: str, content: bytes) -> object:
    if name.endswith(".json"):
        return json.loads(content, object_hook=lambda entry: {**entry, "seconds": None})
    return skops_parts(content) if name.endswith(".skops") else content


def skops_parts(content: bytes) -> dict[str, bytes]:
    """Return the parts of a skops file; it names them by the addresses they had in memory."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        schema = archive.read("schema.json").decode()
        addresses = dict.fromkeys(re.findall(r"\d{10,}", schema))
        for number, address in enumerate(addresses):
            schema = schema.replace(address, f"address {number}")
            addresses[address] = str(number)
        parts = {
            re.sub(r"\d{10,}", lambda found: str(addresses[found[0]]), name): archive.read(name)
            for name in archive.namelist()
        }
    return parts | {"schema.json": schema.encode()}


def artefacts(project: Path) -> dict[tuple[str, str], object]:
    """All that the one execution of a project left in S3, by key."""
    (record,) = executions(project)
    assert record.status == "Succeeded", record.failure_reason
    found = {}
    for path in project.glob(f".pipeline/s3/**/{record.id}/**/*"):
        if path.is_file():
            key = path.relative_to(project).as_posix().replace(record.id, "ID")
            found |= {(key, member): held for member, held in contents(path, record.id)}
    return found


def test_twenty_kills_change_no_bit_and_repeat_nothing(
    ready: Path, project: Path, tmp_path: Path, launch
) -> None:
    print(f"KILL_SEED={SEED}")
    undisturbed = Path(shutil.copytree(ready, tmp_path / "undisturbed"))
    first = launch(undisturbed, "run", *PARAMETERS)
    first.communicate()
    assert first.returncode == 0
    chance = random.Random(SEED)
    marks = sorted(chance.sample(range(UNITS - 2), KILLS))
    noted: dict[Path, tuple[int, bytes]] = {}
    told = []
    while marks:
        ids = [record.id for record in executions(project)]
        process = launch(project, *(["resume", *ids] if ids else ["run", *PARAMETERS]))
        # By work done; where that was done before, by the clock: during start-up and reopening.
        delay = chance.random() * (0.3 if units(project) < marks[0] else 1.5)
        while units(project) < marks[0]:
            assert process.poll() is None, "the execution ended by itself"
            time.sleep(0.005)
        time.sleep(delay)
        process.kill()
        process.communicate()
        assert process.returncode == -9, "the execution ended by itself"
        assert all_end(project, seconds=30), "a job outlived the pipeline"
        if executions(project):
            told.append(f"{units(project)} of {UNITS}, {delay:.2f} s")
            marks.pop(0)
        now = finished(project)
        assert {path: now.get(path) for path in noted} == noted, "something finished was repeated"
        noted = now
    print(*told, sep="\n")
    (record,) = executions(project)
    assert (record.status, record.attempts <= KILLS) == ("Interrupted", True)
    end = launch(project, "resume", record.id)
    end.communicate()
    assert end.returncode == 0
    last = finished(project)
    assert {path: last[path] for path in noted} == noted
    found = artefacts(project)
    assert len(found) > 2 * TRIALS * 2
    assert found == artefacts(undisturbed)
    versions = [
        LocalSageMaker(root / ".pipeline").registry.packages() for root in (project, undisturbed)
    ]
    assert [len(packages) for packages in versions] == [1, 1]
