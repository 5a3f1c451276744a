"""Remove the build files of other source controls, and say how to go on.

Only the line that reads the answers is a template; see the other hook. Running it again, as an
update of a project does, changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

ANSWERS: Mapping[str, str] = json.loads(r"""{{ cookiecutter | tojson }}""")

# CodeBuild builds from every source control: codebuild-buildspec.yml always stays.
BUILD_FILES = {
    "github": Path(".github/workflows/ci.yml"),
    "gitlab": Path(".gitlab-ci.yml"),
}


def remove_unchosen_build_files(project: Path, source_control: str) -> None:
    """Keep the build file of the chosen source control; never touch other files."""
    for owner, file in BUILD_FILES.items():
        if owner != source_control:
            (project / file).unlink(missing_ok=True)
            for folder in file.parents[:-1]:
                if (project / folder).is_dir() and not any((project / folder).iterdir()):
                    (project / folder).rmdir()


if __name__ == "__main__":
    remove_unchosen_build_files(Path.cwd(), ANSWERS["source_control"])
    slug = ANSWERS["project_slug"]
    print(f"Next: cd {slug} && make run    (needs no AWS account and no Docker; see README.md)")
