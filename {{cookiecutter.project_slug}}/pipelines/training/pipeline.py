"""The whole pipeline on one screen."""

from __future__ import annotations

from pathlib import Path

from pipelines.training.assets import collect_assets
from pipelines.training.settings import load_project
from pipelines.training.settings.steps import Evaluate, Tune
from pipelines.training.steps.account import make_account
from pipelines.training.steps.collect import collect
from pipelines.training.steps.gate import quality_gate
from pipelines.training.steps.ingest import ingest
from pipelines.training.steps.job import Context
from pipelines.training.steps.parameters import make_parameters
from pipelines.training.steps.preprocess import preprocess
from pipelines.training.steps.sdk import Pipeline, offline_session
from pipelines.training.steps.select import select
from pipelines.training.steps.track import track
from pipelines.training.steps.units import build_units


def get_pipeline(root: Path | str = ".", pipeline_name: str | None = None) -> Pipeline:
    """Build the pipeline of the project at `root`, without network, clock or account.

        Ingest → Preprocess → ┬ Tune → Fit → Evaluate ┐  (a row for each model, of the steps that
                              └ Tune → Fit → Evaluate ┤   its model.yaml lists)
                                                      └ Select ┬ Track
                                                               └ QualityGate ┬ Register<winner>
                                                                             └ Fail

    Args:
        root: Folder of the project.
        pipeline_name: Name on SageMaker; that of `conf/pipeline.yaml` if none is given.

    Raises:
        UserError: `conf/` or `models/` break a rule.
    """
    settings = load_project(Path(root))
    account = make_account(settings.aws)
    context = Context(settings, make_parameters(settings), account, collect_assets(settings))

    ingested = ingest(context)
    data = preprocess(context, ingested)
    units = build_units(context, ingested, data)
    evaluated = units.ranked(Evaluate)
    collected = collect(context, evaluated)
    selected = select(context, evaluated, collected)
    tracks = settings.pipeline.tracking != "none"
    tracked = [track(context, data, units.ranked(Tune), selected)] if tracks else []
    gate = quality_gate(context, selected, units.registrations(selected))

    return Pipeline(
        name=pipeline_name or settings.pipeline.name,
        parameters=[*context.parameters.used_by(settings), *account.parameters.values()],
        steps=[ingested, data, *units.steps, *collected, selected, *tracked, gate],
        sagemaker_session=offline_session(settings.aws.region),
    )
