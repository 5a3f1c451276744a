"""The tuning steps of the pipeline itself as a contender, and what the others need of them."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from sagelocal import ExecutionRecord, Reuse, Storage
from sagelocal.processes.slots import usable_cores
from sagelocal.tuning.searches.strategies import make_search
from sagetabular.compiling.compilation import compile_pipeline
from sagetabular.jobs.models.hyperparameters import decode
from sagetabular.local import runs
from sagetabular.project import find_project

WORK = Path("work.json")


class Meter:
    """A listener that reads clock and CPU time when the first tuning step begins and the last ends.

    CPU time is that of this process and of all its descendants that have ended: fork servers too,
    which may have begun before the step, and whatever other steps ran meanwhile.
    """

    def __init__(self) -> None:
        """Start with nothing measured."""
        self.began: list[tuple[float, float]] = []
        self.ended: list[tuple[float, float]] = []

    def step_changed(self, _name: str, kind: str, status: str, _detail: str) -> None:
        """Hear of a step."""
        if kind == "Tuning":
            (self.began if status == "Executing" else self.ended).append(_clocks())

    def trial_finished(
        self, step: str, number: int, total: int, value: float | None, best: float | None
    ) -> None:
        """Hear of a trial."""

    def seconds(self) -> tuple[float, float]:
        """Return wall and CPU seconds of all tuning steps together."""
        (wall, cpu), (wall_at_end, cpu_at_end) = self.began[0], self.ended[-1]
        return wall_at_end - wall, cpu_at_end - cpu


def _clocks() -> tuple[float, float]:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.perf_counter(), sum(each.ru_utime + each.ru_stime for each in used)


def run_pipeline(trials: int, *, tuning_alone: bool = False) -> tuple[ExecutionRecord, Meter]:
    """Run the pipeline of the project in this folder, nothing reused.

    Args:
        trials: How many each model has.
        tuning_alone: Whether to take the rows of an earlier execution and leave out what comes
            after tuning, so that no fit of one model runs while another one is being tuned.
    """
    project, meter = find_project(), Meter()
    overrides = {"MaxTrainingJobs": str(trials), "MinimumR2": "-9"}
    compiled = compile_pipeline(project.settings)
    steps = json.loads(compiled.definition)["Steps"]
    # Preprocess too: the trials' libraries load meanwhile, as in every run.
    only = ["Preprocess", *(step["Name"] for step in steps if step["Type"] == "Tuning")]
    reuse = Reuse(cache=False, only=only if tuning_alone else [])
    record = runs.start(project, compiled, overrides, meter, reuse)
    if record.status != "Succeeded":
        sys.exit(f"The execution {record.status}: {record.failure_reason}")
    return record, meter


def searches(record: ExecutionRecord) -> dict[str, dict[str, Any]]:
    """Return the response of each model's tuning step."""
    responses = [step.response or {} for step in record.steps.values() if step.kind == "Tuning"]
    return {
        one["TrainingJobDefinition"]["StaticHyperParameters"]["job_model"]: one for one in responses
    }


def prepare(trials: int) -> dict[str, Any]:
    """Note the training rows and the settings that the tuning steps will draw."""
    record, _ = run_pipeline(1)
    outputs = (record.steps["Preprocess"].response or {})["ProcessingOutputConfig"]["Outputs"]
    (train,) = [one["S3Output"]["S3Uri"] for one in outputs if one["OutputName"] == "train"]
    rows = str(Storage(find_project().home / "s3").path(train))
    work = {model: _work(one, trials, rows) for model, one in searches(record).items()}
    WORK.write_text(json.dumps(work))
    return {}


def _work(tune: dict[str, Any], trials: int, rows: str) -> dict[str, Any]:
    config = tune["HyperParameterTuningJobConfig"]
    config["ResourceLimits"]["MaxNumberOfTrainingJobs"] = trials
    search = make_search(config)
    drawn = [search.suggest().hyperparameters for _ in range(trials)]
    static = tune["TrainingJobDefinition"]["StaticHyperParameters"]
    fixed = {k: v for k, v in static.items() if not k.startswith(("sagemaker_", "job_", "_"))}
    return {
        "drawn": drawn,
        "settings": [{k: decode(v) for k, v in {**fixed, **one}.items()} for one in drawn],
        "rows": rows,
        "target": decode(static["job_target"]),
        "seed": decode(static["job_seed"]),
    }


def ours(trials: int) -> dict[str, Any]:
    """Time the tuning steps of a run, which run beside each other."""
    record, meter = run_pipeline(trials, tuning_alone=True)
    best = {}
    for model, response in searches(record).items():
        summaries = response["TrainingJobSummaries"]
        if [one["TunedHyperParameters"] for one in summaries] != read_work(model)["drawn"]:
            sys.exit(f"The tuning step of {model} drew other settings.")
        objective = response["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
        best[model] = objective["Value"]
    wall, cpu = meter.seconds()
    return {"seconds": wall, "cpu": cpu / usable_cores(), "r2": best}


def read_work(model: str) -> dict[str, Any]:
    """Return what `prepare` noted about a model."""
    content: dict[str, Any] = json.loads(WORK.read_text())[model]
    return content
