"""A project and an installed package of different majors do not work together."""

from __future__ import annotations

from importlib import metadata

import pytest
from projects import TEMPLATE

from sagetabular import get_pipeline_definition, run_pipeline
from sagetabular.project import versions

COMMANDS = [
    *("compile", "run", "executions", "doctor", "graph", "data sample", "model check"),
    *("clean --keep 1", "registry list", "serve", "eject preprocess"),
]
WITH_MODULE = ["--module-name", "pipelines.training.pipeline"]
PROGRAMS = {
    "get-pipeline-definition": (get_pipeline_definition.main, WITH_MODULE),
    "run-pipeline": (run_pipeline.main, [*WITH_MODULE, "--role-arn", "arn:aws:iam::1:role/x"]),
}
MISMATCH = [
    "pyproject.toml: tool.sagetabular.template must have the major of the installed sagetabular "
    "1.7.0, got '2.0.1'.",
    "Update the project with `cruft update`, or put the wheels of a version 2 into vendor/ and run "
    "`make lock` and `make setup`.",
]


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """Let the installed package be of version 1.7.0."""
    monkeypatch.setattr(versions.metadata, "version", lambda _name: "1.7.0")


def write(example, version: str) -> None:
    example.write("pyproject.toml", f"[tool.sagetabular]\ntemplate = {version}\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_a_project_of_another_major(pipeline, example, command):
    write(example, '"2.0.1"')
    assert pipeline(*command.split()).mistake == MISMATCH


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_sagemaker_projects_calls_refuses_it_in_the_same_words(
    example, monkeypatch, capsys, name
):
    write(example, '"2.0.1"')
    monkeypatch.chdir(example.root)
    program, arguments = PROGRAMS[name]
    with pytest.raises(SystemExit) as caught:
        program(arguments)
    printed = capsys.readouterr()
    assert caught.value.code not in (0, None)
    assert (printed.out, printed.err.splitlines()) == ("", MISMATCH)


@pytest.mark.parametrize("version", ["1.0.0", "1.7.0", "1.99.3"])
def test_versions_of_one_major_work_together(pipeline, example, version):
    write(example, f'"{version}"')
    assert pipeline("executions").code == 0


@pytest.mark.parametrize(
    "text", [None, "", "[project]\nname = 'x'\n", "[tool.sagetabular]\n", "tool = 3\n"]
)
def test_a_project_that_names_no_version_is_accepted(pipeline, example, text):
    if text is not None:
        example.write("pyproject.toml", text)
    assert pipeline("executions").code == 0


@pytest.mark.parametrize("version", ['"one"', '"1.0"', '"01.0.0"', '"1.0.0.dev0"', "1", '"1.1٢.0"'])
def test_what_is_no_version_of_a_release_is_refused(pipeline, example, version):
    write(example, version)
    rule, remedy = pipeline("executions").mistake
    shown = version if version == "1" else f"'{version[1:-1]}'"
    assert rule == (
        f"pyproject.toml: tool.sagetabular.template must be the version of a release, got {shown}."
    )
    assert remedy == 'Write the one that made the project, for example template = "1.0.0".'


@pytest.mark.parametrize("content", ["[tool\n", b"\xff"])
def test_a_file_that_is_no_toml_is_refused(pipeline, example, content):
    (example.root / "pyproject.toml").write_bytes(
        content.encode() if isinstance(content, str) else content
    )
    assert pipeline("executions").mistake[0].startswith("pyproject.toml must be TOML, got: ")


def test_files_that_are_not_installed_have_no_version_to_compare(pipeline, example, monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(versions.metadata, "version", absent)
    write(example, '"2.0.1"')
    assert pipeline("executions").code == 0


def test_help_is_there_for_a_project_of_another_major(pipeline, example):
    write(example, '"2.0.1"')
    assert pipeline("--help").code == 0
    assert pipeline("compile", "--help").code == 0


def test_the_template_names_the_release_whose_wheels_it_ships():
    wheels = (TEMPLATE / "vendor").glob("sagetabular-*.whl")
    (release,) = {wheel.name.split("-")[1] for wheel in wheels}
    assert versions.template_version(TEMPLATE) == release
