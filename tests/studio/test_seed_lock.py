"""What the seed's build installs, and with what."""

from __future__ import annotations

import re
import tomllib

import yaml

from studio.publishing.bundling.locks import PYTHON, read_lock
from tests.baking import ROOT

SEED = ROOT / "studio/seed"
# What pip's documentation calls options of a requirements file that name an index or a place.
PLACES = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host")
EXPORTED = "SEED_RESULT"


def test_the_lock_has_hashes_and_names_no_place() -> None:
    text = (SEED / "seed.lock").read_text(encoding="utf-8")
    assert not any(line.startswith(PLACES) for line in text.splitlines())
    assert "://" not in text
    names = {each.name for each in read_lock(text, "seed.lock")}
    assert {"cookiecutter", "cruft"} <= names


def test_the_build_installs_the_versions_that_tests_run_with() -> None:
    pinned = re.compile(r"^([\w-]+)==(\S+)", re.MULTILINE)
    ours = dict(pinned.findall((ROOT / "requirements.lock").read_text(encoding="utf-8")))
    seeds = dict(pinned.findall((SEED / "seed.lock").read_text(encoding="utf-8")))
    assert {name: ours.get(name, version) for name, version in seeds.items()} == seeds
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = (SEED / "seed.in").read_text(encoding="utf-8").splitlines()
    assert set(wanted[1:]) <= set(groups["dependency-groups"]["dev"])


def test_the_buildspec_asks_for_the_python_that_the_wheels_are_for() -> None:
    text = (SEED / "buildspec.yml").read_text(encoding="utf-8")
    spec = yaml.safe_load(text)
    assert str(spec["phases"]["install"]["runtime-versions"]["python"]) == PYTHON
    assert spec["env"]["exported-variables"] == [EXPORTED]
    assert spec["env"]["variables"][EXPORTED].startswith("refused: ")
    for option in ("--no-index", "--require-hashes"):
        assert option in text
