"""What a platform engineer does in an account: the organisation's stack, releases, publishing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from packages import release
from tests.baking import ROOT, copy_repository
from tests.infrastructure.account import NUMBER, Account
from tests.infrastructure.projects import pairs, settled, succeeded
from tests.releases import commit, edit, start_repository
from tests.servers import REGION

NAME = "sagemaker-projects"
STUDIO_ROLE = f"arn:aws:iam::{NUMBER}:role/studio"
ADDRESS = "https://git.example.com/org/template.git"
HERE = Path(__file__).parent
_WHEELS = "build/studio/wheels"
_CACHE = ROOT / "build/cache/studio"


class Organisation:
    """An account in which releases are published.

    Args:
        account: The account.
        home: Folder for a copy of the template's repository.

    Attributes:
        repository: The copy, from which is published.
        outputs: Of the organisation's stack.
    """

    def __init__(self, account: Account, home: Path) -> None:
        self._account = account
        self.repository = start_repository(copy_repository(home / "template"))
        (self.repository / _WHEELS).parent.mkdir(parents=True)
        (_CACHE / "published").mkdir(parents=True, exist_ok=True)
        (self.repository / _WHEELS).symlink_to(_CACHE / "published")
        self.outputs = self._set_up()

    def _set_up(self) -> dict[str, str]:
        """Deploy the organisation's stack, as the file stands."""
        cloudformation = self._account.client("cloudformation")
        cloudformation.create_stack(
            StackName=NAME,
            TemplateBody=(self.repository / "studio/organisation.yaml").read_text("utf-8"),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=pairs({"StudioRoleArns": STUDIO_ROLE}),
        )
        return dict(succeeded(settled(cloudformation, NAME)).outputs)

    def release(self, line: str) -> str:
        """Commit what the copy holds as a release, whose wheels are the last one's.

        Returns:
            Its version.
        """
        now = release.package_version(self.repository, "sagetabular")
        major, minor, *_ = now.split(".")
        version = now.removesuffix(".dev0") if ".dev" in now else f"{major}.{int(minor) + 1}.0"
        for file in self.repository.glob("packages/*/pyproject.toml"):
            edit(file, f'version = "{now}"', f'version = "{version}"')
        commit(self.repository, line)
        return version

    def publish(self, *words: str) -> str:
        """Publish the release that is checked out and return what was printed."""
        ended = subprocess.run(
            [sys.executable, "studio/publish.py", "--template-url", ADDRESS, *words],
            cwd=self.repository,
            env=os.environ | self._account.environment | {"AWS_REGION": REGION},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
        return ended.stdout


def equip(home: Path, programs: Path) -> None:
    """Give builds what CodeBuild's image has: Python and `aws`.

    Python is that of these tests, and so are wheels beside those of the bundle, from the same lock.

    Args:
        home: Of the server.
        programs: Folder of its environment's programs.
    """
    (home / "bin").mkdir()
    commands = {
        "python": f'exec "{sys.executable}" "$@"',
        "aws": f'exec "{programs / "python"}" "{HERE / "aws_program.py"}" "$@"',
    }
    for name, command in commands.items():
        (home / "bin" / name).write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
        (home / "bin" / name).chmod(0o755)
    (home / "wheels").symlink_to(_own_wheels())


def _own_wheels() -> Path:
    """Return a folder with the wheels of the seed's lock, for the Python of these tests."""
    folder = _CACHE / f"own-{sys.version_info.major}.{sys.version_info.minor}"
    words = ["--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:"]
    place = ["-r", str(ROOT / "studio/seed/seed.lock"), "-d", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "download", *words, *place], check=True)
    return folder
