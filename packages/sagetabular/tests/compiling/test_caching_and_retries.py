"""Caching and retries, for every kind of step that has them on the service."""

from __future__ import annotations

import pytest
from definitions import steps_of
from every_class import STEPS_OF_EVERY_CLASS

from sagetabular.settings.models.steps import Create, Evaluate, Fit, Process, Register, Transform

PIPELINE, RIDGE = "conf/pipeline.yaml", "models/ridge/model.yaml"
# https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-caching.html and …-retry-policy.html
CACHED = {"Processing", "Training", "Tuning", "Transform"}
STEP_FAULTS = ["Step.SERVICE_FAULT", "Step.THROTTLING"]
INTERNAL = "SageMaker.JOB_INTERNAL_ERROR"
LIMITS = ["SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT"]
JOB_FAULTS = [*STEP_FAULTS, INTERNAL, *LIMITS]
FAULTS = {
    "Processing": JOB_FAULTS,
    "Training": JOB_FAULTS,
    "Transform": JOB_FAULTS,
    "Tuning": [*STEP_FAULTS, *LIMITS],
    "Model": STEP_FAULTS,
    "RegisterModel": STEP_FAULTS,
    "Condition": None,
    "Fail": None,
}


@pytest.fixture
def compiled_steps(example):
    """Compile the project with a unit of every class: name → step."""
    example.write("models/ridge/process.py", "print('hello')\n")
    example.change(RIDGE, "steps", STEPS_OF_EVERY_CLASS)

    return lambda: steps_of(example.definition())


def expiries(steps):
    return {name: step.get("CacheConfig", {}).get("ExpireAfter") for name, step in steps.items()}


def test_steps_that_can_be_cached_are_for_a_month_but_for_ingest_and_track(compiled_steps):
    steps = compiled_steps()
    cached = {name for name, step in steps.items() if step["Type"] in CACHED}
    expected = {name: "P30D" if name in cached else None for name in steps}
    assert expiries(steps) == expected | {"Ingest": None, "Track": None}


def test_the_project_says_how_long_results_are_good_for_and_a_step_may_say_otherwise(
    example, compiled_steps
):
    example.change(PIPELINE, "cache", {"expire_after": "P7D"})
    example.change(PIPELINE, "defaults", {"fit": {"cache": {"expire_after": "PT12H"}}})
    example.change(PIPELINE, "data.version", "1")
    example.change(RIDGE, "steps.tune", {"cache": False})
    example.change(RIDGE, "steps.train", {"cache": {"expire_after": "P1D"}})
    found = expiries(compiled_steps())
    assert found["TuneRidge"] is None
    expected = {"TrainRidge": "P1D", "FitRidge": "PT12H", "FitBoost": "PT12H", "Ingest": "P7D"}
    others = ("Preprocess", "Select", "TuneBoost", "TransformRidge", "ProcessRidge")
    expected |= dict.fromkeys(others, "P7D")
    assert {name: found[name] for name in expected} == expected


def test_without_caching_a_step_can_ask_for_it(example, compiled_steps):
    example.change(PIPELINE, "cache", False)
    example.change(PIPELINE, "defaults", {"fit": {"cache": True}})
    example.change(RIDGE, "steps.fit", {"cache": {"expire_after": "P1D"}})
    found = {name: expiry for name, expiry in expiries(compiled_steps()).items() if expiry}
    assert found == {"FitRidge": "P1D", "FitBoost": "P30D"}


RETRIES = [
    {"exceptions": STEP_FAULTS, "interval_seconds": 10, "max_attempts": 4},
    {"exceptions": [INTERNAL, *LIMITS], "backoff_rate": 1.5, "max_attempts": 7},
]


def test_retries_of_the_project_are_those_of_every_step_that_can_have_them(example, compiled_steps):
    example.change(PIPELINE, "retries", RETRIES)
    steps = compiled_steps()
    assert {step["Type"] for step in steps.values()} == set(FAULTS)
    for name, step in steps.items():
        policies = step.get("RetryPolicies")
        if FAULTS[step["Type"]] is None:
            assert policies is None, name
            continue
        named = [name for policy in policies for name in policy["ExceptionType"]]
        assert named == FAULTS[step["Type"]]
        first = {"IntervalSeconds": 10, "BackoffRate": 2.0, "MaxAttempts": 4}
        assert policies[0] == {"ExceptionType": STEP_FAULTS, **first}
        for policy in policies[1:]:
            exceptions = FAULTS[step["Type"]][2:]
            second = {"IntervalSeconds": 1, "BackoffRate": 1.5, "MaxAttempts": 7}
            assert policy == {"ExceptionType": exceptions, **second}


