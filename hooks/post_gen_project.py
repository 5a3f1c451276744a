"""Remove the build files that were not chosen, and say how to go on.

Only the line that reads the answers is a template; see the other hook. Running it again, as an
update of a project does, changes nothing.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

ANSWERS: Mapping[str, str] = json.loads(r"""{{ cookiecutter | tojson }}""")

BUILD_FILES = {
    "github": Path(".github/workflows/ci.yml"),
    "gitlab": Path(".gitlab-ci.yml"),
    "codecommit": Path("codebuild-buildspec.yml"),
}


def remove_unchosen_build_files(project: Path, answers: Mapping[str, str]) -> None:
    """Keep the build file of the chosen source control, or none; never touch other files."""
    for source_control, file in BUILD_FILES.items():
        if answers["infrastructure"] == "none" or answers["source_control"] != source_control:
            (project / file).unlink(missing_ok=True)
            for folder in file.parents[:-1]:
                if (project / folder).is_dir() and not any((project / folder).iterdir()):
                    (project / folder).rmdir()


def is_locked(name: str, lock: str) -> bool:
    """Tell whether a lock file holds a package of this name."""
    return re.search(rf"^{re.escape(name)}==", lock, flags=re.MULTILINE) is not None


if __name__ == "__main__":
    slug = ANSWERS["project_slug"]
    if is_locked(slug, Path("requirements.lock").read_text(encoding="utf-8")):
        sys.exit(
            f"project_slug must not be the name of a package that is installed, got '{slug}'.\n"
            f"It would be installed in the other's place: try '{slug}-model'."
        )
    remove_unchosen_build_files(Path.cwd(), ANSWERS)
    print(f"Next: cd {slug} && make run    (needs no AWS account and no Docker; see README.md)")
