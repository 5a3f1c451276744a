"""One damaged file of one old execution: it is named in two lines, and everything else goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sagelocal import LocalSageMaker
from sagelocal.errors import DamagedError

CACHED = {"CacheConfig": {"Enabled": True, "ExpireAfter": "P30D"}}
FILES = ["execution.json", "parameters.json", "steps/First.json", "steps/End.json"]


def without(*names: str) -> Callable[[Path], None]:
    return lambda path: change(path, lambda content: [content.pop(name, None) for name in names])


def having(**members: Any) -> Callable[[Path], None]:
    return lambda path: change(path, lambda content: content.update(members))


def change(path: Path, do: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text())
    do(content)
    path.write_text(json.dumps(content))


def into_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


# For every file of JSON.
DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut short": lambda path: path.write_text("{"),
    "cut in the middle": lambda path: path.write_bytes(path.read_bytes()[: -len("\n}\n") - 1]),
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(512)),
    "binary": lambda path: path.write_bytes(os.urandom(64) + b"\xff\xfe\x80"),
    "a list": lambda path: path.write_text("[]"),
    "a number": lambda path: path.write_text("3"),
    "nothing": lambda path: path.write_text("null"),
    "deep": lambda path: path.write_text("[" * 100_000),
    "folder": into_a_folder,
}
# For one file alone.
OTHERS: list[tuple[str, str, Callable[[Path], object]]] = [
    ("execution.json", "no id", without("id")),
    ("execution.json", "no status", without("status")),
    ("execution.json", "no steps", without("steps")),
    ("execution.json", "no pipeline", without("pipeline_name")),
    ("execution.json", "no start", without("start_time")),
    ("execution.json", "another id", having(id="20200101-000000-0000")),
    ("execution.json", "an id of another type", having(id=5)),
    ("execution.json", "another status", having(status="Done")),
    ("execution.json", "a status of another type", having(status=None)),
    ("execution.json", "steps of another type", having(steps={"First": 1})),
    ("execution.json", "steps that are no names", having(steps=["First", 5])),
    ("execution.json", "a step that is not there", having(steps=["First", "Other"])),
    ("execution.json", "no time", having(end_time="yesterday")),
    ("execution.json", "attempts of another type", having(attempts="two")),
    ("execution.json", "selected of another type", having(selected="First")),
    ("execution.json", "metadata of another type", having(metadata=[1])),
    ("parameters.json", "missing", Path.unlink),
    ("steps/First.json", "missing", Path.unlink),
    ("steps/First.json", "no name", without("name")),
    ("steps/First.json", "no status", without("status")),
    ("steps/First.json", "another name", having(name="Second")),
    ("steps/First.json", "another status", having(status="Great")),
    ("steps/First.json", "no response", having(response=None)),
    ("steps/First.json", "a response of another type", having(response=[1])),
    ("steps/First.json", "an empty response", having(response={"ProcessingOutputConfig": 1})),
    ("steps/First.json", "an output without a place", having(
        response={"ProcessingOutputConfig": {"Outputs": [{"OutputName": "x"}]}})),
    ("steps/First.json", "a place that is none", having(
        response={"ProcessingOutputConfig": {"Outputs": [{"S3Output": {"S3Uri": 5}}]}})),
    ("steps/First.json", "arguments of another type", having(arguments="x")),
    ("steps/First.json", "no end", having(end_time=None)),
    ("steps/First.json", "no time", having(end_time="2026-13-45")),
    ("steps/First.json", "a time of another type", having(start_time=12)),
    ("steps/First.json", "another origin", having(cached_from={"a": 1})),
]  # fmt: skip
CASES = [(file, name, damage) for file in FILES for name, damage in DAMAGES.items()] + OTHERS


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two executions of one pipeline, whose first step is cached; the other fails."""
    from building import Build

    folder = tmp_path_factory.mktemp("prepared")
    build = Build(folder)
    first = build.processing("First", "print('hello')", step=CACHED)
    end = {"Name": "End", "Type": "Fail", "Arguments": {}, "DependsOn": ["First"]}
    (folder / "definition.json").write_bytes(build.definition(first, end))
    for _ in range(2):
        record = LocalSageMaker(folder / ".sagelocal").start(
            (folder / "definition.json").read_bytes(), pipeline_name="definition"
        )
        assert record.steps["First"].status == "Succeeded"
    return folder


@pytest.fixture
def ids(folder: Path, prepared: Path) -> tuple[str, str]:
    """Put the two executions here; return the older and the newer."""
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    older, newer = sorted(path.name for path in (folder / ".sagelocal/executions").iterdir())
    return older, newer