def test_trials_are_repeated_as_often_as_the_policy_about_internal_errors_says(
    example, compiled_steps
):
    def attempts():
        trial = compiled_steps()["TuneRidge"]["Arguments"]["TrainingJobDefinition"]
        return trial["RetryStrategy"]["MaximumRetryAttempts"]

    assert attempts() == 2
    example.change(PIPELINE, "retries", RETRIES)
    assert attempts() == 7
    example.change(
        RIDGE, "steps.tune", {"retries": [{"exceptions": [INTERNAL], "max_attempts": 3}]}
    )
    assert attempts() == 3
    assert "RetryPolicies" not in compiled_steps()["TuneRidge"]


def test_a_step_has_its_own_retries_in_place_of_the_projects(example, compiled_steps):
    example.change(PIPELINE, "retries", RETRIES)
    own = [{"exceptions": ["Step.THROTTLING"], "expire_after_minutes": 30}]
    example.change(RIDGE, "steps.create", {"retries": own})
    example.change(RIDGE, "steps.fit", {"retries": []})
    example.change(RIDGE, "defaults", {"register": {"retries": own}})
    steps = compiled_steps()
    waits = {"IntervalSeconds": 1, "BackoffRate": 2.0}
    policy = {"ExceptionType": ["Step.THROTTLING"], **waits, "ExpireAfterMin": 30}
    assert steps["CreateRidge"]["RetryPolicies"] == [policy]
    assert steps["RegisterRidge"]["RetryPolicies"] == [policy]
    assert "RetryPolicies" not in steps["FitRidge"]
    assert len(steps["FitBoost"]["RetryPolicies"]) == 2


def test_without_retries_no_step_has_a_policy(compiled_steps):
    assert not [name for name, step in compiled_steps().items() if "RetryPolicies" in step]


def retry(**changes):
    return [{"exceptions": ["Step.THROTTLING"], "max_attempts": 5} | changes]


MISTAKES = [
    (PIPELINE, "cache", {"expire_after": "30 days"}, "cache.expire_after must be an ISO 8601 dura"),
    (PIPELINE, "cache", {"expire_after": "P"}, "cache.expire_after must be an ISO 8601 duration,"),
    (PIPELINE, "cache", {"expire_after": "PT"}, "cache.expire_after must be an ISO 8601 duration,"),
    (PIPELINE, "cache", {"expire_after": "P0D"}, "cache.expire_after must be an ISO 8601 duratio"),
    (PIPELINE, "cache", {"expires": "P1D"}, "cache.expires is not a known setting."),
    (PIPELINE, "cache", "on", "cache must be a mapping, got 'on'."),
    (PIPELINE, "retries", retry(max_attempts=21), "retries.0.max_attempts must be less than or "),
    (PIPELINE, "retries", retry(max_attempts=0), "retries.0.max_attempts must be greater than or"),
    (PIPELINE, "retries", retry(interval_seconds=0), "retries.0.interval_seconds must be greater"),
    (PIPELINE, "retries", retry(backoff_rate=0.5), "retries.0.backoff_rate must be greater than"),
    (PIPELINE, "retries", retry(exceptions=[]), "retries.0.exceptions must have at least 1 item"),
    (PIPELINE, "retries", retry(exceptions=["Any"]), "retries.0.exceptions.0 must be 'Step.SERVIC"),
    (PIPELINE, "retries", retry(expire_after_minutes=5), "retries.0 needs either max_attempts or"),
    (PIPELINE, "retries", retry(max_attempts=None), "retries.0 needs either max_attempts or expi"),
    (PIPELINE, "retries", retry() * 2, "retries name Step.THROTTLING twice, so it is not clear"),
    (PIPELINE, "retries", {"max_attempts": 5}, "retries must be a valid list, got {'max_attempts"),
    (
        PIPELINE,
        "defaults",
        {"register": {"retries": retry(exceptions=[LIMITS[0]])}},
        f"defaults.register must not have retries after {LIMITS[0]}: it starts no job.",
    ),
    (
        RIDGE,
        "steps",
        STEPS_OF_EVERY_CLASS | {"create": {"retries": retry(exceptions=[INTERNAL])}},
        f"steps.create must not have retries after {INTERNAL}: it starts no job.",
    ),
    (
        RIDGE,
        "steps",
        STEPS_OF_EVERY_CLASS | {"tune": {"retries": retry(exceptions=[INTERNAL], max_attempts=None,
                                          expire_after_minutes=5)}},
        f"steps.tune needs max_attempts for retries after {INTERNAL}, those of its trials.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("file", "field", "value", "rule"), MISTAKES)
def test_a_mistake_is_named_with_file_and_field(example, mistake_of, file, field, value, rule):
    example.change(file, field, value)
    found, remedy = mistake_of(example)
    assert found.startswith(f"{file}: {rule}")
    assert remedy


@pytest.mark.parametrize("kind", [Process, Fit, Evaluate, Transform])
def test_jobs_have_more_faults_than_what_starts_none(kind):
    assert set(kind.faults) > set(Create.faults) == set(Register.faults) == set(STEP_FAULTS)
