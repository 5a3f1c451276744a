"""QualityGate: register the winner if it is good enough, else fail and say by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.steps.context import text
from sagetabular.steps.sdk import (
    ConditionEquals,
    ConditionGreaterThanOrEqualTo,
    ConditionStep,
    FailStep,
)
from sagetabular.steps.select import selected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.steps.context import Context, JobStep


def quality_gate(
    context: Context, select: JobStep, registrations: Mapping[str, JobStep]
) -> ConditionStep:
    """Build the condition on the winner's test R2, with one condition per model behind it."""
    minimum = context.parameters.minimum_r2
    return ConditionStep(
        "QualityGate",
        conditions=[ConditionGreaterThanOrEqualTo(selected(select, "winner.test_r2"), minimum)],
        if_steps=[
            _when_winner(context, select, model, step) for model, step in registrations.items()
        ],
        else_steps=[FailStep("Fail", error_message=_message(context, select))],
    )


def _when_winner(
    context: Context, select: JobStep, model: str, registration: JobStep
) -> ConditionStep:
    title = context.settings.models[model].title
    is_winner = ConditionEquals(selected(select, "winner.model"), model)
    return ConditionStep(f"Is{title}", conditions=[is_winner], if_steps=[registration])


def _message(context: Context, select: JobStep) -> object:
    return text(
        "No model was registered: the winner ", selected(select, "winner.model"),
        " reaches R2 ", selected(select, "winner.test_r2"),
        " on the test rows, MinimumR2 is ", context.parameters.minimum_r2, ".",
    )  # fmt: skip
