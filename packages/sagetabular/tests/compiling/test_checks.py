from __future__ import annotations

import copy
import json

import pytest
from definitions import places_of_steps, steps_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagetabular.compiling.checks import check_definition, definition_problems
from sagetabular.compiling.compilation import compile_pipeline
from sagetabular.errors import UserError
from sagetabular.settings import load_project

# What a removed or renamed step leaves behind is found by the rest that refers to it.
REFERRED_TO = ["Ingest", "Preprocess", "TuneBoost", "TuneRidge", "FitBoost", "FitRidge",
               "EvaluateBoost", "EvaluateRidge", "Select"]  # fmt: skip


def get(reference):
    return {"Get": reference}


def join(*parts):
    return {"Std:Join": {"On": "", "Values": [*parts]}}


def assign(place, **members):
    place.update(members)


def test_the_projects_own_definition_has_no_problem(project_root):
    document = json.loads(compile_pipeline(load_project(project_root)).definition)
    assert definition_problems(document) == []
    check_definition(document)


def test_a_fault_is_reported_once(definition, parts_of):
    parts_of(definition).fit["HyperParameters"]["job_seed"] = get("Parameters.Seed")
    assert len(definition_problems(definition)) == 1


def test_the_number_of_further_faults_is_told(definition, parts_of):
    assign(parts_of(definition).fit["Environment"], X="x" * 513, Y="y" * 513, Z="z" * 513)
    with pytest.raises(UserError) as caught:
        check_definition(definition)
    rule, remedy = str(caught.value).splitlines()
    assert rule.endswith("'xxx" + "x" * 77 + "'. (2 more such findings)")
    assert remedy.startswith("Correct the setting, or the step")


@pytest.mark.parametrize("place", ["HyperParameters", "Environment"])
def test_what_may_stand_in_a_text_does(definition, parts_of, place):
    seed, best = get("Parameters.Seed"), "Steps.TuneRidge.BestTrainingJob."
    assign(
        parts_of(definition).fit[place],
        a=join(seed),
        b=get("Execution.PipelineExecutionId"),
        c=get("Parameters.Table"),
        d=join("x", get(f"{best}TunedHyperParameters['strength']"), 7),
        e=get(f"{best}TrainingJobName"),
        f="x" * 512,
    )
    assert definition_problems(definition) == []


ANY_STEP = settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def test_the_steps_that_others_refer_to_are_those_below(definition):
    """Another way to tell: their name stands elsewhere in the document, between dots."""
    text = json.dumps(definition)
    names = [*steps_of(definition)]
    referred = [name for name in names if f"Steps.{name}." in text]
    assert sorted(referred) == sorted(REFERRED_TO)


@ANY_STEP
@given(name=st.sampled_from(REFERRED_TO))
def test_a_step_that_others_refer_to_cannot_go_unnoticed(definition, name):
    changed = copy.deepcopy(definition)
    for steps, at in [*places_of_steps(changed["Steps"])]:
        if steps[at]["Name"] == name:
            del steps[at]
            break
    assert any(f"Steps.{name}." in problem for problem in definition_problems(changed))


@ANY_STEP
@given(
    name=st.sampled_from(REFERRED_TO),
    new=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,20}", fullmatch=True),
)
def test_a_step_that_others_refer_to_cannot_be_renamed_unnoticed(definition, parts_of, name, new):
    changed = copy.deepcopy(definition)
    parts_of(changed).steps[name]["Name"] = new
    problems = definition_problems(changed)
    assert bool(problems) == (new != name)
