"""Everything about one model, in the order in which it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.report.charts.rows import bars
from sagetabular.report.models.classes import class_charts, class_table
from sagetabular.report.models.numbers import number_charts
from sagetabular.report.models.search import effect, tuning_history
from sagetabular.report.tables import Chart, ModelSection, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.report.artefacts import TestOutcome
    from sagetabular.report.searches import SearchOutcome

MOST_COLUMNS = 20


def model_section(
    name: str, tuning: SearchOutcome | None, evaluation: TestOutcome | None
) -> ModelSection:
    """Return everything about one model that its steps got to."""
    charts = _search_charts(tuning) if tuning else []
    note = _note(tuning, evaluation)
    tables: list[Table] = []
    if evaluation is not None:
        if evaluation.task == "regression":
            charts += number_charts(evaluation.predictions)
        else:
            charts += class_charts(evaluation)
            tables.append(class_table(evaluation))
        charts += [importance(evaluation.importance)] if evaluation.importance else []
    return ModelSection(name, note, charts, tables)


def _note(tuning: SearchOutcome | None, evaluation: TestOutcome | None) -> str:
    if evaluation is not None and evaluation.cv is None:
        return "Fitted without a search."
    if tuning is None:
        return "Its search did not come to an end."
    scored = [trial for trial in tuning.trials if trial.score is not None]
    failed = len(tuning.trials) - len(scored)
    note = f"{tuning.strategy} search, {len(tuning.trials)} trials, {failed or 'none'} failed."
    stopped = sum(not trial.is_complete for trial in scored)
    return note + f" {stopped} stopped early (hollow dots), after some of the folds." * bool(
        stopped
    )


def _search_charts(tuning: SearchOutcome) -> list[Chart]:
    if not any(trial.score is not None for trial in tuning.trials):
        return []
    return [tuning_history(tuning), *(effect(space, tuning) for space in tuning.ranges)]


def importance(shares: Mapping[str, float]) -> Chart:
    """Draw each column's share in the model, largest first."""
    rows = [(name, share, f"{share:.1%}") for name, share in shares.items()]
    hidden = len(rows) - MOST_COLUMNS
    note = "Share of each column in what the model's splits gained on the training rows."
    note += f" The {hidden} least important are only in the table." if hidden > 0 else ""
    table = Table(
        "Feature importance", ["column", "share "], [[name, text] for name, _, text in rows]
    )
    svg = bars("Feature importance", note, rows[:MOST_COLUMNS])
    return Chart("Feature importance", svg, table, note)
