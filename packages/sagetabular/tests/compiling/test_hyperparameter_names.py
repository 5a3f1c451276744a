"""What `model.py` takes, read at compile time: hyperparameters by name, and weights of rows."""

from __future__ import annotations

import pytest
import yaml

from sagetabular.errors import UserError
from sagetabular.settings import load_project

XGBOOST, TREE = "models/xgboost/model.yaml", "models/decision_tree/model.yaml"
DEPTH = {"type": "integer", "min": 2, "max": 9}


@pytest.fixture
def change(project_root):
    """Change a `model.yaml` of the template's project: names of ranges, and fixed ones, to add."""

    def change(file, ranges=None, fixed=None, without=()):
        path = project_root / file
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name in without:
            content["hyperparameters"].pop(name, None)
            content["tuning"]["ranges"].pop(name, None)
        content["tuning"]["ranges"] |= ranges or {}
        content["hyperparameters"] = content.get("hyperparameters", {}) | (fixed or {})
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return load_project(project_root)

    return change


@pytest.mark.parametrize(
    ("file", "name", "meant"),
    [
        (XGBOOST, "n_estimators", "num_round"),
        (XGBOOST, "max_dept", "max_depth"),
        (XGBOOST, "subsamples", "subsample"),
        (XGBOOST, "colsample_bytre", "colsample_bytree"),
        (TREE, "max_deph", "max_depth"),
        (TREE, "min_samples_leafs", "min_samples_leaf"),
        (TREE, "ccp_alfa", "ccp_alpha"),
    ],
)
@pytest.mark.parametrize("tuned", [True, False])
def test_a_name_that_the_library_would_ignore_is_refused_with_the_one_meant(
    change, file, name, meant, tuned
):
    field = "tuning.ranges" if tuned else "hyperparameters"
    with pytest.raises(UserError) as caught:
        change(file, **({"ranges": {name: DEPTH}} if tuned else {"fixed": {name: 3}}))
    assert str(caught.value).splitlines() == [
        f"{file}: {field}.{name} is no hyperparameter of model.py.",
        f"Did you mean {meant!r}?",
    ]


def test_a_name_that_resembles_nothing_comes_with_all_that_there_are(change):
    with pytest.raises(UserError) as caught:
        change(TREE, {"xyz": DEPTH})
    assert str(caught.value).splitlines()[1].startswith("It has criterion, splitter, max_depth, ")


def test_the_name_in_place_of_a_needed_one_is_told_first(change):
    with pytest.raises(UserError, match=r"s\.n_estimators is no .*\nDid you mean 'num_round'"):
        change(XGBOOST, fixed={"n_estimators": 400}, without=["num_round"])


def test_a_needed_name_that_was_removed_is_told(change):
    with pytest.raises(UserError) as caught:
        change(XGBOOST, without=["num_round"])
    assert str(caught.value).splitlines() == [
        f"{XGBOOST}: the hyperparameter 'num_round', which model.py needs, has no value.",
        "Add num_round under hyperparameters, or under tuning.ranges.",
    ]


def test_a_needed_name_may_be_tuned(change):
    change(XGBOOST, {"num_round": DEPTH}, without=["num_round"])


def test_other_spellings_that_the_library_takes_are_taken(change):
    rate = {"type": "continuous", "min": 0.01, "max": 0.3}
    change(XGBOOST, {"learning_rate": rate, "lambda": rate}, without=["eta", "reg_lambda"])


@pytest.mark.parametrize("program", ["", "import nothing_of_this_name\n", "def fit(:"])
def test_a_program_that_declares_nothing_decides_by_itself(change, project_root, program):
    (project_root / "models/decision_tree/model.py").write_text(program, encoding="utf-8")
    change(TREE, {"xyz": DEPTH})


WITHOUT = "def fit(features, target, hyperparameters, seed): ...\n"
WITH = "def fit(features, target, hyperparameters, seed, weights=None): ...\n"


@pytest.fixture
def weigh(example):
    """Write a model's program in a project whose rows or classes have weights; load it."""

    def weigh(program, kind="weights"):
        example.load()
        conf = yaml.safe_load((example.root / "conf/pipeline.yaml").read_text())
        if kind == "weights":
            conf["data"]["weights"] = "w"
            conf["data"]["columns"]["w"] = "number"
        if kind == "class_weights":
            conf |= {"task": "multiclass", "selection": {"minimum": 0.1}}
            conf["data"] |= {"target": "district", "class_weights": "balanced"}
            conf["split"] = {"kind": "stratified", "folds": 3}
        (example.root / "conf/pipeline.yaml").write_text(yaml.safe_dump(conf))
        for name in ("ridge", "boost"):
            (example.root / f"models/{name}/model.py").write_text(WITH)
        (example.root / "models/ridge/model.py").write_text(program)
        return load_project(example.root)

    return weigh


@pytest.mark.parametrize("kind", ["weights", "class_weights"])
@pytest.mark.parametrize(
    ("program", "function"),
    [
        (WITHOUT, "fit"),
        (WITH + "def prepare(features, target): ...\n", "prepare"),
        ("import nothing_of_this_name\n" + WITHOUT, "fit"),
    ],
)
def test_a_model_that_takes_no_weights_is_refused_where_the_data_have_them(
    weigh, program, function, kind
):
    with pytest.raises(UserError) as caught:
        weigh(program, kind)
    assert str(caught.value).splitlines() == [
        f"models/ridge/model.py: {function} must take weights, which data.{kind} asks for"
        " in conf/pipeline.yaml.",
        f"Add the argument `weights=None` and use it, or drop data.{kind}.",
    ]


@pytest.mark.parametrize(
    "program",
    [
        WITH,
        WITH.replace("weights=None", "*, weights=None"),
        WITH.replace("weights=None", "**weights"),
        "from models.shared import fit\n",
        "def fit(:",
    ],
)
@pytest.mark.parametrize("kind", ["weights", "class_weights"])
def test_a_model_that_takes_them_or_cannot_be_read_is_compiled(weigh, program, kind):
    weigh(program, kind)


def test_without_weights_nobody_needs_to_take_them(weigh):
    weigh(WITHOUT, None)
