"""A definition is compiled anew exactly when something changed that it is made from."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from sagetabular.compiling import compilation
from sagetabular.compiling.compilation import compile_pipeline

KEPT = ".pipeline/compiled"


def kept(example) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (example.root / KEPT).iterdir()}


@pytest.fixture
def counted(monkeypatch) -> list[object]:
    """Every real compilation adds to this list; it writes a definition of one line."""
    calls: list[object] = []

    def compile_once(settings):
        calls.append(settings)
        return f"definition {len(calls)}\n".encode()

    monkeypatch.setattr(compilation, "_compile", compile_once)
    return calls


def test_the_second_compilation_gives_the_first_ones_bytes(example, compiled):
    first, second = example.compile(), example.compile()
    assert first == second
    assert second.definition == compiled.definition
    assert list(kept(example).values()) == [compiled.definition]


CHANGES = {
    "conf": ("conf/pipeline.yaml", "\n# x"),
    "account": ("conf/aws.yaml", "\n# x"),
    "settings of a model": ("models/ridge/model.yaml", "\n# x"),
    "code of a model": ("models/ridge/model.py", "\n# x"),
    "query": ("queries/ingest.sql", "-- x"),
    "the graph": ("pipelines/training/pipeline.py", "\n# x"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_file_is_compiled_and_replaces_what_was_kept(example, counted, name):
    file, text = CHANGES[name]
    example.compile()
    example.append(file, text)
    assert example.compile().definition == b"definition 2\n"
    assert example.compile().definition == b"definition 2\n"
    assert list(kept(example).values()) == [b"definition 2\n"]


@pytest.mark.parametrize("file", ["steps/models/tune.py", "jobs/fit.py"])
def test_another_state_of_the_package_is_compiled(example, counted, package, file):
    example.compile()
    package.append(file, "\n# x")
    assert example.compile().definition == b"definition 2\n"


@pytest.mark.parametrize("kind", ["added", "renamed", "removed"])
def test_a_file_more_or_less_or_of_another_name_is_compiled(example, counted, kind):
    example.write("models/ridge/notes.py", "")
    example.compile()
    file = example.root / "models/ridge/notes.py"
    if kind == "added":
        example.write("models/ridge/more.py", "")
    elif kind == "renamed":
        file.rename(file.with_name("other.py"))
    else:
        file.unlink()
    example.compile()
    assert len(counted) == 2


def test_a_query_outside_its_folder_counts_too(example, counted):
    example.write("sql/own.sql", "SELECT 1")
    example.change("conf/pipeline.yaml", "data.query", "sql/own.sql")
    example.compile()
    example.write("sql/own.sql", "SELECT 2")
    example.compile()
    assert len(counted) == 2


def test_other_libraries_and_another_python_are_compiled(example, counted, monkeypatch):
    example.compile()
    monkeypatch.setattr(compilation.metadata, "version", lambda name: f"{name} 99")
    example.compile()
    monkeypatch.setattr(compilation.platform, "python_version", lambda: "3.99.0")
    example.compile()
    assert len(counted) == 3


def test_a_project_that_moved_needs_no_compilation(example, other_example, counted):
    example.compile()
    shutil.copytree(example.root / KEPT, other_example.root / KEPT)
    other_example.compile()
    assert len(counted) == 1


def test_a_place_that_cannot_be_written_only_costs_the_time(example, counted):
    example.write(".pipeline", "a file where the folder should be")
    assert example.compile().definition == b"definition 1\n"
    assert compile_pipeline(example.load()).definition == b"definition 2\n"


def test_a_definition_that_breaks_a_rule_is_not_kept(example, monkeypatch):
    def refuse(_settings):
        raise ValueError

    monkeypatch.setattr(compilation, "_compile", refuse)
    with pytest.raises(ValueError):
        example.compile()
    assert not (example.root / KEPT).exists()


@pytest.mark.slow
def test_the_command_imports_the_sdk_only_when_it_compiles(example, compiled):
    code = (
        "import sys\nfrom sagetabular.cli import main\n"
        "try:\n    main()\nfinally:\n"
        "    print({'sagemaker', 'botocore', 'boto3'} & set(sys.modules) == set(), end='',"
        " file=sys.stderr)\n"
    )
    outcomes = []
    for _ in range(2):
        ended = subprocess.run(
            [sys.executable, "-c", code, "compile"],
            cwd=example.root,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=False,
        )
        assert ended.stdout == compiled.definition, ended.stderr
        outcomes.append(ended.stderr.splitlines()[-1])  # below the notes
    assert outcomes == [b"False", b"True"]
