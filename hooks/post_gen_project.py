"""Remove what was not chosen, and say how to go on.

Only the line that reads the answers is a template; see the other hook. Running it again, as an
update of a project does, changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

ANSWERS: Mapping[str, str] = json.loads(r"""{{ cookiecutter | tojson }}""")

# CodeBuild builds from every source control, and the others have no file of their own:
# codebuild-buildspec.yml always stays.
BUILD_FILES = {
    "github": (".github/workflows/ci.yml", ".github/workflows/deploy.yml"),
    "gitlab": (".gitlab-ci.yml",),
}
# By name: a project without them may have a folder infrastructure/ of its own.
TEMPLATES = (
    *("build", "data-lake", "deploy", "ledger", "release"),
    *("roles", "sharing", "tracking", "triggers", "workflow"),
)
INFRASTRUCTURE = (
    ".github/workflows/deploy.yml",
    "infrastructure/README.md",
    *(f"infrastructure/{name}.yaml" for name in TEMPLATES),
)


def unchosen(source_control: str, infrastructure: str) -> Iterator[str]:
    """Yield the files of the template that belong to other answers."""
    for owner, files in BUILD_FILES.items():
        if owner != source_control:
            yield from files
    if infrastructure == "none":
        yield from INFRASTRUCTURE


def remove(project: Path, file: Path) -> None:
    """Remove a file, and the folders that it leaves empty; never touch other files."""
    (project / file).unlink(missing_ok=True)
    for folder in file.parents[:-1]:
        if (project / folder).is_dir() and not any((project / folder).iterdir()):
            (project / folder).rmdir()


if __name__ == "__main__":
    for name in unchosen(ANSWERS["source_control"], ANSWERS["infrastructure"]):
        remove(Path.cwd(), Path(name))
    slug = ANSWERS["project_slug"]
    print(f"Next: cd {slug} && make run    (needs no AWS account and no Docker; see README.md)")
