"""The SDK's own `get_top_model_s3_uri` finds the best models of a local search."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest

from sagelocal.definition.expressions import Context, resolve
from sagelocal.tuning.trials import Trial, tuning_response
from sagetabular.steps.sdk import Properties

SHAPES = [
    "DescribeHyperParameterTuningJobResponse",
    "ListTrainingJobsForHyperParameterTuningJobResponse",
]


def top_model(place: int) -> Any:
    from sagemaker.mlops.workflow.steps import TuningStep  # once the module above made it offline

    step = SimpleNamespace(properties=Properties("Tune", shape_names=SHAPES))
    uri = TuningStep.get_top_model_s3_uri(step, place, "bucket", "trials")
    return uri.expr


@pytest.mark.parametrize("maximise", [True, False])
@pytest.mark.parametrize("seed", range(15))
def test_the_best_models_are_those_with_the_best_values(seed: int, maximise: bool) -> None:
    values = random.Random(seed).sample(range(1000), 12)
    best = max(values) if maximise else min(values)
    if values[0] == best:  # so that the first trial is never the best
        values.append(values.pop(0))
    trials = [
        Trial(number, f"t-{value}", {}, "Completed", float(value), 1.0)
        for number, value in enumerate(values)
    ]
    response = tuning_response({}, "tune", trials, "r2", maximise=maximise)
    context = Context({}, {}, {"Tune": response}, lambda _step, _file: None)
    found = [resolve(top_model(place), context) for place in range(12)]
    expected = sorted(values, reverse=maximise)
    assert found == [f"s3://bucket/trials/t-{value}/output/model.tar.gz" for value in expected]
