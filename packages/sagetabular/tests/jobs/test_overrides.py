"""Hyperparameters from S3 replace those of `model.yaml`, and nothing else."""

from __future__ import annotations

import json

import pytest

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.models.hyperparameters import read_training_settings
from sagetabular.jobs.models.overrides import with_overrides

TOLD = {
    "rounds": 400, "rate": 0.1, "booster": "tree", "centred": True, "depth": 5,
    "rising": {"rooms": 1},
}  # fmt: skip
FIXED = ["rounds", "rate", "booster", "centred", "rising"]


@pytest.fixture
def read(tmp_path):
    """Read a file with this text beside what the job was told."""

    def read_file(text: str):
        (tmp_path / "given.json").write_text(text, encoding="utf-8")
        return with_overrides(TOLD, FIXED, tmp_path, "boost")

    return read_file


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({}, {}),
        ({"rounds": 50, "rate": 0.5}, {"rounds": 50, "rate": 0.5}),
        ({"rate": 1, "centred": False}, {"rate": 1.0, "centred": False}),
        ({"rising": '{"area": -1}'}, {"rising": {"area": -1}}),
        (
            {"rounds": "50", "rate": "1", "centred": "false", "booster": "50"},
            {"rounds": 50, "rate": 1.0, "centred": False, "booster": "50"},
        ),
    ],
)
def test_given_values_count_in_the_type_of_their_default(read, given, changed) -> None:
    found = read(json.dumps(given))
    assert found == TOLD | changed
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in TOLD.items()
    }


@pytest.mark.parametrize(
    ("text", "rule", "remedy"),
    [
        ('{"round": 5}', "gives 'round', which is not under hyper", "Did you mean 'rounds'?"),
        (
            '{"zzz": 5}',
            "gives 'zzz', which is not",
            "There are booster, centred, rate, rising, rounds.",
        ),
        ('{"depth": 5}', "must not give 'depth', which is tuned or set by", "Take it out of the"),
        ('{"rounds": 5.5}', "must give 'rounds' a whole number, got 5.5.", "Correct it, or"),
        ('{"rounds": true}', "must give 'rounds' a whole number, got True.", "Correct it, or"),
        ('{"rounds": "many"}', "must give 'rounds' a whole number, got 'many'.", "Correct it"),
        ('{"rate": NaN}', "must give 'rate' a number, got nan.", "Correct it, or"),
        ('{"centred": 1}', "must give 'centred' true or false, got 1.", "Correct it, or"),
        ('{"rising": 1}', "must give 'rising' a mapping, got 1.", "Correct it, or"),
        ('{"booster": 1}', "must give 'booster' text, got 1.", "Correct it, or"),
        ("[1]", "must hold one JSON object, got [1].", "Correct given.json: write"),
        ("{", "must hold JSON, got text that is not: ", "Correct given.json."),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused(read, text, rule, remedy) -> None:
    with pytest.raises(JobError) as caught:
        read(text)
    found, advice = str(caught.value).splitlines()
    assert found.startswith(f"models/boost/model.yaml: hyperparameters_from {rule}")
    assert advice.startswith(remedy)


def test_a_file_that_is_not_utf_8_and_several_files_are_refused(tmp_path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff")
    with pytest.raises(JobError, match="must hold JSON"):
        with_overrides(TOLD, FIXED, tmp_path, "boost")
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(JobError, match="must be the address of one object, got 2"):
        with_overrides(TOLD, FIXED, tmp_path, "boost")


def test_a_job_looks_there_only_if_it_is_told_to(tmp_path) -> None:
    told = {
        "job_model": '"boost"', "job_target": "y", "job_seed": "3", "job_split": "random",
        "rounds": "400",
    }  # fmt: skip
    config, channel = tmp_path / "input/config", tmp_path / "input/data/hyperparameters"
    config.mkdir(parents=True)
    channel.mkdir(parents=True)
    (channel / "given.json").write_text('{"rounds": 50}')
    (config / "hyperparameters.json").write_text(json.dumps(told))
    assert read_training_settings(tmp_path).hyperparameters == {"rounds": 400}
    (config / "hyperparameters.json").write_text(
        json.dumps(told | {"job_overridable": '["rounds"]'})
    )
    assert read_training_settings(tmp_path).hyperparameters == {"rounds": 50}
