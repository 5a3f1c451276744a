"""The whole pipeline on one screen. It is yours: add steps, leave some out, replace a job."""

from __future__ import annotations

from pathlib import Path

from sagetabular.pipeline import (
    Build,
    Pipeline,
    collect,
    ingest,
    models,
    preprocess,
    quality_gate,
    select,
    track,
)


def get_pipeline(root: Path | str = ".", pipeline_name: str | None = None) -> Pipeline:
    """Build the pipeline of the project at `root`, without network, clock or account.

    Ingest → Preprocess → ┬ Tune → Fit → Evaluate ┐  (a row for each model, of the steps that
                          └ Tune → Fit → Evaluate ┤   its model.yaml lists)
                                                  └ Select ┬ Track
                                                           └ QualityGate ┬ Register<winner>
                                                                         └ Fail
    """
    build = Build(root)
    data = ingest(build)
    rows = preprocess(build, data)
    trained = models(build, data, rows)
    evaluated = trained.evaluations()
    collected = collect(build, evaluated)
    winner = select(build, evaluated, collected)
    tracked = track(build, rows, trained.searches(), winner)
    gate = quality_gate(build, winner, trained.registrations(winner))
    return build.pipeline(
        data, rows, trained.steps, collected, winner, tracked, gate, name=pipeline_name
    )
