"""SageMaker Experiments: a trial, and components that are put into it once and whole."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sagetabular.tracking.runs import TrackingError

# The service answers some calls a second: botocore finds out how many, and waits.
_PATIENT = Config(
    retries={"mode": "adaptive", "total_max_attempts": 12}, connect_timeout=10, read_timeout=60
)
_METRICS_PER_CALL = 10
_COMPLETED = "Completed"
Point = tuple[str, int, float]


@contextmanager
def _packages_of_2023() -> Iterator[None]:
    """Supply what `sagemaker-experiments`, of 2023, expects of an environment.

    It asks `pkg_resources`, which setuptools has given up since, for its own version and for
    nothing else. And it sets up logging, down to where credentials were found, unless somebody
    has done so before.
    """
    logging.basicConfig(level=logging.WARNING)
    absent = "pkg_resources" not in sys.modules
    if absent:
        replacement = SimpleNamespace(require=lambda name: [metadata.distribution(name)])
        sys.modules["pkg_resources"] = replacement  # type: ignore[assignment]
    try:
        yield
    finally:
        if absent:
            del sys.modules["pkg_resources"]


with _packages_of_2023():
    from smexperiments.api_types import TrialComponentArtifact, TrialComponentStatus
    from smexperiments.experiment import Experiment
    from smexperiments.trial import Trial
    from smexperiments.trial_component import TrialComponent


@dataclass(frozen=True)
class Content:
    """Content of a trial component.

    Attributes:
        title: The name that Studio shows.
        parameters: Name → text or number.
        metrics: Name, step and value.
        artefacts: Name → S3 address and media type.
    """

    title: str
    parameters: Mapping[str, str | float]
    metrics: Sequence[Point]
    artefacts: Mapping[str, tuple[str, str]]


@contextmanager
def failures() -> Iterator[None]:
    """Turn what AWS says about a service that cannot be used into a `TrackingError`."""
    try:
        yield
    except (BotoCoreError, ClientError) as err:
        reason = " ".join(str(err).split())[:600]
        msg = f"SageMaker Experiments cannot be used: {reason.removesuffix('.')}."
        remedy = "See that the job's role may use experiments, trials and trial components."
        raise TrackingError(msg, remedy) from err


class OpenTrial:
    """A trial, made with its experiment if need be, and what it holds already."""

    def __init__(self, experiment: str, trial: str) -> None:
        self._service = boto3.client("sagemaker", config=_PATIENT)
        self._metrics = boto3.client("sagemaker-metrics", config=_PATIENT)
        if self._found(Experiment, experiment_name=experiment) is None:
            Experiment.create(experiment, sagemaker_boto_client=self._service)
        known = self._found(Trial, trial_name=trial)
        self._trial = known or Trial.create(
            experiment, trial_name=trial, sagemaker_boto_client=self._service
        )
        listed = self._trial.list_trial_components() if known else []
        self._held = {entry.trial_component_name for entry in listed}

    def put(self, name: str, content: Content) -> None:
        """Add a component, which then is there once and whole, however often this is called.

        Args:
            name: Its name: lower-case letters, digits and `-`.
            content: What it holds.
        """
        if name in self._held:  # it joins the trial when it is whole
            return
        component = self._found(TrialComponent, trial_component_name=name)
        if component is not None and not _is_whole(component):
            component.delete(force_disassociate=True)  # numbers that it has would count twice
            component = None
        if component is None:
            self._make(name, content)
        self._trial.add_trial_component(name)

    def _make(self, name: str, content: Content) -> None:
        component = TrialComponent.create(
            name, display_name=content.title, sagemaker_boto_client=self._service
        )
        now = datetime.now(UTC)
        component.status = TrialComponentStatus(primary_status="InProgress")
        component.start_time = now
        component.parameters = dict(content.parameters)
        component.output_artifacts = {
            key: TrialComponentArtifact(value, media_type)
            for key, (value, media_type) in content.artefacts.items()
        }
        component.save()
        self._send(name, content.metrics, now)
        component.status = TrialComponentStatus(primary_status=_COMPLETED)
        component.end_time = datetime.now(UTC)
        component.save()

    def _send(self, name: str, points: Sequence[Point], moment: datetime) -> None:
        """Send numbers in as few calls as the service's limits allow.

        Raises:
            TrackingError: The service took only some of them.
        """
        data = [
            {"MetricName": metric, "Step": step, "Value": value, "Timestamp": moment}
            for metric, step, value in points
        ]
        for at in range(0, len(data), _METRICS_PER_CALL):
            some = data[at : at + _METRICS_PER_CALL]
            answer = self._metrics.batch_put_metrics(TrialComponentName=name, MetricData=some)
            if answer.get("Errors"):
                msg = f"SageMaker Experiments has refused metrics of {name}: {answer['Errors']}."
                raise TrackingError(msg, "Run the pipeline again; what is whole is not repeated.")

    def _found(self, kind: Any, **name: str) -> Any:
        """Return the entity of that name; None if there is none."""
        try:
            return kind.load(**name, sagemaker_boto_client=self._service)
        except ClientError as err:
            error = err.response["Error"]
            if error["Code"] == "ResourceNotFound" or "ould not find" in error["Message"]:
                return None
            raise


def _is_whole(component: TrialComponent) -> bool:
    status = component.status  # none, if it was made and nothing else
    return status is not None and status.primary_status == _COMPLETED
