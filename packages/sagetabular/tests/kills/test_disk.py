"""A disk that takes nothing more: two lines, nothing half-written, and a way on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Permissions do not bind root; a mount in a namespace of one's own binds everybody.
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]


def can_mount() -> bool:
    command = [*NAMESPACE, "mount -t tmpfs none /mnt"]
    return shutil.which("unshare") is not None and not subprocess.call(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(sys.platform != "linux" or not can_mount(), reason="no mounts allowed here"),
]
SETTINGS = "--set MaxTrainingJobs=2 --set MinimumR2=-9"


def shell(project: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a namespace of its own, where `pipeline` is the project's command."""
    own = (
        f"pipeline() {{ {sys.executable} -c 'from sagetabular.cli import main; main()' \"$@\"; }}\n"
    )
    return subprocess.run(
        [*NAMESPACE, own + script],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )


def files(folder: Path) -> dict[str, bytes]:
    paths = folder.rglob("*")
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.is_file()}


@pytest.mark.parametrize("kilobytes", [500, 800])
def test_a_full_disk_stops_a_run_which_goes_on_once_there_is_space(
    project: Path, kilobytes: int
) -> None:
    before = files(project / ".pipeline")
    ended = shell(
        project,
        f"""
        mount -t tmpfs -o size={kilobytes}k none /mnt && cp -r .pipeline/. /mnt || exit 90
        mount --bind /mnt .pipeline
        pipeline run {SETTINGS} 2>&1 >/dev/null; echo "code $?"
        find .pipeline -name '*.tmp' -o -path '*/.staging/*' | sed 's/^/left /'
        mount -o remount,size=100m /mnt
        identifier=$(ls .pipeline/executions)
        pipeline ${{identifier:+resume}} ${{identifier:-run {SETTINGS}}} > /dev/null && echo done
        """,
    )
    lines = ended.stdout.splitlines()
    assert lines[-2:] == ["code 2", "done"], ended
    assert lines[-4].endswith(" cannot be written: No space left on device.")
    assert lines[-3] == (
        "Free some space, for example with `pipeline clean --keep 5`; then `pipeline executions` "
        "says how to go on."
    )
    assert "Traceback" not in ended.stdout + ended.stderr
    assert files(project / ".pipeline") == before, "the disk was another one"


def test_a_read_only_project_can_be_looked_at_and_says_why_it_does_not_run(project: Path) -> None:
    before = files(project)
    ended = shell(
        project,
        f"""
        mount --bind . /mnt && mount -o remount,bind,ro /mnt && cd /mnt || exit 90
        pipeline compile | wc -l
        pipeline executions
        pipeline run {SETTINGS} 2>&1; echo "code $?"
        pipeline data sample 2>&1; echo "code $?"
        """,
    )
    lines = ended.stdout.splitlines()
    assert int(lines[0]) > 100, ended
    assert lines[1] == "No execution yet. Start one with `pipeline run`."
    remedy = "Let this user read and write there, or copy the project elsewhere."
    reason = " cannot be used: Read-only file system."
    assert [lines[3].endswith(reason), *lines[4:6]] == [True, remedy, "code 2"]
    assert [lines[6].endswith(reason), *lines[7:]] == [True, remedy, "code 2"]
    assert files(project) == before
