"""Which steps can be selected together, on random graphs.

The rules: "any subset of steps as long as they are connected in the directed acyclic graph"
(SageMaker's developer guide, pipelines-selective-ex), and "all step(s) in all path(s) between two
selected steps should be included" (API, `SelectiveExecutionConfig`). The expected answer walks
every path.
"""

from __future__ import annotations

import random

import pytest

from sagelocal import Reuse, SelectionError
from sagelocal.definition.parsing import parse_definition
from sagelocal.executions.reuse import first_records
from sagelocal.storage.buckets import Storage

Edges = dict[str, list[str]]


def some_graph(seed: int) -> tuple[Edges, list[str]]:
    """Return step → the steps it waits for, and the steps that are selected."""
    chance = random.Random(seed)
    names = list("ABCDEFGH")[: chance.randint(2, 8)]
    edges = {
        name: [other for other in names[:place] if chance.random() < 0.35]
        for place, name in enumerate(names)
    }
    return edges, chance.sample(names, chance.randint(1, min(5, len(names))))


def paths(edges: Edges, last: str) -> list[list[str]]:
    """Return every path that ends at a step, with all of its steps."""
    return [[last]] + [[*path, last] for one in edges[last] for path in paths(edges, one)]


def may_run(edges: Edges, selected: list[str]) -> bool:
    between = {
        step
        for last in selected
        for path in paths(edges, last)
        if path[0] in selected
        for step in path
    }
    if between - set(selected):
        return False
    group = {selected[0]}
    for _ in selected:
        group |= {
            one for one in selected for other in group if one in edges[other] or other in edges[one]
        }
    return group == set(selected)


@pytest.mark.parametrize("seed", range(150))
def test_steps_run_together_if_and_only_if_they_are_one_piece(seed: int, build, home) -> None:
    edges, selected = some_graph(seed)
    steps = [build.processing(name, step={"DependsOn": waits}) for name, waits in edges.items()]
    definition = parse_definition(build.definition(*steps))
    reuse = Reuse(only=selected)
    try:
        records, _ = first_records(definition, reuse, home, "demo", Storage(home / "s3"))
    except SelectionError as error:
        apart = "lies between" in str(error) or "must be connected" in str(error)
        assert apart or str(error).startswith("There is no execution of demo to take ")
    else:
        apart = False
        assert set(records) == set(edges)
    assert apart is not may_run(edges, selected)


def test_the_random_graphs_hold_both_kinds() -> None:
    kinds = [may_run(*some_graph(seed)) for seed in range(150)]
    assert min(kinds.count(True), kinds.count(False)) >= 30