@pytest.mark.parametrize(
    ("file", "damage"), [(file, damage) for file, _, damage in CASES],
    ids=[f"{file}: {name}" for file, name, _ in CASES],
)  # fmt: skip
def test_every_command_goes_on_without_a_damaged_execution(
    sagelocal, folder: Path, ids, caplog, file: str, damage
) -> None:
    older, newer = ids
    path = folder / ".sagelocal/executions" / newer / file
    damage(path)
    listed = sagelocal("executions", "--json")
    assert listed.code == 0
    assert [record["id"] for record in listed.json()] == [older]
    (said,) = {record.getMessage() for record in caplog.records}
    rule, remedy = said.splitlines()
    assert rule.startswith(str(path.parents[len(Path(file).parts) - 1]))
    assert " is damaged: " in rule
    directory = folder / ".sagelocal/executions" / newer
    assert remedy == f"Restore it, or remove that execution: delete {directory}."
    for command in (["show", newer], ["logs", newer], ["resume", newer]):
        ended = sagelocal(*command)
        assert ended.code == 2, command
        assert ended.err.splitlines() == [rule, remedy], command
    for command in (["show", older], ["logs", older]):
        assert sagelocal(*command).code == 0
    again = sagelocal("run", "definition.json")
    assert again.code == 1, "its last step fails, as ever"
    sagemaker = LocalSageMaker(folder / ".sagelocal")
    record = sagemaker.executions()[0]
    assert record.steps["First"].cached_from == older
    with pytest.raises(DamagedError) as caught:  # nobody knows what it has taken from others
        sagemaker.clean(0)
    assert str(caught.value) == said
    shutil.rmtree(directory)
    assert {entry.execution for entry in sagemaker.clean(0)} == {older, record.id}


@pytest.mark.parametrize("damage", ["missing", "folder", "cut short", "binary"])
def test_a_damaged_definition_stops_only_who_needs_it(
    sagelocal, folder: Path, ids, damage: str
) -> None:
    _, newer = ids
    path = folder / ".sagelocal/executions" / newer / "definition.json"
    (Path.unlink if damage == "missing" else DAMAGES[damage])(path)
    assert sagelocal("show", newer).code == 0
    ended = sagelocal("resume", newer)
    assert (ended.code, len(ended.err.splitlines())) == (2, 2)


def test_a_file_that_cannot_be_read_is_as_a_damaged_one(
    sagelocal, folder: Path, ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = ids
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "First.json" and newer in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert [one["id"] for one in sagelocal("executions", "--json").json()] == [older]
    assert "First.json is damaged: Permission denied." in sagelocal("show", newer).err


def test_it_is_said_once_in_two_lines_on_standard_error(folder: Path, ids) -> None:
    older, newer = ids
    (folder / ".sagelocal/executions" / newer / "steps/First.json").write_text("{")
    words = [sys.executable, "-m", "sagelocal", "executions"]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    assert older in ended.stdout
    assert newer not in ended.stdout
    rule, remedy = ended.stderr.splitlines()
    assert "First.json is damaged: it holds no JSON" in rule
    assert remedy.startswith("Restore it, or remove that execution: delete ")


def test_a_new_execution_takes_nothing_from_a_damaged_one(sagelocal, folder: Path, ids) -> None:
    older, newer = ids
    for identifier in ids:
        (folder / ".sagelocal/executions" / identifier / "steps/First.json").write_text("{")
    assert sagelocal("run", "definition.json").code == 1
    record = LocalSageMaker(folder / ".sagelocal").executions()[0]
    assert record.id not in (older, newer)
    assert record.steps["First"].cached_from is None


PACKAGE_DAMAGES: list[tuple[str, Callable[[Path], object]]] = [
    *DAMAGES.items(),
    ("no version", without("ModelPackageVersion")),
    ("another version", having(ModelPackageVersion=7)),
    ("another group", having(ModelPackageGroupName="other")),
    ("another status", having(ModelApprovalStatus="Good")),
    ("no status", without("ModelApprovalStatus")),
    ("no time", without("CreationTime")),
    ("an ARN of another type", having(ModelPackageArn=5)),
]


@pytest.mark.parametrize(
    "damage", [damage for _, damage in PACKAGE_DAMAGES], ids=[name for name, _ in PACKAGE_DAMAGES]
)
def test_a_damaged_version_of_a_model_is_left_out_and_named(home: Path, damage, caplog) -> None:
    sagemaker = LocalSageMaker(home)
    for _ in range(3):
        sagemaker.registry.create_model_package({"ModelPackageGroupName": "houses"})
    path = home.absolute() / "model-registry/houses/2.json"
    damage(path)
    found = [package["ModelPackageVersion"] for package in sagemaker.registry.packages()]
    assert found == [1, 3]
    (said,) = {record.getMessage() for record in caplog.records}
    rule, remedy = said.splitlines()
    assert rule.startswith(f"{path} is damaged: ")
    assert remedy == f"Restore it, or delete {path}."
    with pytest.raises(DamagedError, match="is damaged"):
        sagemaker.registry.describe("houses", 2)
    with pytest.raises(DamagedError, match="is damaged"):
        sagemaker.registry.update_approval("houses", 2, "Approved")
    new = sagemaker.registry.create_model_package({"ModelPackageGroupName": "houses"})
    assert new["ModelPackageVersion"] == 4
    with pytest.raises(DamagedError, match="is damaged"):  # it may refer to any execution
        sagemaker.clean(0)
