"""Random names of every length: they fit everywhere, or are refused with file and field."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from limits import LONGEST, PIPELINE, assert_all_fits

from sagetabular.compiling.checks import check_definition, definition_problems
from sagetabular.compiling.loading import project_pipeline
from sagetabular.errors import UserError

NAMES = st.integers(1, 32).map(lambda size: ("step_" * 7)[: size - 1] + "z")
MODEL = st.fixed_dictionaries(
    {
        "title": st.integers(1, 41).map("T".__mul__),
        "folder": st.integers(1, 200).map("m".__mul__),
        "steps": st.tuples(NAMES, NAMES, NAMES).filter(lambda names: len({*names}) == 3),
        "hyperparameter": st.sampled_from([1, 255, 256, 257]).map("h".__mul__),
        "value": st.sampled_from([1, 2498, 2499]).map("v".__mul__),
        "variable": st.sampled_from([1, 512, 513]).map("e".__mul__),
    }
)
PROJECT = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["abc", LONGEST, "z" * 32]),
        "database": st.sampled_from([1, 128, 129]).map("d".__mul__),
        "table": st.sampled_from([1, 128, 129]).map("t".__mul__),
        "workgroup": st.sampled_from([1, 128, 129]).map("w".__mul__),
        "version": st.sampled_from([1, 200, 201]).map("1".__mul__),
    }
)


def write(example, model, project):
    for field, value in project.items():
        example.change(PIPELINE, field if field == "name" else f"data.{field}", value)
    tune, fit, evaluate = model["steps"]
    content = {
        "title": model["title"],
        "image": "project",
        "hyperparameters": {"fixed": model["value"]},
        "tuning": {"ranges": {model["hyperparameter"]: {"type": "integer", "min": 1, "max": 2}}},
        "steps": {
            tune: {"class": "tune"},
            fit: {"class": "fit", "environment": {"E": model["variable"]}},
            evaluate: {"class": "evaluate"},
        },
    }
    for folder in (example.root / "models").iterdir():
        if folder.name != "boost":
            folder.rename(example.root / "models" / model["folder"])
    example.write(f"models/{model['folder']}/model.yaml", content)


@pytest.mark.slow
@settings(
    deadline=None,
    max_examples=80,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink such an example takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(model=MODEL, project=PROJECT)
def test_the_longest_names_fit_or_are_refused_with_file_and_field(example, model, project):
    write(example, model, project)
    try:
        loaded = example.load()
        definition = json.loads(project_pipeline(example.root).definition())
        check_definition(definition, loaded)
    except UserError as error:
        rule, _ = str(error).splitlines()
        assert re.match(r"(conf/pipeline|models/m+/model)\.yaml: [\w.]+:? ", rule), rule
        assert is_too_long(model, project), rule
    else:
        assert not is_too_long(model, project)
        assert definition_problems(definition) == []
        assert_all_fits(definition)


def is_too_long(model, project):
    """Return whether something is allowed, by the limits as AWS's documents have them."""
    words = ["".join(word.title() for word in name.split("_")) for name in model["steps"]]
    return (
        len(model["title"]) > 40
        or max(len(word) for word in words) + len(model["title"]) > 64
        or len(model["hyperparameter"]) > 256
        or len(json.dumps(model["value"])) > 2500
        or len(model["variable"]) > 512
        or max(len(project[name]) for name in ("database", "table", "workgroup")) > 128
        or len(project["version"]) > 200
    )
