"""The trials of a tuning job: what one is asked for, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from localsage.errors import DefinitionError
from localsage.files import JsonObject
from localsage.script_mode import OBJECTIVE_HYPERPARAMETER


@dataclass(frozen=True)
class Trial:
    """One finished trial; `value` is None exactly when it failed."""

    number: int
    name: str
    hyperparameters: dict[str, str]
    status: str
    value: float | None
    seconds: float
    reason: str = ""
    exit_code: int | None = None

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


def was_killed(response: JsonObject) -> bool:
    """Say whether a job died of a signal that this back-end did not send."""
    status = response.get("TrainingJobStatus", response.get("ProcessingJobStatus"))
    return status == "Failed" and int(response["ExitCode"]) < 0


def training_request(training: JsonObject, tuned: dict[str, str], metric: str) -> JsonObject:
    """Return the `CreateTrainingJob` request of one trial.

    Raises:
        DefinitionError: If a hyperparameter is both static and tuned.
    """
    static = training.get("StaticHyperParameters", {})
    for name in sorted(static.keys() & tuned.keys()):
        raise DefinitionError(f"The hyperparameter {name} is both static and tuned.")
    request = {
        key: value
        for key, value in training.items()
        if key
        not in ("StaticHyperParameters", "RetryStrategy", "HyperParameterTuningResourceConfig")
    }
    resources = training.get("ResourceConfig") or training.get("HyperParameterTuningResourceConfig")
    request["ResourceConfig"] = resources or {}
    request["HyperParameters"] = {**static, **tuned, OBJECTIVE_HYPERPARAMETER: metric}
    return request
