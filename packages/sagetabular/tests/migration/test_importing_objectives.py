"""What a tuner searched for becomes the metric of the same direction, or is refused."""

from __future__ import annotations

import copy
import json

import pytest
from configurations import HYPERPARAMETERS, MANIFEST, PARAMETERS
from hypothesis import given, settings
from hypothesis import strategies as st

from sagetabular.errors import UserError
from sagetabular.jobs.scoring.metrics import METRICS
from sagetabular.migration.plan import Place
from sagetabular.migration.tuner.objectives import find_objective
from sagetabular.migration.tuner.reading import read_tuner, typed
from sagetabular.settings.project import PipelineConf

CONF = "conf/pipeline.yaml"
# Names and directions as the guides have them: SageMaker's XGBoost ("Tune an XGBoost Model") and
# LightGBM ("Tune a LightGBM model"), and what the tuner's algorithm resource announces. Then what
# it is here: an error rate is 1 - accuracy, Gini 2 AUC - 1, and the square of an RMSE orders as it.
KNOWN = {
    "validation:accuracy": ("Maximize", "accuracy", ("binary", "multiclass")),
    "validation:auc": ("Maximize", "roc_auc", ("binary", "multiclass")),
    "validation:error": ("Minimize", "accuracy", ("binary",)),
    "validation:f1": ("Maximize", "f1", ("binary",)),
    "validation:logloss": ("Minimize", "log_loss", ("binary", "multiclass")),
    "validation:mae": ("Minimize", "mae", ("regression",)),
    "validation:merror": ("Minimize", "accuracy", ("multiclass",)),
    "validation:mlogloss": ("Minimize", "log_loss", ("multiclass",)),
    "validation:mse": ("Minimize", "rmse", ("regression",)),
    "validation:rmse": ("Minimize", "rmse", ("regression",)),
    "validation:aucpr": ("Maximize", "average_precision", ("binary",)),
    "validation:auc_pr": ("Maximize", "average_precision", ("binary",)),
    "validation:gini": ("Maximize", "roc_auc", ("binary", "multiclass")),
    "binary_logloss": ("Minimize", "log_loss", ("binary",)),
    "multi_logloss": ("Minimize", "log_loss", ("multiclass",)),
    "binary_error": ("Minimize", "accuracy", ("binary",)),
    "multi_error": ("Minimize", "accuracy", ("multiclass",)),
    "train:F1_macro": ("Maximize", "macro_f1", ("binary", "multiclass")),
    "r2": ("Maximize", "r2", ("regression",)),
}
TITANIC = (
    "{'classification': 'true', 'target': 'Survived', 'distribution':'bernoulli',"
    "'ignored_columns':'PassengerId,Name','categorical_columns':'Sex,Embarked,Survived'}"
)
"""As in the tuner's own example."""


def conf(task="regression", **fields):
    """`conf/pipeline.yaml` with a target of two classes."""
    data = {"database": "d", "table": "t", "target": "survived",
            "columns": {"survived": "number", "age": "number"}}  # fmt: skip
    if task == "binary":
        data["positive"] = "1"
    selection = {"minimum": 0.6} if task == "regression" else {"minimum": 0.7}
    return PipelineConf.model_validate(
        {"task": task, "name": "test-project", "data": data, "selection": selection} | fields
    )


def read(pipeline, positive=None, *, asked=None, **static):
    """Return the plan of an import whose static hyperparameters are these."""
    parameters = PARAMETERS | ({"tuningObjective": asked} if asked else {})
    hyperparameters = HYPERPARAMETERS | {"staticHyperParameters": static}
    files = {
        "parameters": ("ml-parameters.json", copy.deepcopy(parameters)),
        "hyperparameters": ("hyperparameters.json", hyperparameters),
        "manifest": ("manifest.json", MANIFEST),
    }
    return read_tuner(files, "ridge", pipeline, positive)


def changed(plan):
    """What becomes of conf/pipeline.yaml, but for the number of trials."""
    return {".".join(one.path): one.value for one in plan.changes if one.path[0] != "tuning"}


def scored(plan):
    """The remark about the metric."""
    (remark,) = [remark for remark in plan.remarks if "trials are scored by" in remark]
    return remark.partition("its objective")[2]


def refused(*arguments, **options):
    with pytest.raises(UserError) as caught:
        read(*arguments, **options)
    return [caught.value.message, caught.value.remedy]


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_objective_has_the_direction_of_its_guide_and_a_metric_of_ours(name) -> None:
    direction, metric, tasks = KNOWN[name]
    found = find_objective(name, Place("f"))
    assert (found.direction, found.metric.name, found.tasks) == (direction, metric, tasks)


@pytest.mark.parametrize("name", METRICS)
def test_our_own_names_are_known(name) -> None:
    assert find_objective(f"cv\n:{name}", Place("f")).name == name  # remarks are lines
    found = find_objective(f"cv:{name}", Place("f"))
    assert (found.metric, found.direction) == (METRICS[name], METRICS[name].objective_type)


@pytest.mark.parametrize("name", ["validation:ndcg", "validation:map", "test:score", "", "auc:"])
def test_an_unknown_objective_is_refused_with_those_that_there_are(name) -> None:
    asked = {"MetricName": name, "Type": "Maximize"}
    rule, remedy = refused(conf("binary"), asked=asked)
    place = "ml-parameters.json: tuningObjective.MetricName"
    assert rule == f"{place} names no metric that models are ranked by here, got {name!r}."
    assert remedy == f"Name one of {', '.join(METRICS)}."


