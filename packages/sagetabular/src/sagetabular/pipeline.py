"""The functions that a project's `get_pipeline()` is written with.

Public: these names keep their meaning within a major version. Every function that makes a step
takes the `Build` first; a step's outputs are `step.output(name)`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagetabular.assets.collecting import collect_assets
from sagetabular.settings import COMPILED_STAGE, load_project
from sagetabular.steps.account import make_account
from sagetabular.steps.context import Context, JobStep, text
from sagetabular.steps.ingest import ingest
from sagetabular.steps.models.units import models
from sagetabular.steps.own import (
    check_after,
    check_arguments,
    check_pipeline,
    check_step,
    flat_steps,
)
from sagetabular.steps.parameters import make_parameters
from sagetabular.steps.preprocess import preprocess
from sagetabular.steps.processing import ProcessingJob, own_program
from sagetabular.steps.sdk import Pipeline, StepTypeEnum, offline_session
from sagetabular.steps.select import collect, quality_gate, select
from sagetabular.steps.track import track

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sagetabular.steps.sdk import Parameter, Step

__all__ = [
    "Build",
    "Pipeline",
    "collect",
    "ingest",
    "models",
    "preprocess",
    "quality_gate",
    "select",
    "track",
]


class Build(Context):
    """A project on its way to a pipeline: settings, parameters, account, files that travel.

    Args:
        root: Folder of the project.

    Raises:
        UserError: `conf/` or `models/` break a rule.

    Attributes:
        settings: `conf/` and `models/`; `settings.own` is the free section `own`.
        parameters: The pipeline's parameters.
    """

    def __init__(self, root: Path | str = ".") -> None:
        settings = load_project(Path(root), COMPILED_STAGE.get())
        super().__init__(
            settings=settings,
            parameters=make_parameters(settings),
            account=make_account(settings.aws),
            assets=collect_assets(settings),
        )

    def step(
        self,
        name: str,
        program: str,
        *,
        inputs: Mapping[str, Any],
        outputs: Sequence[str],
        arguments: Sequence[Any] = (),
        after: Sequence[JobStep] = (),
        isolated: bool = True,
    ) -> JobStep:
        """Build a Processing step of a program of the project, in the image of the jobs.

        Args:
            name: Name of the step.
            program: Module beside `pipeline.py`, such as `segments` for `segments.py`.
            inputs: Name → output of another step, or S3 URI; read at
                `/opt/ml/processing/input/<name>`.
            outputs: Names; what is written to `/opt/ml/processing/output/<name>` is kept.
            arguments: Of the command line; numbers and references become text.
            after: Steps to wait for that no input implies.
            isolated: Whether it is cut off from the network.

        Raises:
            UserError: An argument breaks its rule, or there is no such program.
        """
        check_step(name, inputs, outputs)
        check_arguments(name, arguments)
        check_after(name, after)
        job = ProcessingJob(
            program=own_program(self, program),
            image=self.parameters.jobs_image,
            arguments=[each if isinstance(each, str) else text(each) for each in arguments],
            inputs=dict(inputs),
            outputs={each: self.execution_uri(f"{name.lower()}/{each}") for each in outputs},
            isolated=isolated,
        )
        return self.job_step(name, StepTypeEnum.PROCESSING, job.request(self), depends_on=after)

    def pipeline(self, *steps: Step | Iterable[Step], name: str | None = None) -> Pipeline:
        """Put steps, and lists of them, into a pipeline with the parameters that they refer to.

        Args:
            steps: In the order in which they stand in the definition.
            name: Name on SageMaker; that of `conf/pipeline.yaml` if none is given.

        Raises:
            UserError: Something is no step, is there twice, or needs a step that is not there.
        """
        flat = flat_steps(steps)
        declared = [*self.parameters.used_by(self.settings), *self.account.parameters.values()]
        pipeline = self._pipeline(flat, declared, name)
        return self._pipeline(flat, _referred_to(pipeline, declared), name)

    def _pipeline(
        self, steps: list[Step], parameters: list[Parameter], name: str | None
    ) -> Pipeline:
        return Pipeline(
            name=name or self.settings.pipeline.name,
            parameters=parameters,
            steps=steps,
            sagemaker_session=offline_session(self.settings.aws.region),
        )


def _referred_to(pipeline: Pipeline, declared: Iterable[Parameter]) -> list[Parameter]:
    """Return the parameters that steps refer to: a project may have left some steps out."""
    steps = json.dumps(json.loads(check_pipeline(pipeline))["Steps"])
    return [each for each in declared if f'"Parameters.{each.name}"' in steps]
