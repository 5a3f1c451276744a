"""Fixtures of several modules about settings and definitions."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from definitions import steps_of

from sagetabular.errors import UserError


@pytest.fixture(scope="session")
def mistake_of():
    """Load a project that breaks a rule; return the rule and the remedy, one line each."""

    def load(example):
        with pytest.raises(UserError) as caught:
            example.load()
        rule, remedy = str(caught.value).splitlines()
        return rule, remedy

    return load


@pytest.fixture(scope="session")
def refuse(mistake_of):
    """Check that a field is refused with a rule and a remedy; None: that it is to be corrected."""

    def check(example, file, field, value, rule, remedy):
        example.load()
        example.change(file, field, value, remove=value is None)
        found_rule, found_remedy = mistake_of(example)
        assert found_rule.startswith(f"{file}: {rule}")
        if not rule.endswith("got "):
            assert found_rule == f"{file}: {rule}"
        assert found_remedy == (remedy or f"Correct {rule.split()[0]} in {file}.")

    return check


def _parts_of(definition):
    """Handles on the places that the faults are planted at."""
    steps = steps_of(definition)
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
def parts_of():
    """Take hold of the places of a definition that faults are planted at."""
    return _parts_of
