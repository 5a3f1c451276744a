"""What only the image can show: who runs, what may be written, what is not in it."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from sagetabular.aws.images.engines import find_engine

ENGINE, IMAGE = find_engine(None).name, os.environ["CONTAINER_IMAGE"]
WHO = (
    "import json, os\n"
    "from pathlib import Path\n"
    "status = Path('/proc/self/status').read_text()\n"
    "report = {'uid': os.getuid(), 'groups': os.getgroups(), 'parent': os.getppid(),\n"
    "          'capabilities': [line.split()[1] for line in status.splitlines()"
    " if line.startswith('CapEff')]}\n"
    "Path(os.environ['SM_MODEL_DIR'], 'who.json').write_text(json.dumps(report))\n"
)


def inside(*command: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run a command in a new container."""
    words = [ENGINE, "run", "--rm", "--no-healthcheck", "--network", "none", *options]
    return subprocess.run(
        [*words, IMAGE, *command], capture_output=True, text=True, timeout=120, check=False
    )


def who(tree):
    return json.loads((tree.base / "model/who.json").read_text())


@pytest.mark.parametrize("options", [(), ("--user", "1000:1000"), ("--read-only",)])
def test_programs_run_as_a_user_without_capabilities(container, tree, options):
    if "--user" in options:  # then nobody can hand the folders over
        for path in (tree.base, tree.base / "model", tree.base / "output"):
            path.chmod(0o777)
    container.options = options
    tree.add_script(WHO)
    ended = container.train()
    assert (ended.returncode, tree.failure) == (0, ""), ended.stdout
    found = who(tree)
    assert found == {
        "uid": 1000,
        "groups": found["groups"],
        "parent": 1,
        "capabilities": ["0" * 16],
    }
    assert set(found["groups"]) <= {1000}


def test_inputs_that_only_root_may_read_keep_the_job_running(container, tree):
    tree.add_script(WHO)
    (tree.base / "input/data/code").chmod(0o700)
    (tree.base / "input/data").chmod(0o700)
    ended = container.train()
    assert ended.returncode == 0
    assert "Running as root: sagemaker may not read" in ended.stdout
    assert who(tree)["uid"] == 0


def test_a_container_that_may_not_change_users_keeps_the_job_running(container, tree):
    container.options = ("--cap-drop", "ALL")
    tree.add_script(WHO)
    ended = container.train()
    assert ended.returncode == 0
    assert "Running as root: " in ended.stdout
    assert who(tree)["capabilities"] == ["0" * 16]


def test_the_program_cannot_be_changed_by_its_user(tree):
    attempt = "touch /opt/program/x /opt/venv/x || touch /opt/program/bin/train"
    ended = inside("sh", "-c", attempt, options=("--user", "1000:1000"))
    assert ended.returncode != 0
    assert ended.stderr.count("Permission denied") == 3


def test_nothing_that_builds_or_tests_is_left():
    search = (
        "for name in pip pip3 gcc cc make; do command -v $name; done;"
        "find / -xdev -type d \\( -name tests -o -name pip -o -name setuptools -o -name ensurepip"
        " -o -name pkg_resources \\) -not -path '/usr/share/*' -not -path '/proc/*'"
    )
    assert inside("sh", "-c", search).stdout == ""


def test_everything_is_compiled_already():
    code = (
        "import sys, importlib.util as util\n"
        "import sagetabular.jobs.container.classic, models.decision_tree.model\n"
        "from pathlib import Path\n"
        "files = {m.__cached__ for m in list(sys.modules.values()) if getattr(m, '__cached__', 0)"
        " and m.__file__.startswith('/opt')}\n"
        "print(len(files), [file for file in files if not Path(file).exists()])"
    )
    count, missing = inside("python3", "-c", code).stdout.split(maxsplit=1)
    assert int(count) > 500
    assert missing.strip() == "[]"


def test_it_names_neither_a_commit_nor_a_version_and_knows_how_to_serve():
    answer = subprocess.run(
        [ENGINE, "inspect", "--type", "image", IMAGE], capture_output=True, text=True, check=True
    )
    image = json.loads(answer.stdout)[0]
    config = image["Config"]
    assert [name for name in config["Labels"] if name.startswith("org.opencontainers.image")] == [
        "org.opencontainers.image.title"
    ]
    assert config["Cmd"] == ["serve"]
    health = config.get("Healthcheck") or image["Healthcheck"]  # Docker, Podman
    assert health["Test"][:3] == ["CMD", "python3", "-c"]


def test_no_version_of_the_packages_is_in_it():
    ended = inside("sh", "-c", "find / -xdev -path '/opt/*' -name 'sage*' -name '*-*'")
    assert (ended.returncode, ended.stdout) == (0, "")
