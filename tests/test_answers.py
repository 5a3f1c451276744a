"""Answers: which are refused, and that none is ever executed or broken."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import boto3
import pytest
import yaml
from cookiecutter.exceptions import CookiecutterException, FailedHookException
from cookiecutter.main import cookiecutter
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError

from tests.baking import ROOT, run_hook
from tests.conftest import Bake

EVIL = "open('executed', 'w')"
BAD_SLUGS = {
    "capital letters": "Housing",
    "an underscore": "housing_prices",
    "a space": "housing prices",
    "two hyphens": "housing--prices",
    "a hyphen first": "-housing",
    "a hyphen last": "housing-",
    "a digit first": "3d-printing",
    "too short": "ab",
    "too long": "a" * 33,
    "another alphabet": "жилье",
    "digits of another alphabet": "a٣٤",
    "a line end last": "housing\n",
    "Python": f"x'+{EVIL}+'",
    "a template": "{{ 7 * 7 }}",
    "a shell command": "$(touch executed)",
}
BAD_REGIONS = ["", "Ireland", "eu-west", "eu-west-1a", "us-esat-1", "EU-WEST-1", "eu-west-1\n"]
BAD_NAMES = {
    "nothing": "",
    "spaces": "   ",
    "a space first": " Housing",
    "a line end": "Housing\nPrices",
    "a tab": "Housing\tPrices",
    "an escape sequence": "\x1b[31mHousing",
    "text from right to left": "Housing \u202eprices",
    "half a character": "Housing \ud83d",
    "too long": "x" * 64,
}
NAMES = [
    'The "Housing" Prices',
    "O'Brien's prices",
    "back\\slash \\",
    '\\" \\n """ \'\'\'',
    "Größe & Preis — 価格 🏠",
    "#comment: [a, b] {c: d} <e> %f ${g} `h`",
    "- dash",
    "x" * 63,
]


def refused(name: str, value: str, folder: Path) -> str:
    """Run the hook on an answer, check the form of its refusal, return the text."""
    result = run_hook("pre_gen_project", {name: value}, folder)
    assert result.returncode != 0, f"{value!r} was accepted"
    assert not list(folder.iterdir()), "the answer was executed"
    rule, remedy = result.stderr.splitlines()
    assert rule.startswith(f"{name} must ") and f"got {value[:80]!a}." in rule
    assert remedy.endswith(".")
    return result.stderr


@pytest.mark.parametrize("slug", ["a/b", "a\\b", "../beside", "..", ".", "", "{elsewhere}", "a/"])
def test_a_slug_that_is_a_path_is_refused_before_a_folder_is_made(
    template: Path, tmp_path: Path, slug: str
) -> None:
    (tmp_path / "output").mkdir()
    slug = slug.format(elsewhere=tmp_path / "elsewhere/deep")
    with pytest.raises((UndefinedError, CookiecutterException), match="project_slug must be"):
        cookiecutter(
            str(template),
            no_input=True,
            default_config=True,
            output_dir=str(tmp_path / "output"),
            extra_context={"project_slug": slug},
        )
    assert [each.name for each in tmp_path.rglob("*")] == ["output"]


@pytest.mark.parametrize("value", BAD_SLUGS.values(), ids=BAD_SLUGS.keys())
def test_a_slug_that_aws_would_refuse_is_refused(value: str, tmp_path: Path) -> None:
    assert "SageMaker" in refused("project_slug", value, tmp_path)


@pytest.mark.parametrize("value", BAD_REGIONS)
def test_what_is_no_region_is_refused(value: str, tmp_path: Path) -> None:
    refused("aws_region", value, tmp_path)


@pytest.mark.parametrize("value", BAD_NAMES.values(), ids=BAD_NAMES.keys())
def test_a_name_that_would_break_files_is_refused(value: str, tmp_path: Path) -> None:
    refused("project_name", value, tmp_path)


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    answers = {"project_name": "", "project_slug": "X", "aws_region": "?"}
    result = run_hook("pre_gen_project", answers, tmp_path)
    assert [line.split()[0] for line in result.stderr.splitlines()[::2]] == list(answers)


def test_every_region_that_the_sdk_knows_is_accepted(tmp_path: Path) -> None:
    session = boto3.Session()
    regions = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("sagemaker", partition)
    }
    assert len(regions) > 30
    source = (ROOT / "hooks" / "pre_gen_project.py").read_text(encoding="utf-8")
    hook = {"__name__": "hook"}
    exec(source.replace("{{ cookiecutter | tojson }}", "{}"), hook)  # one process for all regions
    check = hook["check_aws_region"]
    assert callable(check)
    assert [region for region in regions if check(region)] == []
    assert run_hook("pre_gen_project", {"aws_region": "us-gov-west-1"}, tmp_path).returncode == 0


@settings(max_examples=25, deadline=None)
@given(value=st.text(alphabet=st.characters(codec="utf-8"), max_size=70))
def test_no_text_breaks_the_hook(value: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("hook")
    result = run_hook("pre_gen_project", {"project_name": value}, folder)
    assert "Traceback" not in result.stderr
    assert result.returncode in (0, 1)
    allowed = 1 <= len(value) <= 63 and value.isprintable() and value.strip() == value
    assert (result.returncode == 0) == allowed


@pytest.mark.parametrize(
    "answers",
    [{"project_slug": "Housing"}, {"aws_region": "Ireland"}],
    ids=lambda answers: next(iter(answers.values())),
)
def test_a_refused_answer_leaves_no_project(
    bake: Bake, tmp_path: Path, answers: dict[str, str]
) -> None:
    with pytest.raises(FailedHookException):
        bake(**answers)
    assert list((tmp_path / "output").iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_project_name_arrives_unchanged_in_every_format(bake: Bake, name: str) -> None:
    project = bake(project_name=name, project_slug="housing-prices")
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert metadata["description"].startswith(f"{name}: ")
    assert f"# {name}\n" in (project / "README.md").read_text(encoding="utf-8")
    for file in (project / "conf").glob("*.yaml"):
        assert yaml.safe_load(file.read_text(encoding="utf-8")), file


@pytest.mark.parametrize("name", NAMES)
def test_every_name_that_is_round_tripped_is_one_that_the_hook_accepts(
    name: str, tmp_path: Path
) -> None:
    assert run_hook("pre_gen_project", {"project_name": name}, tmp_path).returncode == 0


def test_a_template_typed_as_a_name_stays_text(tmp_path: Path) -> None:
    result = run_hook("pre_gen_project", {"project_name": f"{{{{ {EVIL} }}}}"}, tmp_path)
    assert result.returncode == 0
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Größe & Preis", "grosse-preis"),
        ("Churn 2026 (EU)", "churn-2026-eu"),
        (
            "A name that is longer than the thirty-two characters",
            "a-name-that-is-longer-than-the-t",
        ),
    ],
)
def test_the_slug_follows_from_the_name(bake: Bake, name: str, slug: str) -> None:
    assert bake(project_name=name).name == slug


def test_the_command_line_of_cookiecutter_ends_with_the_rule(
    template: Path, tmp_path: Path
) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "cookiecutter", str(template), "project_slug=My_Project"),
            *("--no-input", "--default-config", "--output-dir", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert result.returncode != 0
    assert "project_slug must be lower-case letters" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "My_Project").exists()
