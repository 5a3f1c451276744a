"""CodeBuild for the local AWS server: executes the buildspec of an archive in a bucket.

Who starts a build is answered at its end, if that is soon: nobody need ask again for a short one.

All commands run in one shell, phase by phase. A command that fails ends its phase; after a failed
install or pre_build nothing else is begun, `post_build` follows a failed build too, as CodeBuild's
documentation has it (docs.aws.amazon.com/codebuild/latest/userguide/view-build-details.html).
"""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import boto3
import yaml
from ministack.services import codebuild

Request = dict[str, Any]
# Less than clients wait for an answer.
_SECONDS = 20
_PHASES = ("install", "pre_build", "build")


def executing(start: Callable[[Request], Any], git: Path) -> Callable[[Request], Any]:
    """Return what starts a build: as before, but one from a bucket is executed.

    Args:
        start: What makes the record of a build.
        git: Folder with the hosts' bare repositories.
    """

    def start_build(request: Request) -> Any:
        before = set(codebuild._builds)
        status, headers, body = start(request)
        for identifier in set(codebuild._builds) - before:
            build = codebuild._builds[identifier]
            if build["source"].get("type") == "S3":
                build["buildStatus"] = "IN_PROGRESS"
                arguments = (_run, build, request, git)
                thread = threading.Thread(target=copy_context().run, args=arguments)
                thread.start()
                thread.join(_SECONDS)
                body = json.dumps({"build": build}).encode()
        return status, headers, body

    return start_build


def _run(build: dict[str, Any], request: Request, git: Path) -> None:
    overrides = request.get("environmentVariablesOverride", [])
    try:
        _execute(build, overrides, request.get("sourceLocationOverride", ""), git)
    except Exception as error:
        build["buildStatus"] = "FAULT"
        build["phases"] = [{"contexts": [{"message": str(error)}]}]


def _execute(
    build: dict[str, Any], overrides: list[dict[str, str]], location: str, git: Path
) -> None:
    work = Path(mkdtemp(prefix="build-"))
    (source := work / "source").mkdir()
    bucket, _, key = (location or build["source"]["location"]).partition("/")
    body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        archive.extractall(source)
    spec = build["source"].get("buildspec") or "buildspec.yml"
    text = spec if "\n" in spec else (source / spec).read_text(encoding="utf-8")
    told = yaml.safe_load(text)
    exported = told.get("env", {}).get("exported-variables", [])
    ended = subprocess.run(
        ["bash", "-c", "\n".join(_script(told["phases"], exported, work))],
        cwd=source,
        env=_variables(build, overrides, told, work, git),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    (work.parent / f"{build['projectName']}.log").write_bytes(ended.stdout)
    values = {name: work / f"exported-{name}" for name in exported}
    build["exportedEnvironmentVariables"] = [
        {"name": name, "value": file.read_text(encoding="utf-8")}
        for name, file in values.items()
        if file.is_file()
    ]
    build["endTime"] = int(time.time())
    build["buildStatus"] = "FAILED" if ended.returncode else "SUCCEEDED"


def _script(phases: dict[str, Any], exported: list[str], work: Path) -> Iterator[str]:
    yield "leave() { code=$?; trap - EXIT"
    yield from [f'printf %s "${{{name}-}}" > {work}/exported-{name}' for name in exported]
    yield "exit $code; }"
    yield "trap leave EXIT"
    for name in _PHASES:
        phase = phases.get(name, {})
        last = phases.get("post_build", {}).get("commands", []) if name == "build" else []
        after = "\n".join([*phase.get("finally", []), *last])
        for command in phase.get("commands", []):
            yield f"{command}\n_code=$?; if [ $_code != 0 ]; then\n{after}\nexit $_code; fi"
        yield after


def _variables(
    build: dict[str, Any],
    overrides: list[dict[str, str]],
    told: dict[str, Any],
    work: Path,
    git: Path,
) -> dict[str, str]:
    (home := work / "home").mkdir()
    (home / ".gitconfig").write_text("".join(_git_configuration(git)))
    own = {name: os.environ[name] for name in os.environ if name.startswith("AWS_")}
    region = os.environ["MINISTACK_REGION"]
    declared = [*build["environment"].get("environmentVariables", []), *overrides]
    return {
        **own,
        **{name: str(value) for name, value in told.get("env", {}).get("variables", {}).items()},
        **{entry["name"]: entry["value"] for entry in declared},
        # What the image has: the test puts its programs there.
        "PATH": f"{git.parent / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PIP_FIND_LINKS": str(git.parent / "wheels"),
        "PULL_REQUESTS": str(git.parent / "pull-requests"),
        "HOME": str(home),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "CODEBUILD_BUILD_ID": build["id"],
        "CODEBUILD_BUILD_ARN": build["arn"],
        "CODEBUILD_SRC_DIR": str(work / "source"),
    }


def _git_configuration(git: Path) -> Iterator[str]:
    """Yield what makes bare repositories of this machine out of the hosts' addresses."""
    region = os.environ["MINISTACK_REGION"]
    hosts = {
        "codecommit": f"https://git-codecommit.{region}.amazonaws.com/v1/repos/",
        "connections": f"https://codeconnections.{region}.amazonaws.com/git-http/",
    }
    for folder, address in hosts.items():
        place = shlex.quote(f"{git / folder}/").strip("'")
        yield f'[url "file://{place}"]\n\tinsteadOf = {address}\n'
