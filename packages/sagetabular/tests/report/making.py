"""Executions put together by hand, with whatever names a test wants, and a reader of pages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics

from sagelocal import ExecutionRecord, LocalSageMaker, StepRecord
from sagelocal.executions.creation import create_execution
from sagetabular.report import render_report

VOID = {"meta", "br", "link", "img", "hr", "input"}
STEPS = dict.fromkeys(("Preprocess", "Tune", "Evaluate", "Select"), "Processing")
STEPS["Tune"] = "Tuning"


@dataclass
class Story:
    """What an execution is told to have found; every name may be anything."""

    pipeline: str = "houses"
    data: str = "sales.csv"
    model: str = "ridge"
    column: str = "rooms"
    hyperparameter: str = "strength"
    category: str = "linear"
    scores: tuple[float | None, ...] = (0.5, None, 0.8, 0.7)
    stopped: tuple[int, ...] = ()
    shift: float = 0.0
    rows: int = 50
    importance: bool = True
    task: str = "regression"
    metric: str = "r2"
    # Of a task with classes: in their order, the positive one of two last.
    classes: tuple[str, ...] = ()
    conf: dict[str, Any] = field(default_factory=lambda: {"target": "price"})
    summary: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)


def make_execution(home: Path, story: Story) -> ExecutionRecord:
    """Write records and artefacts as a run of a small pipeline would."""
    told = {"job_task": story.task, "job_metric": story.metric} if story.metric != "r2" else {}
    steps = [{"Name": name, "Type": kind, "Arguments": {}} for name, kind in STEPS.items()]
    steps[1]["Arguments"] = {
        "HyperParameterTuningJobConfig": {"HyperParameterTuningJobObjective": _objective(story)},
        "TrainingJobDefinition": {"StaticHyperParameters": told},
    }
    for before, step in pairwise(steps):
        step["DependsOn"] = [before["Name"]]
    definition = json.dumps({"Version": "2020-12-01", "Steps": steps}).encode()
    with create_execution(
        home,
        pipeline_name=story.pipeline,
        definition=definition,
        parameters=story.parameters,
        metadata={"data": story.data},
        steps={name: StepRecord(name, kind) for name, kind in STEPS.items()},
    ) as record:
        _write_results(home, record, story)
    return LocalSageMaker(home).execution(record.id)


def _write_results(home: Path, record: ExecutionRecord, story: Story) -> None:
    prefix = f"s3://local/{record.id}"
    responses = {
        "Preprocess": _processing("summary", f"{prefix}/summary"),
        "Tune": _tuning(story),
        "Evaluate": _processing("evaluation", f"{prefix}/evaluate"),
        "Select": _processing("selection", f"{prefix}/select"),
    }
    settings = {"InputName": "settings", "S3Input": {"S3Uri": f"{prefix}/settings"}}
    arguments = {
        "Preprocess": {"ProcessingInputs": [settings]},
        "Evaluate": {"AppSpecification": {"ContainerArguments": ["--model", story.model]}},
        "Tune": {"TrainingJobDefinition": {"StaticHyperParameters": {"job_model": story.model}}},
    }
    times = {"start_time": record.start_time, "end_time": record.start_time}
    for name, step in record.steps.items():
        record.write_step(
            replace(
                step,
                status="Succeeded",
                arguments=arguments.get(name, {}),
                response=responses[name],
                **times,
            )
        )
    _store(LocalSageMaker(home), prefix, story)
    log = record.directory / "logs/Tune/a trial #1.log"
    log.parent.mkdir(parents=True)
    log.write_text("said")
    replace(record, status="Succeeded", end_time=record.start_time).write()


def _processing(name: str, uri: str) -> dict[str, Any]:
    output = {"OutputName": name, "S3Output": {"S3Uri": uri}}
    return {"ProcessingOutputConfig": {"Outputs": [output]}}


def _objective(story: Story) -> dict[str, str]:
    losses = ("rmse", "mae", "log_loss")  # of which less is better, as everybody knows
    direction = "Minimize" if story.metric in losses else "Maximize"
    return {"MetricName": f"cv:{story.metric}", "Type": direction}


def _tuning(story: Story) -> dict[str, Any]:
    trials = []
    for index, score in enumerate(story.scores):
        tuned = {story.hyperparameter: str(10.0 ** (index % 3)), "kind": json.dumps(story.category)}
        status = "Stopped" if index in story.stopped else "Completed"
        trial = {
            "TrainingJobName": f"{story.model}-{index + 1:03d}",
            "TrainingJobStatus": status,
            "TunedHyperParameters": tuned,
            "Seconds": 1.5,
        }
        if score is not None:
            metric = {"MetricName": f"cv:{story.metric}", "Value": score}
            trial["FinalHyperParameterTuningJobObjectiveMetric"] = metric
        trials.append(trial)
    continuous = {"Name": story.hyperparameter, "MinValue": "1", "MaxValue": "100"}
    kinds = [json.dumps(story.category), json.dumps("other")]
    ranges = {
        "ContinuousParameterRanges": [continuous | {"ScalingType": "Logarithmic"}],
        "CategoricalParameterRanges": [{"Name": "kind", "Values": kinds}],
    }
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "ParameterRanges": ranges,
            "HyperParameterTuningJobObjective": _objective(story),
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"job_model": story.model},
            "OutputDataConfig": {"S3OutputPath": "s3://local/trials"},
        },
        "TrainingJobSummaries": trials,
    }


def predictions_of(story: Story) -> pd.DataFrame:
    """Return planted test rows as Evaluate writes them; of classes with their probabilities."""
    random = np.random.default_rng(0)
    if not story.classes:
        actual = random.normal(size=story.rows)
        return pd.DataFrame({"actual": actual, "predicted": actual * 0.9 + story.shift})
    places = np.concatenate(
        [np.arange(len(story.classes)), random.integers(len(story.classes), size=story.rows)]
    )[: max(story.rows, len(story.classes))]
    logits = random.normal(size=(len(places), len(story.classes)))
    logits[np.arange(len(places)), places] += 1.5
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    names = np.array(story.classes, dtype=object)
    labels = {"actual": names[places], "predicted": names[shares.argmax(axis=1)]}
    columns = {f"probability_{name}": shares[:, at] for at, name in enumerate(story.classes)}
    return pd.DataFrame(labels | columns)


def scores_of(task: str, predictions: pd.DataFrame) -> dict[str, float]:
    """Return every metric of a task, by scikit-learn."""
    actual, predicted = predictions["actual"], predictions["predicted"]
    if task == "regression":
        rmse = metrics.root_mean_squared_error(actual, predicted)
        errors = {"rmse": rmse, "mae": metrics.mean_absolute_error(actual, predicted)}
        return {"r2": metrics.r2_score(actual, predicted), **errors}
    shares = predictions.filter(like="probability_")
    names = [name.removeprefix("probability_") for name in shares]
    places = actual.map({name: place for place, name in enumerate(names)})
    truth = np.eye(len(names))[places]
    found = {
        "accuracy": metrics.accuracy_score(actual, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(actual, predicted),
        "macro_f1": metrics.f1_score(actual, predicted, average="macro"),
        "log_loss": -np.log(shares.to_numpy()[truth == 1]).mean(),
    }
    if task == "multiclass":
        return found | {"roc_auc": metrics.roc_auc_score(truth, shares, average="macro")}
    positive, probability = truth[:, 1], shares.iloc[:, 1]
    return found | {
        "roc_auc": metrics.roc_auc_score(positive, probability),
        "average_precision": metrics.average_precision_score(positive, probability),
        "f1": metrics.f1_score(actual, predicted, pos_label=names[1]),
    }


def _store(sagemaker: LocalSageMaker, prefix: str, story: Story) -> None:
    predictions = predictions_of(story)
    buffer = BytesIO()
    predictions.to_parquet(buffer)
    sagemaker.storage.put_bytes(f"{prefix}/evaluate/predictions.parquet", buffer.getvalue())
    scores = dict.fromkeys(("r2", "rmse", "mae"), 0.7654 + story.shift)
    if story.classes or story.metric != "r2":
        scores = scores_of(story.task, predictions)
    section = {name: {"value": score, "standard_deviation": 0.01} for name, score in scores.items()}
    kind = "regression" if story.task == "regression" else f"{story.task}_classification"
    name = story.metric
    folds = [{"fold": index, name: 0.8 + index / 100} for index in range(3)]
    ranked = {"model": story.model, f"cv_{name}": 0.81 + story.shift, f"cv_{name}_std": 0.01}
    ranked |= {f"test_{metric}": score for metric, score in scores.items()}
    # An execution of an earlier release says neither; all of those had R2.
    chosen = {"task": story.task, "metric": name} if name != "r2" else {}
    contents = {
        "evaluate/evaluation": {f"{kind}_metrics": section | {"confusion_matrix": {}}},
        "evaluate/cv": {name: 0.81, f"{name}_std": 0.01, "folds": folds},
        "select/selection": {**chosen, "ranking": [ranked]},
        "summary/summary": {
            "rows_read": 70, "duplicates_removed": 0, "training_rows": 20, "test_rows": 50,
            "fold_rows": [7, 7, 6], "missing_values": {story.column: 3}, "fingerprint": "abc",
            "repeated_rows": 31, "columns_left_out": [story.column], "columns_absent": ["attic"],
            "notes": ["31 of 70 rows repeat another one."],
            **story.summary,
        },
        "settings/preprocess": story.conf,
    }  # fmt: skip
    if story.importance:
        contents["evaluate/importance"] = {story.column: 0.75, "other": 0.25}
    for name, content in contents.items():
        text = json.dumps(content).encode()
        sagemaker.storage.put_bytes(f"{prefix}/{name}.json", text)


def page_of(home: Path, record: ExecutionRecord) -> Page:
    """Render the report and read it."""
    return Page(render_report(LocalSageMaker(home), record, record.directory))


class Page(HTMLParser):
    """A page as a browser's parser sees it: elements with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.children: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if self.open:
            self.children.append((self.open[-1], tag))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.texts.append(data)

    def tags(self, *names: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of these kinds."""
        return [attributes for tag, attributes in self.elements if tag in names]
