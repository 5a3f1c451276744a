"""A buildspec, executed as CodeBuild does, with fake tools."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.aws.server import BUCKET, ROLE
from tests.servers import REGION, LocalAccount

# What SageMaker Projects gives to a build server, and nothing else.
PROJECT = {
    "SAGEMAKER_PROJECT_NAME": "houses",
    "SAGEMAKER_PROJECT_ID": "p-abc",
    "SAGEMAKER_PIPELINE_ROLE_ARN": ROLE,
    "ARTIFACT_BUCKET": BUCKET,
    "AWS_REGION": REGION,
}
# Images of an earlier build, which a push that fails must not leave in use.
EARLIER = {
    "MODEL_IMAGE_URI": "registry.example/model:earlier",
    "JOBS_IMAGE_URI": "registry.example/jobs:earlier",
}
TRACKING = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-1"
# A fake tool: it notes what it was asked, and fails at some commands. A push arrives in the
# registry, where a digest is given to it. `make deploy` is executed, but for `make setup`.
_TOOL = """#!{python}
import hashlib, json, os, sys
words = sys.argv[1:]
with open(os.environ["TOOL_LOG"], "a") as log:
    print(json.dumps([{name!r}, *words]), file=log)
if " ".join([{name!r}, *words[:1]]) in os.environ.get("FAILING", "").split(","):
    sys.exit("it broke")
if "--password-stdin" in words:
    sys.stdin.read()
if words == ["deploy"]:
    os.execv({make!r}, ["make", "--no-print-directory", "--old-file=setup", "deploy"])
if words[0] == "push":
    import boto3
    repository, _, tag = words[1].partition("/")[2].partition(":")
    digest = "sha256:" + hashlib.sha256(words[1].encode()).hexdigest()
    layer = {{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 1,
             "digest": digest}}
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = {{"schemaVersion": 2, "mediaType": kind, "config": layer, "layers": [layer]}}
    region = words[1].split(".")[3]
    boto3.client("ecr", region_name=region).put_image(
        repositoryName=repository, imageTag=tag, imageManifest=json.dumps(manifest))
"""
_TOOLS = ("apt-get", "buildah", "docker", "make")
_PROGRAM = '#!/bin/sh\nexec "{python}" -c "from {module} import main; main()" "$@"\n'
_PROGRAMS = {"pipeline": "sagetabular.cli", "run-pipeline": "sagetabular.run_pipeline"}


@dataclass(frozen=True)
class Build:
    """How a build ended.

    Attributes:
        phases: Phase → exit code, of those that were begun.
        output: All that was printed.
        calls: What the tools were asked.
    """

    phases: dict[str, int]
    output: str
    calls: list[list[str]]

    def docker(self, command: str) -> list[list[str]]:
        """Arguments of docker's calls with a command."""
        return [call[2:] for call in self.calls if call[:2] == ["docker", command]]


class Checkout:
    """Sources in git beside fake tools, as a build server has them.

    Args:
        project: Folder of the sources, in git.
        server: The account.
        work: Folder for the fake tools.
    """

    def __init__(self, project: Path, server: LocalAccount, work: Path) -> None:
        self.project, self._server, self._work = project, server, work
        self._bin, self._log = work / "bin", work / "tools.log"
        _write_programs(self._bin, {name: _tool(name) for name in _TOOLS})
        programs = {
            name: _PROGRAM.format(python=sys.executable, module=module)
            for name, module in _PROGRAMS.items()
        }
        _write_programs(project / ".venv/bin", programs)

    def commit(self, message: str) -> str:
        """Commit what the project holds and return the commit."""
        self._git("add", ".")
        self._git("-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qm", message)
        return self._git("rev-parse", "HEAD")

    def leave_git(self) -> None:
        """Leave the files of the commit alone, as CodePipeline hands them on."""
        shutil.rmtree(self.project / ".git")

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.project), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def execute(
        self, shell: Sequence[str], script: str, variables: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Execute a script in the project; no variable of this process but those of the tools."""
        return subprocess.run(
            [*shell, script],
            cwd=self.project,
            env=self._environment() | dict(variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )

    def calls(self) -> list[list[str]]:
        """Return what the tools were asked since the last time, and forget it."""
        if not self._log.exists():
            return []
        lines = self._log.read_text().splitlines()
        self._log.unlink()
        return [json.loads(line) for line in lines]

    def _environment(self) -> dict[str, str]:
        cache = os.environ.get("PYTHONPYCACHEPREFIX", str(self._work / "cache"))
        return {
            "PATH": f"{self._bin}:{os.environ['PATH']}",
            "HOME": str(self._work),
            "PYTHONPATH": str(self.project),
            "PYTHONPYCACHEPREFIX": cache,
            "TOOL_LOG": str(self._log),
        }


class CodeBuild(Checkout):
    """Executes a buildspec as CodeBuild does: all commands in one shell, phase by phase.

    A command that fails ends its phase; after a failed phase no other is begun. (`post_build`
    would be, after `build`: this runner refuses it.)
    """

    def build(self, **variables: str) -> Build:
        """Build what is committed, with further environment variables."""
        text = (self.project / "codebuild-buildspec.yml").read_text(encoding="utf-8")
        phases = yaml.safe_load(text)["phases"]
        assert "post_build" not in phases
        codes = self._work / "codes"
        codes.write_text("")
        variables = self._server.environment | variables
        result = self.execute(["sh", "-c"], _script(phases, codes), variables)
        ended = dict(line.split() for line in codes.read_text().splitlines())
        phases = {name: int(code) for name, code in ended.items()}
        return Build(phases, result.stdout, self.calls())


def _script(phases: dict[str, Any], codes: Path) -> str:
    """One shell for everything, since that is what lets a command set variables for the next."""
    lines = []
    for name, phase in phases.items():
        for command in phase["commands"]:
            lines += [command, f'test $? -eq 0 || {{ echo {name} 1 >> "{codes}"; exit 1; }}']
        lines.append(f'echo {name} 0 >> "{codes}"')
    return "\n".join(lines)


def _tool(name: str) -> str:
    return _TOOL.format(python=sys.executable, name=name, make=shutil.which("make"))


def _write_programs(folder: Path, programs: dict[str, str]) -> None:
    folder.mkdir(parents=True)
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
