"""System 002's configurations become the steps and edges that they describe."""

from __future__ import annotations

import itertools
import json
import re

import pytest
import yaml
from configurations import CHURN, COMPONENTS, PRICES
from definitions import steps_of

pytestmark = pytest.mark.slow

CHURN_NAMES = {
    "churn-Clean": "CleanChurn",
    "churn-Training": "TrainingChurn",
    "churn-CreateModel": "CreateModelChurn",
    "churn-Transform": "TransformChurn",
    "churn-Metrics": "MetricsChurn",
    "churn-Register": "RegisterChurn",
}
HOUSE_NAMES = {
    "pca-model-Preprocess": "PreprocessStepPcaModel",
    "pca-model-Training": "TrainingPcaModel",
    "pca-model-Register": "RegisterPcaModel",
    "Clean": "CleanPrices",
    "Fit": "FitPrices",
    "Create": "CreatePrices",
    "Predict": "PredictPrices",
    "Score": "ScorePrices",
    "Publish": "PublishPrices",
}
# Written by hand from COMPONENTS and PRICES: chained inputs, artefacts and models that a step
# takes, and the lines of `dependencies`.
HOUSE_EDGES = {
    ("PreprocessStepPcaModel", "TrainingPcaModel"),
    ("TrainingPcaModel", "RegisterPcaModel"),
    ("TrainingPcaModel", "CleanPrices"),
    ("CleanPrices", "FitPrices"),
    ("FitPrices", "CreatePrices"),
    ("CreatePrices", "PredictPrices"),
    ("CleanPrices", "PredictPrices"),
    ("PredictPrices", "ScorePrices"),
    ("CleanPrices", "ScorePrices"),
    ("ScorePrices", "PublishPrices"),
    ("FitPrices", "PublishPrices"),
    ("RegisterPcaModel", "PublishPrices"),
}


def edges_of(definition, names):
    """Pairs of steps, of which the second refers to, or depends on, the first."""
    steps = {step["Name"]: step for step in definition["Steps"] if step["Name"] in names}
    return {
        (before, after)
        for before in steps
        for after, step in steps.items()
        if f'"Steps.{before}.' in json.dumps(step) or before in step.get("DependsOn", [])
    }


def edges_asked_for(names, *texts):
    """The same, read from the configuration by splitting its lines."""
    pipeline = next(
        found for text in texts if (found := yaml.safe_load(text)["conf"].get("sagemakerPipeline"))
    )
    found = set()
    for unit in pipeline["models"].values():
        last = {}
        for step in unit["steps"]:
            name, kind = step["step_name"], step["step_class"]
            chained = step.get("chain_input_source_step", [])
            for source in [chained] if isinstance(chained, str) else chained:
                found.add((source, name))
            needed = {"CreateModel": "Training", "RegisterModel": "Training"}
            needed["Transform"] = "CreateModel"
            if kind in needed:
                found.add((last[needed[kind]], name))
            last[kind] = name
    for line in pipeline["dependencies"]:
        groups = [re.findall(r"[\w-]+", group) for group in line.split(">>")]
        for before, after in itertools.pairwise(groups):
            found |= set(itertools.product(before, after))
    return {(names[before], names[after]) for before, after in found}


def test_a_pipeline_of_one_model_has_its_steps_and_edges(pipeline, example, repository):
    ended = pipeline("import", repository / "churn/conf/conf.yaml")
    assert (ended.code, ended.err) == (0, "")
    names = {*CHURN_NAMES.values()}
    assert names <= {*steps_of(example.definition())}
    found = edges_of(example.definition(), names)
    assert found == edges_asked_for(CHURN_NAMES, CHURN)
    assert ("CleanChurn", "TrainingChurn") in found
    for before, after in CHURN_NAMES.items():
        assert f"'{before}' is churn." in ended.out
        assert f", {after} in SageMaker." in ended.out


@pytest.mark.parametrize("order", [1, -1])
def test_a_pipeline_of_two_models_has_the_edges_between_them(pipeline, example, repository, order):
    files = [repository / f"{name}/conf/conf.yaml" for name in ("components", "prices")]
    ended = pipeline("import", *files[::order])
    assert (ended.code, ended.err) == (0, "")
    definition = example.definition()
    found = edges_of(definition, {*HOUSE_NAMES.values()})
    assert found == HOUSE_EDGES
    assert found == edges_asked_for(HOUSE_NAMES, COMPONENTS, PRICES)
    units = {
        name for name in steps_of(example.definition()) if name.endswith(("PcaModel", "Prices"))
    }
    assert units == {*HOUSE_NAMES.values()}
