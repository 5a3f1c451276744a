"""Task and metric in `conf/pipeline.yaml`, and what the definition makes of them."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from definitions import steps_of

from sagetabular.errors import UserError
from sagetabular.jobs.scoring.metrics import DEFAULT_METRICS, METRICS, metrics_of
from sagetabular.settings.scoring.selection import MetricName

PIPELINE, RIDGE = "conf/pipeline.yaml", "models/ridge/model.yaml"
# As scikit-learn documents them: names, and which of them are losses.
LOSSES = {"rmse", "mae", "log_loss"}
TARGET = {"data.target": "district", "data.drop": []}
BINARY = {**TARGET, "task": "binary", "data.positive": "north", "selection": {"minimum": 0.5}}
MULTICLASS = {**TARGET, "task": "multiclass", "selection": {"minimum": 0.5}}


def change(example, fields) -> None:
    example.load()
    for field, value in fields.items():
        example.change(PIPELINE, field, value)


FAULTS = {
    "a metric of another task": (
        {"selection": {"metric": "roc_auc", "minimum": 0.5}},
        "must have a metric of the task regression: selection.metric is 'roc_auc'.",
        "It has r2, rmse, mae; or change `task`.",
    ),
    "a metric that is none": (
        {"selection": {"metric": "auc"}},
        "selection.metric must be 'r2', 'rmse', 'mae', 'roc_auc', 'average_precision', "
        "'log_loss', 'f1', 'accuracy', 'balanced_accuracy' or 'macro_f1', got 'auc'.",
        "Correct selection.metric in conf/pipeline.yaml.",
    ),
    "a minimum of a loss": (
        {"selection": {"metric": "rmse", "minimum": 0.5}},
        "takes no selection.minimum for the metric rmse, got 0.5.",
        "Name it maximum: lower is better.",
    ),
    "a maximum of a score": (
        {"selection": {"maximum": 0.5}},
        "takes no selection.maximum for the metric r2, got 0.5.",
        "Name it minimum: higher is better.",
    ),
    "no gate": (
        {**MULTICLASS, "selection": {"metric": "log_loss"}},
        "needs selection.maximum for the metric log_loss.",
        "Add it: a winner with a worse score is not registered.",
    ),
    "two gates": (
        {"selection": {"minimum": 0.5, "minimum_r2": 0.4}},
        "must name one gate, got selection.minimum and selection.minimum_r2.", "Keep minimum.",
    ),
    "the gate of R2 for another metric": (
        {**BINARY, "selection": {"minimum_r2": 0.5}},
        "takes no selection.minimum_r2 for the metric roc_auc, got 0.5.",
        "Name it minimum: higher is better.",
    ),
    "no positive class": (
        {**BINARY, "data.positive": None},
        "needs data.positive for the task binary: the class to find.",
        'Add it, spelled as in the data: `positive: "yes"`.',
    ),
    "a positive class of three": (
        {**MULTICLASS, "data.positive": "north"},
        "takes no data.positive for the task multiclass, got 'north'.",
        "Remove it, or set `task: binary`.",
    ),
    "class weights of numbers": (
        {"data.class_weights": "balanced"},
        "takes no data.class_weights for the task regression, got 'balanced'.",
        "Remove it, or set `task: binary`.",
    ),
    "weights that are not declared": (
        {"data.weights": "w"},
        "data must name columns that data.columns declares: weights has 'w'.",
        "Declared are rooms, area, district, sold, garden, price.",
    ),
    "weights that are no number": (
        {"data.weights": "district"},
        "data must declare the weights 'district' as a number that is not optional.",
        "Write `district: number` under data.columns.",
    ),
    "weights that are the target": (
        {"data.weights": "price"}, "data must not take the target for weights, got 'price'.",
        "Name another column",
    ),
    "a time for classes": (
        {**MULTICLASS, "data.target": "sold"},
        "data must declare the target 'sold' as a category that is not optional.",
        "Write `sold: category` under data.columns.",
    ),
    "a target of R2 for another metric": (
        {**MULTICLASS, "tuning": {"completion": {"target_r2": 0.5}}},
        "takes no completion.target_r2 for the metric accuracy.",
        "Write `target`, a score by accuracy.",
    ),
    "a target that no score reaches": (
        {"tuning": {"completion": {"target": 1.5}}},
        "must have completion.target of at most 1 for r2, got 1.5.", "Lower it",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_what_does_not_fit_the_task_is_named(example, mistake_of, fault) -> None:
    fields, rule, remedy = fault
    change(example, fields)
    found_rule, found_remedy = mistake_of(example)
    assert found_rule == f"{PIPELINE}: {rule}"
    assert found_remedy.startswith(remedy)


def test_every_metric_can_be_written_in_the_settings() -> None:
    assert [*get_args(MetricName)] == [*METRICS]


def test_losses_are_those_that_scikit_learn_calls_so() -> None:
    assert {name for name, each in METRICS.items() if not each.greater_is_better} == LOSSES
    assert all(name in {each.name for each in metrics_of(task)}
               for task, name in DEFAULT_METRICS.items())  # fmt: skip


def test_a_word_that_yaml_reads_as_true_is_to_be_quoted(example, mistake_of) -> None:
    change(example, {**BINARY, "data.positive": "POSITIVE"})
    text = (example.root / PIPELINE).read_text()
    example.write(PIPELINE, text.replace("POSITIVE", "yes"))
    rule, remedy = mistake_of(example)
    assert rule == f"{PIPELINE}: data.positive must be a valid string, got True for yes."
    assert '"yes"' in remedy


def test_a_positive_class_may_be_written_as_a_number(example) -> None:
    change(example, BINARY)
    for written, expected in ((1, "1"), (2.0, "2"), ("true", "true"), ("Yes", "Yes")):
        example.change(PIPELINE, "data.positive", written)
        assert example.load().pipeline.data.positive == expected


def test_classes_are_stratified_unless_the_split_says_otherwise(example) -> None:
    change(example, MULTICLASS)
    example.change(PIPELINE, "split", {"folds": 3})
    assert example.load().pipeline.split.kind == "stratified"
    example.change(PIPELINE, "split", {"kind": "random"})
    assert example.load().pipeline.split.kind == "random"


@pytest.mark.parametrize(
    ("fields", "metric", "parameter"),
    [
        ({"selection": {"metric": "rmse", "maximum": 9.0}}, "rmse", "MaximumRmse"),
        ({"selection": {"minimum": 0.25}}, "r2", "MinimumR2"),
        (BINARY, "roc_auc", "MinimumRocAuc"),
        ({**MULTICLASS, "selection": {"metric": "log_loss", "maximum": 0.5}}, "log_loss",
         "MaximumLogLoss"),
    ],
)  # fmt: skip
def test_the_definition_follows_the_metric_and_its_direction(
    example, fields, metric, parameter
) -> None:
    change(example, fields)
    definition = json.loads(example.compile().definition)
    steps, loss = steps_of(definition), metric in LOSSES
    search = steps["TuneRidge"]["Arguments"]["HyperParameterTuningJobConfig"]
    assert search["HyperParameterTuningJobObjective"] == {
        "Type": "Minimize" if loss else "Maximize", "MetricName": f"cv:{metric}",
    }  # fmt: skip
    training = steps["TuneRidge"]["Arguments"]["TrainingJobDefinition"]
    printed = [each["Name"] for each in training["AlgorithmSpecification"]["MetricDefinitions"]]
    assert printed[:2] == [f"cv:{metric}", f"cv:fold_{metric}"]
    of_task = metrics_of(fields.get("task", "regression"))
    assert sorted(printed) == sorted(
        [f"cv:fold_{metric}", *(f"cv:{each.name}" for each in of_task)]
    )
    (condition,) = steps["QualityGate"]["Arguments"]["Conditions"]
    assert condition["Type"] == ("LessThanOrEqualTo" if loss else "GreaterThanOrEqualTo")
    assert condition["LeftValue"]["Std:JsonGet"]["Path"] == f"winner.test_{metric}"
    assert condition["RightValue"] == {"Get": f"Parameters.{parameter}"}
    declared = {each["Name"]: each.get("DefaultValue") for each in definition["Parameters"]}
    (gate,) = (value for key, value in fields["selection"].items() if key != "metric")
    assert declared[parameter] == gate


def test_only_what_is_not_plain_regression_travels_to_the_jobs(example) -> None:
    plain = steps_of(json.loads(example.compile().definition))["TuneRidge"]["Arguments"]
    assert not {"job_task", "job_metric", "job_positive"} & {
        *plain["TrainingJobDefinition"]["StaticHyperParameters"]
    }
    change(example, {**BINARY, "data.positive": 1})
    static = steps_of(json.loads(example.compile().definition))["TuneRidge"]["Arguments"][
        "TrainingJobDefinition"
    ]["StaticHyperParameters"]
    assert (static["job_task"], static["job_metric"]) == ("binary", "roc_auc")
    assert json.loads(static["job_positive"]) == "1"


OUTPUTS = "SAGEMAKER_INFERENCE_OUTPUT"


def serve_with(example, step, outputs):
    """A model that is created and transforms, where one of the steps asks for outputs."""
    steps = {"fit": {}, "create": {}, "transform": {}}
    steps["transform"]["inputs"] = {"data": "data.preprocess.test"}
    steps[step]["environment"] = {OUTPUTS: outputs}
    example.change(RIDGE, "steps", steps)
    return example.compile()


@pytest.mark.parametrize("step", ["create", "transform"])
def test_the_outputs_of_a_server_are_those_that_it_has(example, step) -> None:
    """Otherwise Transform fails, after the training."""
    change(example, BINARY)
    compiled = serve_with(example, step, "predicted_label, probability")
    assert compiled.definition.count(b"predicted_label, probability") == 1
    with pytest.raises(UserError) as info:
        serve_with(example, step, "probability,score")
    assert str(info.value).splitlines() == [
        f"{RIDGE}: steps.{step}.environment.{OUTPUTS} must be predicted_label, probability, "
        "probabilities or labels, got 'probability,score'.",
        "Ask for some of these, each once, such as predicted_label,probabilities.",
    ]


def test_a_server_of_numbers_has_one_output(example) -> None:
    serve_with(example, "create", "predicted_label")
    with pytest.raises(UserError) as info:
        serve_with(example, "create", "labels")
    assert str(info.value).splitlines() == [
        f"{RIDGE}: steps.create.environment.{OUTPUTS} must be predicted_label for the task "
        "regression, got 'labels'.",
        "Leave it out: the answer is the number.",
    ]
