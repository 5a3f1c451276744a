"""Put the sections together into one page."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sagelocal.definition import parse_definition
from sagelocal.errors import SageLocalError
from sagetabular.errors import UserError
from sagetabular.lake.sample import SAMPLE_TITLE
from sagetabular.local.leaderboard import read_result
from sagetabular.local.score_texts import score_text
from sagetabular.local.scoring import metric_named
from sagetabular.report import overview
from sagetabular.report.artefacts import read_artefacts
from sagetabular.report.comparison import compare, previous_success
from sagetabular.report.data import data_tables
from sagetabular.report.drawing import column_of, draw
from sagetabular.report.graph import graph_of
from sagetabular.report.headline import best_settings, gate
from sagetabular.report.models.section import model_section
from sagetabular.report.scores import fold_scores, leaderboard, test_scores
from sagetabular.report.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagelocal import ExecutionRecord, LocalSageMaker
    from sagetabular.local.leaderboard import Result
    from sagetabular.report.comparison import RunComparison
    from sagetabular.report.graph import DrawnGraph

TEMPLATES = Path(__file__).parent / "templates"
# The colours come first: what is printed overrides them.
STYLES = ("drawing.css", "style.css")


def render_report(
    sagemaker: LocalSageMaker, record: ExecutionRecord, folder: Path, title: str = ""
) -> str:
    """Return the report of an execution as HTML; the same execution gives the same text.

    Args:
        sagemaker: Where the execution, its artefacts and the earlier ones lie.
        record: The execution; one that failed or still runs is shown as far as it got.
        folder: Where the report will lie, for its links to the logs.
        title: What the project is called; by default as its pipeline.

    Raises:
        StorageError: An artefact of the execution has been removed since.
    """
    content = _content(sagemaker, record, folder) | {"title": title or record.pipeline_name}
    return _render("report.html.jinja", content)


def render_graph(name: str, graph: DrawnGraph) -> str:
    """Return the graph of a pipeline as a page: the picture, and every edge in a table.

    Args:
        name: Name of the pipeline.
        graph: Its steps and all edges.
    """
    drawing = draw(graph.reduced(), column_of(graph))
    return _render("graph.html.jinja", {"name": name, "graph": graph, "drawing": drawing})


def _render(template: str, content: Mapping[str, Any]) -> str:
    """Fill a template, with the style inside and nothing that could be fetched or run."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in STYLES)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # Nothing may be fetched or run, and no style but this file's own applies.
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    # The style sheet is ours, and escaped quotation marks would be another style sheet.
    own = Markup(style)  # noqa: S704
    return environment.get_template(template).render(style=own, policy=policy, **content)


def _content(sagemaker: LocalSageMaker, record: ExecutionRecord, folder: Path) -> dict[str, Any]:
    result, artefacts = read_result(sagemaker, record), read_artefacts(sagemaker, record)
    evaluations = {entry.name: artefacts.evaluations[entry.name] for entry in result.models}
    definition = record.definition()
    steps = parse_definition(definition).steps
    earlier = previous_success(sagemaker, record)
    compared, problem = _compared(sagemaker, earlier, record)
    data = record.metadata.get("data", "")
    groups = read_settings(sagemaker, record)
    names = [entry.name for entry in result.models]
    names += [name for name in artefacts.tunings if name not in names]
    return {
        "record": record,
        "result": result,
        "data": data,
        "is_made_up": data.startswith(SAMPLE_TITLE),
        "seconds": overview.seconds_between(record),
        "score": _score(result),
        "leaderboard": leaderboard(result),
        "test_scores": test_scores(result, evaluations),
        "folds": fold_scores(evaluations, metric_named(result.metric)),
        "gate": gate(record),
        "best": best_settings(artefacts.tunings.get(result.winner or "")),
        "earlier": earlier,
        "compared": compared,
        "problem": problem,
        "comparison": overview.comparison_tables(compared) if compared else [],
        "models": [
            model_section(name, artefacts.tunings.get(name), artefacts.evaluations.get(name))
            for name in names
        ],
        "graph": draw(overview.with_states(graph_of(steps), record).reduced()),
        "steps": overview.step_rows(record, folder),
        "data_tables": data_tables(artefacts, groups),
        "settings": overview.settings_tables(groups),
        "definition": json.dumps(json.loads(definition), indent=1, ensure_ascii=False),
    }


def _score(result: Result) -> tuple[str, str]:
    """Return the name of the winner's score on the test rows, and the score."""
    metric = metric_named(result.metric)
    text = "none" if result.score is None else score_text(metric, result.score)
    return f"Test {metric.in_words}", text


def _compared(
    sagemaker: LocalSageMaker, earlier: ExecutionRecord | None, record: ExecutionRecord
) -> tuple[RunComparison | None, str]:
    """Return the comparison with an earlier execution, or why there is none."""
    if earlier is None:
        return None, ""
    try:
        return compare(sagemaker, earlier, record), ""
    except (UserError, SageLocalError) as err:  # of what is left of the earlier one
        return None, err.message
