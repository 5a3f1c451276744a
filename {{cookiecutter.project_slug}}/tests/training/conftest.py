"""What several modules about settings and definitions need."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pipelines.errors import UserError


@pytest.fixture(scope="session")
def mistake_of():
    """Load a project that breaks a rule; return the rule and the remedy, one line each."""

    def load(example):
        with pytest.raises(UserError) as caught:
            example.load()
        rule, remedy = str(caught.value).splitlines()
        return rule, remedy

    return load


def _all_steps(steps):
    """The lists that hold steps, at any depth, with the position of each step in its list."""
    for position, step in enumerate(steps):
        yield steps, position
        for branch in ("IfSteps", "ElseSteps"):
            yield from _all_steps(step["Arguments"].get(branch, []))


def _parts_of(definition):
    """Handles on the places that the faults are planted at."""
    steps = {siblings[at]["Name"]: siblings[at] for siblings, at in _all_steps(definition["Steps"])}
    arguments = {name: step["Arguments"] for name, step in steps.items()}
    tune = arguments["TuneRidge"]
    return SimpleNamespace(
        definition=definition,
        steps=steps,
        preprocess=arguments["Preprocess"],
        fit=arguments["FitRidge"],
        search=tune["HyperParameterTuningJobConfig"],
        trial=tune["TrainingJobDefinition"],
        register=arguments["RegisterRidge"],
        container=arguments["RegisterRidge"]["InferenceSpecification"]["Containers"][0],
        parameters={item["Name"]: item for item in definition["Parameters"]},
    )


@pytest.fixture(scope="session")
def all_steps():
    """Walk through the steps of a definition, those inside conditions too."""
    return _all_steps


@pytest.fixture(scope="session")
def parts_of():
    """Take hold of the places of a definition that faults are planted at."""
    return _parts_of
