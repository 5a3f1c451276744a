"""The folder is moved or removed during a run: two lines, and nothing at the old place."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from building import Build
from waiting import wait_until

from sagelocal import ExecutionStateError, LocalSageMaker

SLEEP = "import pathlib, time\npathlib.Path(MARK).touch()\ntime.sleep(1)\nprint('cv:r2=1;')\n"


def steps(kind: str, build: Build, sagemaker: LocalSageMaker, mark: Path) -> list[dict]:
    code = SLEEP.replace("MARK", repr(str(mark)))
    build.put_code(sagemaker.storage, fit=code)
    if kind == "Tuning":
        request = build.tuning_request(4, 2)
        return [{"Name": "A", "Type": kind, "Arguments": request}]
    if kind == "Training":
        return [{"Name": "A", "Type": kind, "Arguments": build.training_request()}]
    outputs = {"out": "s3://bucket/out"}
    second = build.processing("B", "pass", step={"DependsOn": ["A"]})
    return [build.processing("A", code, outputs=outputs), second]


@pytest.mark.parametrize("move", ["moved", "removed"])
@pytest.mark.parametrize(
    "kind",
    ["Processing", *(pytest.param(k, marks=pytest.mark.slow) for k in ("Training", "Tuning"))],
)
def test_it_is_said_and_the_old_place_stays_empty(tmp_path: Path, kind: str, move: str) -> None:
    project, mark = tmp_path / "project", tmp_path / "mark"
    project.mkdir()
    home = project / ".pipeline"
    sagemaker, build = LocalSageMaker(home, slots=2), Build(tmp_path)
    definition = build.definition(*steps(kind, build, sagemaker, mark))

    def go() -> None:
        wait_until(mark.exists)
        if move == "moved":
            project.rename(tmp_path / "moved")
        else:
            shutil.rmtree(project, ignore_errors=True)

    mover = threading.Thread(target=go)
    mover.start()
    with pytest.raises(ExecutionStateError) as caught:
        sagemaker.start(definition, pipeline_name="demo")
    mover.join()
    rule, remedy = str(caught.value).splitlines()
    assert rule.startswith(f"{home}/executions/")
    assert rule.endswith(" has been moved or removed while its execution ran.")
    assert remedy == "Where it is now, the execution can be resumed."
    assert not project.exists()
    if move == "moved":
        (record,) = LocalSageMaker(tmp_path / "moved/.pipeline").executions()
        assert record.status == "Interrupted"
        again = LocalSageMaker(tmp_path / "moved/.pipeline").resume(record.id)
        assert again.status == "Succeeded", again.failure_reason