@pytest.mark.parametrize("name", KNOWN)
def test_the_other_direction_is_refused(name) -> None:
    direction, _, _ = KNOWN[name]
    other = "Minimize" if direction == "Maximize" else "Maximize"
    rule, remedy = refused(conf("binary"), asked={"MetricName": name, "Type": other})
    assert rule == (
        f"ml-parameters.json: tuningObjective.Type must be {direction} for {name}, got {other!r}."
    )
    assert "worst trial" in remedy


def test_the_tuners_own_example_makes_a_project_of_two_classes() -> None:
    plan = read(conf(), "1", training=TITANIC, seed="1")
    assert changed(plan) == {"task": "binary", "data.positive": "1", "selection.metric": "roc_auc"}
    assert scored(plan) == (
        " in the state machine: trials are scored by cv:roc_auc over this project's folds, "
        "as by validation:auc."
    )
    assert plan.models[0].document["hyperparameters"] == {"seed": 1}
    assert any("staticHyperParameters.training is not carried over" in one for one in plan.remarks)


def test_without_a_gate_it_gets_that_of_chance() -> None:
    """The area under the curve of a model that guesses is 0.5; the tuner had no gate at all."""
    assert changed(read(conf(selection={}), "1", training=TITANIC))["selection.minimum"] == 0.5


def test_what_only_the_user_knows_is_asked_for() -> None:
    place = "hyperparameters.json: staticHyperParameters.training"
    about = f"its task is binary, and that of {CONF} regression"
    assert refused(conf(), training=TITANIC) == [
        f"{place}: {about}, and no file names the class to find.",
        "Name it with --positive, spelled as in the data.",
    ]
    loss = {"MetricName": "validation:logloss", "Type": "Minimize"}
    assert refused(conf(), "1", training=TITANIC, asked=loss) == [
        f"{place}: {about}, and its metric log_loss needs a gate.",
        f"Write task: binary, selection.metric: log_loss and selection.maximum in {CONF}.",
    ]
    other = TITANIC.replace("Survived", "Fare")
    assert refused(conf(), "1", training=other) == [
        f"{place}: its target is 'Fare', and that of {CONF} 'survived'.",
        "Bring its table first: `pipeline init FILE --target Fare`.",
    ]


def test_a_project_of_the_task_keeps_its_settings() -> None:
    plan = read(conf("binary"), training=TITANIC)
    assert changed(plan) == {}
    assert "as by validation:auc" in scored(plan)
    selection = {"metric": "log_loss", "maximum": 0.4}
    plan = read(conf("binary", selection=selection), training=TITANIC)
    assert changed(plan) == {}
    assert "by cv:log_loss over this project's folds, not by validation:auc" in scored(plan)


@pytest.mark.parametrize(
    ("task", "static"),
    [
        ("regression", {"distribution": "gaussian"}),
        ("regression", {"objective": "reg:squarederror"}),
        ("multiclass", {"training": TITANIC.replace("bernoulli", "multinomial")}),
        ("multiclass", {"objective": "multi:softprob"}),
        ("binary", {"objective": "binary:logistic"}),
        ("binary", {"distribution": "AUTO"}),
        ("multiclass", {}),  # AUC is of both, so the project decides
    ],
)
def test_the_task_is_what_distribution_or_objective_says(task, static) -> None:
    assert changed(read(conf(task), **static)) == {}


@pytest.mark.parametrize("static", [{"distribution": "gaussian"}, {"objective": "reg:logistic"}])
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_regression_does_not_go_into_a_project_of_classes(task, static) -> None:
    place = "hyperparameters.json: staticHyperParameters"
    assert refused(conf(task), **static) == [
        f"{place}: its task is regression, and that of {CONF} {task}.",
        "Import it into a project of that task.",
    ]


def test_two_classes_do_not_go_into_a_project_of_more_which_regression_may_become() -> None:
    multinomial = TITANIC.replace("bernoulli", "multinomial")
    assert changed(read(conf(), training=multinomial)) == {
        "task": "multiclass", "selection.metric": "roc_auc"
    }  # fmt: skip
    for static, task in ((TITANIC, "multiclass"), (multinomial, "binary")):
        rule, _ = refused(conf(task), training=static)
        assert rule.endswith(f", and that of {CONF} {task}.")


def test_a_metric_of_another_task_than_the_distribution_is_refused() -> None:
    asked = {"MetricName": "validation:rmse", "Type": "Minimize"}
    rule, remedy = refused(conf("binary"), training=TITANIC, asked=asked)
    assert rule == (
        "ml-parameters.json: tuningObjective.MetricName is no metric of binary, "
        "got 'validation:rmse'."
    )
    assert "staticHyperParameters.training says so" in remedy


def test_a_positive_class_is_for_two_classes() -> None:
    rule, _ = refused(conf(), "1", distribution="gaussian")
    assert rule == "--positive names one of two classes, and the task is regression, got '1'."
    assert changed(read(conf("binary"), "0", training=TITANIC)) == {"data.positive": "0"}


@settings(deadline=None, max_examples=60)
@given(st.recursive(st.text(max_size=9), lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from(["target", "distribution", "x"]), inner,
                                      max_size=3), max_leaves=5),
       st.sampled_from([None, "1"]))  # fmt: skip
def test_whatever_training_holds_it_is_read_or_refused_in_two_lines(value, positive) -> None:
    try:
        plan = read(conf(), positive, training=json.dumps(value).replace('"', "'"))
    except UserError as error:
        assert len(str(error).splitlines()) == 2
    else:
        assert all(remark.isprintable() for remark in plan.remarks)


def test_brackets_without_end_are_a_text() -> None:
    deep = "[" * 100_000
    assert typed(deep) == deep
    plan = read(conf(), "1", training=deep)
    assert plan.models[0].document["hyperparameters"]["training"] == deep
