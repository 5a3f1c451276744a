"""Types that a registered model announces: those that its image is known to serve."""

from __future__ import annotations

import pytest

RIDGE = "models/ridge/model.yaml"
CSV, JSON, PARQUET = "text/csv", "application/json", "application/x-parquet"
OURS, FOREIGN = ([CSV, JSON, PARQUET], [CSV, JSON]), ([CSV], [CSV])


def types_of(example):
    """Types of requests and answers that RegisterRidge announces."""
    (gate,) = [step for step in example.definition()["Steps"] if step["Type"] == "Condition"]
    conditions = {step["Name"]: step["Arguments"] for step in gate["Arguments"]["IfSteps"]}
    (register,) = conditions["IsRidge"]["IfSteps"]
    specification = register["Arguments"]["InferenceSpecification"]
    names = ("SupportedContentTypes", "SupportedResponseMIMETypes")
    return tuple(specification[name] for name in names)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("project", OURS),
        ({"framework": "xgboost", "version": "3.2-0"}, OURS),
        ({"uri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1"}, FOREIGN),
        ("jobs", FOREIGN),
    ],
)
def test_only_images_that_our_server_runs_in_are_known_to_serve_more_than_csv(
    example, image, expected
):
    example.change(RIDGE, "image", image)
    assert types_of(example) == expected


def test_the_image_of_the_registration_counts_not_that_of_the_model(example):
    example.change(RIDGE, "image", {"framework": "xgboost", "version": "3.2-0"})
    steps = {"tune": {}, "fit": {}, "evaluate": {}, "register": {"image": "project"}}
    example.change(RIDGE, "steps", steps)
    assert types_of(example) == OURS


def test_an_artefact_that_a_program_made_is_not_known_to_hold_our_server(example):
    example.change(RIDGE, "image", {"framework": "xgboost", "version": "3.2-0"})
    example.write("models/ridge/own.py", "")
    example.change(RIDGE, "steps", {"train": {"entry_point": "own.py"}, "evaluate": {}})
    example.change("conf/pipeline.yaml", "selection", {"by": "test"})
    assert types_of(example) == FOREIGN


def test_a_model_may_say_what_its_image_serves(example):
    example.change(RIDGE, "defaults", {"register": {"content_types": ["text/libsvm"]}})
    assert types_of(example) == (["text/libsvm"], [CSV, JSON])
