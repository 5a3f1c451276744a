"""The trials of a tuning job: what one is asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sagelocal.errors import DefinitionError
from sagelocal.files import JsonObject
from sagelocal.jobs.script_mode import OBJECTIVE_HYPERPARAMETER


@dataclass(frozen=True)
class Trial:
    """One finished trial.

    Attributes:
        number: Its number, from 0.
        name: Name of its training job.
        hyperparameters: Those that were tuned.
        status: `Completed`, `Failed` or `Stopped`: early, or because it ran out of time.
        value: Its objective value, the last it reported; None if it failed or ran out of time.
        seconds: How long it took.
        reason: Why it failed.
        exit_code: Of its process; None if there was none.
        progress: All values of the objective that it reported, up to where it was stopped.
    """

    number: int
    name: str
    hyperparameters: dict[str, str]
    status: str
    value: float | None
    seconds: float
    reason: str = ""
    exit_code: int | None = None
    progress: list[float] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Return whether it came to its end, so that it can be the best."""
        return self.status == "Completed"

    def summary(self, metric: str) -> JsonObject:
        """Return the trial in the shape of `ListTrainingJobsForHyperParameterTuningJob`."""
        result: JsonObject = {
            "TrainingJobName": self.name,
            "TrainingJobStatus": self.status,
            "TunedHyperParameters": self.hyperparameters,
            "Seconds": round(self.seconds, 3),
        }
        if self.value is not None:
            objective = {"MetricName": metric, "Value": self.value}
            result["FinalHyperParameterTuningJobObjectiveMetric"] = objective
        return result | ({"FailureReason": self.reason} if self.reason else {})


def trial_of(
    response: JsonObject, number: int, hyperparameters: dict[str, str], metric: str
) -> Trial:
    """Return the trial that a training job was; without a finite value it failed.

    Args:
        response: What `sagelocal.jobs.training` returns for the job.
        number: The trial's number, from 0.
        hyperparameters: Those that were tuned.
        metric: The objective.
    """
    values = {entry["MetricName"]: entry["Value"] for entry in response["FinalMetricDataList"]}
    status, reason = response["TrainingJobStatus"], response.get("FailureReason", "")
    value = None if reason else values.get(metric)
    if status == "Completed" and value is None:
        status, reason = "Failed", f"The log holds no finite value of the metric {metric}."
    return Trial(
        number=number,
        name=response["TrainingJobName"],
        hyperparameters=hyperparameters,
        status=status,
        value=value,
        seconds=response["Seconds"],
        reason=reason,
        exit_code=response["ExitCode"],
        progress=response["Progress"],
    )


def best_of(trials: Iterable[Trial], *, maximise: bool) -> Trial | None:
    """Return the best of the trials that completed, of equal ones the first; None without one."""
    scored = [
        (trial.value, trial) for trial in trials if trial.is_complete and trial.value is not None
    ]
    return (max if maximise else min)(scored, key=lambda entry: entry[0])[1] if scored else None


def ranked(trials: Iterable[Trial], *, maximise: bool) -> list[Trial]:
    """Return the trials in the order in which a pipeline refers to them: the best first.

    The SDK says of `TrainingJobSummaries[k]` that it is the k-th best trial from 0
    (`TuningStep.get_top_model_s3_uri`), and `ListTrainingJobsForHyperParameterTuningJob` ranks all
    that have a value, however they ended. Only a whole trial is the best one, so it goes first. Of
    equal trials the earlier one does. Those without a value are last; the service leaves them out.
    """
    trials = list(trials)
    best = best_of(trials, maximise=maximise)

    def rank(trial: Trial) -> tuple[bool, bool, float, int]:
        value = 0.0 if trial.value is None else trial.value
        signed = -value if maximise else value
        return trial is not best, trial.value is None, signed, trial.number

    return sorted(trials, key=rank)


def by_number(response: JsonObject) -> list[JsonObject]:
    """Return the summaries of a tuning job's trials in the order in which these began."""

    def place(summary: JsonObject) -> tuple[int, str]:
        name = str(summary["TrainingJobName"])
        return len(name), name  # 1000 comes after 999

    return sorted(response["TrainingJobSummaries"], key=place)


def overall_best(
    response: JsonObject, earlier: Sequence[JsonObject], *, maximise: bool
) -> JsonObject:
    """Return `OverallBestTrainingJob` when best trials of parents count too; else nothing."""
    own = response.get("BestTrainingJob")
    best = [summary for summary in (own, *earlier) if summary is not None]
    if not earlier:
        return {}

    def value(summary: JsonObject) -> float:
        return float(summary["FinalHyperParameterTuningJobObjectiveMetric"]["Value"])

    return {"OverallBestTrainingJob": (max if maximise else min)(best, key=value)}


def trial_resources(training: JsonObject) -> JsonObject:
    """Return the instances that a `TrainingJobDefinition` asks for; there are two ways to do so."""
    for key in ("ResourceConfig", "HyperParameterTuningResourceConfig"):
        if training.get(key):
            return dict(training[key])
    return {}


def training_request(
    training: JsonObject, name: str, tuned: dict[str, str], metric: str
) -> JsonObject:
    """Return the `CreateTrainingJob` request of one trial.

    Its checkpoints lie below its name, where no other trial's are.

    Raises:
        DefinitionError: If a hyperparameter is both static and tuned.
    """
    static = training.get("StaticHyperParameters", {})
    for twice in sorted(static.keys() & tuned.keys()):
        raise DefinitionError(f"The hyperparameter {twice} is both static and tuned.")
    request = {
        key: value
        for key, value in training.items()
        if key
        not in ("StaticHyperParameters", "RetryStrategy", "HyperParameterTuningResourceConfig")
    }
    request["ResourceConfig"] = trial_resources(training)
    if checkpoints := training.get("CheckpointConfig"):
        uri = f"{checkpoints['S3Uri'].rstrip('/')}/{name}"
        request["CheckpointConfig"] = {**checkpoints, "S3Uri": uri}
    request["HyperParameters"] = {**static, **tuned, OBJECTIVE_HYPERPARAMETER: metric}
    return request


def tuning_response(
    request: JsonObject, name: str, trials: list[Trial], metric: str, *, maximise: bool
) -> JsonObject:
    """Return what `DescribeHyperParameterTuningJob` would, see `sagelocal.tuning.job`."""
    best = best_of(trials, maximise=maximise)
    statuses = [trial.status for trial in trials]
    response: JsonObject = {
        **request,
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobArn": (
            f"arn:aws:sagemaker:local:000000000000:hyper-parameter-tuning-job/{name}"
        ),
        "HyperParameterTuningJobStatus": "Failed" if best is None else "Completed",
        "TrainingJobStatusCounters": {
            "Completed": statuses.count("Completed"),
            "InProgress": 0,
            "RetryableError": 0,
            "NonRetryableError": statuses.count("Failed"),
            "Stopped": statuses.count("Stopped"),
        },
        "TrainingJobSummaries": [
            trial.summary(metric) for trial in ranked(trials, maximise=maximise)
        ],
        "ExitCode": trials[0].exit_code if best is None else 0,
    }
    if best is not None:
        return {**response, "BestTrainingJob": best.summary(metric)}
    first = trials[0]
    reason = f"All {len(trials)} trials failed. {first.name}: {first.reason}"
    return {**response, "FailureReason": reason}
