"""A step that starts a job: the plain service request, inside the SDK's step machinery."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.settings.models.steps import JobSettings
from sagetabular.steps.repeating import (
    cache_config,
    retry_policies,
    with_trial_attempts,
)
from sagetabular.steps.sdk import (
    ConfigurableRetryStep,
    ExecutionVariables,
    Join,
    Properties,
    PropertyFile,
    StepTypeEnum,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.assets.collecting import Assets
    from sagetabular.settings import ProjectSettings
    from sagetabular.settings.models.steps import StepSettings
    from sagetabular.steps.account import AccountRules
    from sagetabular.steps.parameters import Parameters

_NO_NAMES: Mapping[str, str] = MappingProxyType({})
_RESPONSES = {
    StepTypeEnum.PROCESSING: "DescribeProcessingJobResponse",
    StepTypeEnum.TRAINING: "DescribeTrainingJobResponse",
    StepTypeEnum.TUNING: "DescribeHyperParameterTuningJobResponse",
    StepTypeEnum.CREATE_MODEL: "DescribeModelOutput",
    StepTypeEnum.TRANSFORM: "DescribeTransformJobResponse",
    StepTypeEnum.REGISTER_MODEL: "DescribeModelPackageOutput",
}


@dataclass(frozen=True)
class Context:
    """The settings, parameters, account rules and assets that every step is built from."""

    settings: ProjectSettings
    parameters: Parameters
    account: AccountRules
    assets: Assets

    def asset_uri(self, key: str) -> Join:
        """Return the S3 URI of an asset, or of any key below the project's prefix."""
        return text("s3://", self.parameters.bucket, "/", self.parameters.prefix, f"/{key}")

    def execution_uri(self, path: str) -> Join:
        """Return the S3 URI of a path below this execution's prefix: no other one writes to it."""
        own = ExecutionVariables.PIPELINE_EXECUTION_ID
        head = text(
            "s3://", self.parameters.bucket, "/", self.parameters.prefix, "/executions/", own
        )
        return text(*head.values, f"/{path}")

    def job_step(
        self,
        name: str,
        kind: StepTypeEnum,
        request: dict[str, Any],
        *,
        settings: StepSettings | None = None,
        cached: bool = True,
        **options: Any,
    ) -> JobStep:
        """Make a step, with what the project and the account say about all of its kind.

        Args:
            name: Name of the step.
            kind: Type of the step.
            request: What it asks for.
            settings: Those of a model's step, which count more.
            cached: Whether it may be reused at all.
            options: Further arguments of the step.
        """
        pipeline = self.settings.pipeline
        own = settings.cache if isinstance(settings, JobSettings) else None
        cache = own.over(pipeline.cache) if own else pipeline.cache
        chosen = settings.retries if settings else None
        retries = pipeline.retries if chosen is None else chosen
        if kind is StepTypeEnum.TUNING:
            request = with_trial_attempts(request, retries)
        repeating = {
            **cache_config(kind, cache if cached else None),
            **retry_policies(kind, retries),
        }
        request = self.account.complete(kind, request, settings)
        return JobStep(name, kind, request, repeating=repeating, **options)


class JobStep(ConfigurableRetryStep):  # type: ignore[misc]
    """A step whose arguments are the service's own request.

    Args:
        name: Name of the step.
        kind: Type of the step.
        request: The request, with pipeline variables in place of values.
        property_files: JSON outputs that conditions and messages refer to.
        repeating: Its members `CacheConfig` and `RetryPolicies`, if it has them.
        depends_on: Steps to wait for that no reference in the request implies.
        output_names: Output as other steps call it → its name in the request, where that differs.
    """

    def __init__(
        self,
        name: str,
        kind: StepTypeEnum,
        request: dict[str, Any],
        *,
        property_files: Sequence[PropertyFile] = (),
        repeating: Mapping[str, Any],
        depends_on: Sequence[JobStep] = (),
        output_names: Mapping[str, str] = _NO_NAMES,
    ) -> None:
        super().__init__(name, kind, depends_on=list(depends_on) or None)
        self._request = request
        self.property_files = list(property_files)
        self._repeating = repeating
        self._output_names = output_names
        self._properties = Properties(step_name=name, step=self, shape_name=_RESPONSES[kind])

    @property
    def arguments(self) -> dict[str, Any]:
        """The request."""
        return self._request

    @property
    def properties(self) -> Properties:
        """References to the response that the service gives once the job has ended."""
        return self._properties

    def to_request(self) -> dict[str, Any]:
        """Return the step as it stands in the definition."""
        step: dict[str, Any] = super().to_request()
        step.update(self._repeating)
        if self.property_files:
            step["PropertyFiles"] = [file.expr for file in self.property_files]
        return step

    def output(self, name: str) -> Properties:
        """Return the S3 URI of an output of a Processing step.

        Raises:
            UserError: The step has no such output.
        """
        own = self._output_names.get(name, name)
        config = self._request.get("ProcessingOutputConfig", {})
        known = [each["OutputName"] for each in config.get("Outputs", [])]
        if own not in known:
            msg = f"pipelines/training/pipeline.py: {self.name} has no output {name!r}."
            raise UserError(msg, f"There are {', '.join(known) or 'none'}.")
        return self.properties.ProcessingOutputConfig.Outputs[own].S3Output.S3Uri


def text(*parts: Any) -> Join:
    """Put parts together as text; needed too for a single number where a string must be."""
    return Join(on="", values=list(parts))
