"""Models, their order and their ranking, as conf/pipeline.yaml may not have them."""

from __future__ import annotations

import pytest

PIPELINE, RIDGE, BOOST = "conf/pipeline.yaml", "models/ridge/model.yaml", "models/boost/model.yaml"
# What is wrong: file, field, value, rule, remedy (None: that the field is to be corrected).
FAULTS = {
    "dependencies that are text": (
        PIPELINE, "dependencies", "a >> b", "dependencies must be a valid list, got 'a >> b'.",
        None,
    ),
    "a dependency that is no chain": (
        PIPELINE, "dependencies", ["ridge >> boost", "ridge << boost"],
        "dependencies.1 is no chain of steps: '<< boost' in 'ridge << boost' cannot be read.",
        "Write it as `a.fit >> b.fit`, with `[a.fit, b.fit]` for several.",
    ),
    "a dependency of an unknown model": (
        PIPELINE, "dependencies", ["rige >> boost"], "dependencies.0 names no model: 'rige'.",
        "Did you mean 'ridge'? There are data, boost, ridge.",
    ),
    "a dependency of an unknown step": (
        PIPELINE, "dependencies", ["ridge.fot >> boost"],
        "dependencies.0 names no step of ridge: 'ridge.fot'.",
        "Did you mean 'fit'? There are tune, fit, evaluate, register.",
    ),
    "a registration that others wait for": (
        PIPELINE, "dependencies", ["ridge.register >> boost.tune"],
        "dependencies.0 must not name ridge.register: it runs behind the QualityGate.",
        "Take it out: a winner is registered after everything else.",
    ),
    "data that wait": (
        PIPELINE, "dependencies", ["ridge >> data.preprocess"],
        "dependencies.0 must not make data.preprocess wait: the data come first, "
        "got 'ridge >> data.preprocess'.", "Take it out.",
    ),
    "a cycle of dependencies": (
        PIPELINE, "dependencies", ["ridge.fit >> boost.tune", "boost.fit >> ridge.tune"],
        "dependencies must not form a cycle, got ",
        "Take out a line, or an input, that makes one of these arrows.",
    ),
    "a cycle of whole models": (
        PIPELINE, "dependencies", ["ridge >> boost >> ridge"],
        "dependencies must not form a cycle, got ",
        "Take out a line, or an input, that makes one of these arrows.",
    ),
    "a model that is not there": (
        PIPELINE, "models", ["rigde"], "models.0 must name a folder of models/, got 'rigde'.",
        "Did you mean 'ridge'? There are boost, ridge.",
    ),
    "a model twice": (
        PIPELINE, "models", ["ridge", "models/r*"], "models.1 names 'ridge' a second time.",
        "Remove it.",
    ),
    "a pattern that finds nothing": (
        PIPELINE, "models", ["ridge", "../*/nothing"],
        "models.1 finds no model: no folder '../*/nothing' holds a model.yaml.",
        "Correct the path, or check out the repository of the model there.",
    ),
    "an absolute path": (
        PIPELINE, "models", ["/srv/ridge"],
        "models.0 must be a path relative to the project, got '/srv/ridge'.",
        "Write it like ../ridge/model or ../*/model.",
    ),
    "another name than that of the folder": (
        RIDGE, "name", "ridge_2", "name must be that of the folder, got 'ridge_2'.",
        "Remove it; only a model outside of models/ can choose its name.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_wrong_order_is_named_with_its_value_and_a_remedy(example, refuse, fault):
    refuse(example, *fault)


def test_the_path_of_a_cycle_is_shown(example, mistake_of):
    example.change(PIPELINE, "dependencies", ["ridge >> boost >> ridge"])
    rule, _ = mistake_of(example)
    path = rule.partition(", got ")[2].removesuffix(".").split(" → ")
    assert path[0] == path[-1]
    assert {"ridge.tune", "ridge.evaluate", "boost.tune", "boost.evaluate"} <= {*path}


def test_a_project_without_evaluation_is_refused(example, mistake_of):
    for file in (RIDGE, BOOST):
        example.change(file, "steps", ["fit"])
    rule, remedy = mistake_of(example)
    assert rule == "models/: at least one model needs an evaluate step to be selected."
    assert remedy == "Add `evaluate` to the steps of a model.yaml."


def test_ranking_by_cross_validation_needs_a_search_in_every_ranked_model(example, mistake_of):
    example.change(RIDGE, "steps", ["fit", "evaluate"])
    rule, remedy = mistake_of(example)
    assert rule == f"{PIPELINE}: selection.by: cv needs a tune step in {RIDGE}."
    assert remedy == "Add one before evaluate, or rank by the test rows: `by: test`."
    example.change(PIPELINE, "selection", {"by": "test"})
    example.load()
    example.change(PIPELINE, "selection", {"by": "cv"})
    example.change(RIDGE, "steps", ["fit"])
    example.load()


def test_models_of_two_folders_cannot_have_one_name(example, mistake_of):
    for team in ("a", "b"):
        for file in ("model.yaml", "model.py"):
            text = (example.root / "models/ridge" / file).read_text(encoding="utf-8")
            example.write(f"../{team}/ridge/{file}", text)
    example.change(PIPELINE, "models", ["boost", "../*/ridge"])
    rule, remedy = mistake_of(example)
    assert rule == (
        f"{PIPELINE}: models.1: ../b/ridge/model.yaml and ../a/ridge/model.yaml "
        "must not share the name 'ridge'."
    )
    assert remedy == "Give one of them a `name:` of its own in its model.yaml."


def test_at_most_81_models_are_ranked(example, mistake_of):
    example.change(PIPELINE, "selection", {"by": "test"})
    for number in range(80):
        content = {"title": f"Copy{number}", "image": "project", "steps": ["fit", "evaluate"]}
        example.write(f"models/copy_{number}/model.yaml", content)
        example.write(f"models/copy_{number}/model.py", "")
    rule, _ = mistake_of(example)
    assert rule == "models/: may hold 81 models with an evaluate step, got 82."
