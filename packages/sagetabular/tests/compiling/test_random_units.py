"""Random models and dependencies: they compile to one order, or are refused in two lines."""

from __future__ import annotations

import copy
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_projects import RANGES, projects

from sagetabular.compiling.checks import definition_problems
from sagetabular.compiling.loading import project_pipeline
from sagetabular.errors import UserError

pytestmark = pytest.mark.slow

RANDOM = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def write(example, models, lines):
    for folder in (example.root / "models").iterdir():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    for name, content in models.items():
        example.write(f"models/{name}/model.yaml", content)
        example.write(f"models/{name}/model.py", "")
        example.write(f"models/{name}/process.py", "")
    example.change("conf/pipeline.yaml", "selection", {"by": "test"})
    example.change("conf/pipeline.yaml", "dependencies", lines)


def definition_of(root: Path):
    return json.loads(project_pipeline(root).definition())


def before_each(definition):
    """Step → the steps that its references and `DependsOn` name."""
    steps = {step["Name"]: step for step in definition["Steps"]}
    return {
        name: {
            other
            for other in steps
            if f'"Steps.{other}.' in json.dumps(step) or other in step.get("DependsOn", [])
        }
        for name, step in steps.items()
    }


@RANDOM
@given(project=projects())
def test_a_random_project_compiles_to_requests_that_the_service_takes_in_one_order(
    example, project
):
    models, lines = project
    write(example, models, lines)
    definition = definition_of(example.root)
    assert definition_problems(definition) == []
    order = before_each(definition)
    done = set()
    for name, before in order.items():
        assert before <= done, (name, before - done)
        done.add(name)
    titles = {
        f"{unit}.{step}": f"{step.title()}{unit.title()}"
        for unit, content in models.items()
        for step in content["steps"]
    }
    for line in lines:
        for first, second in itertools.pairwise(line.split(" >> ")):
            assert titles[first] in order[titles[second]]
    assert json.dumps(definition_of(example.root)) == json.dumps(definition)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["fit", "alpha.fit", "alpha.fit.model", "data.preprocess.train", "s3://x"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip
KEYS = st.text(max_size=8) | st.sampled_from(["inputs", "class"])


def places(document):
    """Every mapping and list in a document, with its keys."""
    keys = [*document] if isinstance(document, dict) else [*range(len(document))]
    for key in keys:
        yield document, key
        if isinstance(document[key], dict | list):
            yield from places(document[key])


@settings(RANDOM, max_examples=80)
@given(project=projects(), data=st.data(), value=VALUES)
def test_a_random_fault_compiles_or_is_refused_in_two_lines(example, project, data, value):
    models, lines = copy.deepcopy(project)
    document = {"models": models, "lines": lines}
    place, key = data.draw(st.sampled_from([*places(document["models"])]))
    if place is models:
        lines.append(data.draw(st.text("alphbet .>[],", max_size=20) | st.just("alpha >> fit")))
    elif data.draw(st.booleans()) and isinstance(place, dict):
        place[data.draw(KEYS)] = place.pop(key)
    else:
        place[key] = value
    write(example, models, lines)
    try:
        assert definition_problems(definition_of(example.root)) == []
    except UserError as error:
        assert len(str(error).splitlines()) == 2


def test_random_projects_are_not_all_alike():
    """The generator makes chains between models and lines of dependencies."""
    examples = []

    @settings(max_examples=60, database=None, derandomize=True)
    @given(project=projects())
    def collect(project):
        examples.append(project)

    collect()
    assert any(lines for _, lines in examples)
    text = [json.dumps(models) for models, _ in examples]
    assert any("gamma.fit.model" in one and '"delta"' in one for one in text)
    classes = {step for models, _ in examples for one in models.values() for step in one["steps"]}
    assert len(classes) == 8


@pytest.mark.parametrize("lines", [["alpha >> beta >> alpha"], ["alpha.fit >> alpha.tune"]])
def test_a_cycle_beside_chained_inputs_is_refused(example, lines):
    steps = {"tune": {}, "fit": {}, "evaluate": {}}
    models = {
        name: {
            "title": name.title(),
            "image": "project",
            "steps": steps,
            "tuning": {"ranges": RANGES},
        }
        for name in ("alpha", "beta")
    }
    write(example, models, lines)
    with pytest.raises(UserError, match="must not form a cycle"):
        definition_of(example.root)
