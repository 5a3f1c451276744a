"""Random models and dependencies, as strategies of hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = ("alpha", "beta", "gamma", "delta")
RANGES = {"depth": {"type": "integer", "min": {"parameter": "DepthMin", "default": 1}, "max": 9}}
VALUES = {"kind": {"type": "categorical", "values": ["a", 1, True]}}
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
