"""Random models and dependencies: they compile to one order, or are refused in two lines."""

from __future__ import annotations

import copy
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import UserError
from pipelines.training import pipeline
from pipelines.training.checks import definition_problems

pytestmark = pytest.mark.slow

NAMES = ("alpha", "beta", "gamma", "delta")
RANGES = {"depth": {"type": "integer", "min": {"parameter": "DepthMin", "default": 1}, "max": 9}}
VALUES = {"kind": {"type": "categorical", "values": ["a", 1, True]}}
RANDOM = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
INSTANCES = st.sampled_from(["ml.m5.large", "ml.c5.xlarge"])
JOB = {
    "instance_type": INSTANCES,
    "volume_gb": st.integers(1, 500),
    "max_minutes": st.integers(1, 7200),
    "environment": st.dictionaries(st.sampled_from("AB"), st.text("xyz", max_size=5), max_size=2),
    "tags": st.dictionaries(st.sampled_from("ab"), st.text("xyz", max_size=5), max_size=2),
    "cache": st.booleans() | st.just({"expire_after": "P7D"}),
    "isolated": st.booleans(),
    "retries": st.just([]) | st.just([{"exceptions": ["Step.THROTTLING"], "max_attempts": 5}]),
}
SPOT = {"spot": st.booleans()}
SEARCH = {
    "completion": st.sampled_from([{"target_r2": 0.5}, {"idle_trials": 3, "converged": True}]),
    "max_minutes": st.integers(2, 262_800),
}
PARENT = st.sampled_from(["earlier", {"parameter": "Parent", "default": "earlier"}])
WARM_START = {
    "from": st.lists(PARENT, min_size=1, max_size=5),
    "type": st.sampled_from(["IdenticalDataAndAlgorithm", "TransferLearning"]),
}
TRANSFORM = {
    "instance_type": INSTANCES,
    "instance_count": st.integers(1, 3),
    "strategy": st.sampled_from(["SingleRecord", "MultiRecord"]),
    "assemble_with": st.sampled_from(["None", "Line"]),
    "join_source": st.sampled_from(["None", "Input"]),
    "split_type": st.sampled_from(["None", "Line"]),
    "max_payload_mb": st.integers(0, 100),
    "input_filter": st.just("$[1:]"),
}


def some_of(settings_of):
    return st.fixed_dictionaries({}, optional=settings_of)


def search(strategy, ranges, **optional):
    """A model's `tuning`."""
    fixed = {"strategy": st.just(strategy), "ranges": st.just(ranges)}
    return st.fixed_dictionaries(fixed, optional={**SEARCH, **optional})


STOPPING = st.sampled_from(["auto", "off"])
TUNING = st.one_of(
    search(
        *("Bayesian", RANGES | VALUES),
        early_stopping=STOPPING,
        warm_start=st.fixed_dictionaries(WARM_START),
    ),
    search("Random", RANGES, early_stopping=STOPPING),
    search("Grid", VALUES, early_stopping=STOPPING),
    search("Hyperband", RANGES, early_stopping=st.just("off"), min_folds=st.integers(1, 2)),
)


def sources(earlier):
    """Outputs that a step can take, given the steps that come before it."""
    data = ["data.ingest", "data.preprocess.train", "data.preprocess.summary/part", "s3://lake/a"]
    outputs = {"process": "output/part", "fit": "model", "train": "model", "tune": "trial",
               "transform": "output", "evaluate": "evaluation"}  # fmt: skip
    chained = [f"{unit}.{step}.{outputs[step]}" for unit, step in earlier if step in outputs]
    return st.sampled_from([*data, *chained])


@st.composite
def units(draw, name, earlier):
    """A model.yaml whose steps come after `earlier`, and its steps."""
    order = ["process", "train", "tune", "fit", "create", "transform", "evaluate", "register"]
    chosen = [step for step in order if draw(st.booleans())]
    if "fit" not in chosen:
        chosen.insert(0, "fit")
    if "transform" in chosen and "create" not in chosen:
        chosen.insert(chosen.index("transform"), "create")
    chosen.sort(key=lambda step: step in ("create", "transform", "evaluate", "register"))
    steps, before = {}, list(earlier)
    for step in chosen:
        if step == "transform":
            own = {**draw(some_of(TRANSFORM)), "inputs": {"data": draw(sources(before))}}
        elif step in ("create", "register"):
            own = {}
        else:
            extra = draw(st.dictionaries(st.sampled_from("pqr"), sources(before), max_size=2))
            job = JOB | (SPOT if step in ("train", "tune", "fit") else {})
            own = {**draw(some_of(job)), "inputs": extra}
        steps[step] = own
        before.append((name, step))
    content = {
        "title": name.title(),
        "image": draw(st.sampled_from(["project", {"framework": "xgboost", "version": "3.2-0"}])),
        "steps": steps,
        "hyperparameters": {"rounds": 4},
        **draw(some_of({"hyperparameters_from": st.just("s3://lake/given.json")})),
        "tuning": draw(TUNING),
    }
    return content, before


@st.composite
def projects(draw):
    """Models by name, and lines of `dependencies` that make no cycle."""
    models, before = {}, []
    for name in draw(st.permutations(NAMES))[: draw(st.integers(1, 4))]:
        models[name], before = draw(units(name, before))
    if not any("evaluate" in content["steps"] for content in models.values()):
        models[next(iter(models))]["steps"]["evaluate"] = {}
    open_steps = [
        f"{unit}.{step}"
        for unit, step in before
        if not (step == "register" and "evaluate" in models[unit]["steps"])
    ]
    at = st.lists(st.integers(0, len(open_steps) - 1), min_size=2, max_size=4, unique=True)
    lines = [
        " >> ".join(open_steps[position] for position in sorted(positions))
        for positions in draw(st.lists(at, max_size=3) if len(open_steps) > 1 else st.just([]))
    ]
    return models, lines


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
    return json.loads(pipeline.get_pipeline(root).definition())


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
        place[data.draw(st.text(max_size=8) | st.sampled_from(["inputs", "class"]))] = place.pop(
            key
        )
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
