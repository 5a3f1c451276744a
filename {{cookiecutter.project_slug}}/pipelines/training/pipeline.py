"""The whole pipeline on one screen."""

from __future__ import annotations

from pathlib import Path

from pipelines.training.assets import collect_assets
from pipelines.training.settings import load_project
from pipelines.training.steps.evaluate import evaluate
from pipelines.training.steps.fit import fit
from pipelines.training.steps.gate import quality_gate
from pipelines.training.steps.ingest import ingest
from pipelines.training.steps.job import Context
from pipelines.training.steps.parameters import make_parameters
from pipelines.training.steps.preprocess import preprocess
from pipelines.training.steps.register import register
from pipelines.training.steps.sdk import Pipeline, offline_session
from pipelines.training.steps.select import select
from pipelines.training.steps.track import track
from pipelines.training.steps.tune import tune


def get_pipeline(root: Path | str = ".", pipeline_name: str | None = None) -> Pipeline:
    """Build the pipeline of the project at `root`, without network, clock or account.

        Ingest → Preprocess → ┬ Tune → Fit → Evaluate ┐  (one row per model)
                              └ Tune → Fit → Evaluate ┴ Select ┬ Track
                                                               └ QualityGate ┬ Register<winner>
                                                                             └ Fail

    Args:
        root: Folder of the project.
        pipeline_name: Name on SageMaker; that of `conf/pipeline.yaml` if none is given.

    Raises:
        UserError: `conf/` or `models/` break a rule.
    """
    settings = load_project(Path(root))
    context = Context(settings, make_parameters(settings), collect_assets(settings))

    ingested = ingest(context)
    data = preprocess(context, ingested)
    tuned = {model: tune(context, model, data) for model in settings.models}
    fitted = {model: fit(context, model, data, step) for model, step in tuned.items()}
    evaluated = {
        model: evaluate(context, model, data, tuned[model], step) for model, step in fitted.items()
    }
    selected = select(context, evaluated)
    registrations = {
        model: register(context, model, data, fitted[model], step, selected)
        for model, step in evaluated.items()
    }
    tracks = settings.pipeline.tracking != "none"
    tracked = [track(context, data, tuned, selected)] if tracks else []
    gate = quality_gate(context, selected, registrations)

    return Pipeline(
        name=pipeline_name or settings.pipeline.name,
        parameters=context.parameters.used_by(settings),
        steps=[
            ingested,
            data,
            *tuned.values(),
            *fitted.values(),
            *evaluated.values(),
            selected,
            *tracked,
            gate,
        ],
        sagemaker_session=offline_session(settings.aws.region),
    )
