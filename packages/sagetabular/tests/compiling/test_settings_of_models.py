from __future__ import annotations

import pytest

RIDGE, BOOST = "models/ridge/model.yaml", "models/boost/model.yaml"
STRENGTH = "tuning.ranges.strength"


def number_range(low, high, scaling="Auto", kind="continuous"):
    return {"type": kind, "min": low, "max": high, "scaling": scaling}


RANGES = {"strength": number_range(1, 2)}
# What is wrong: file, field, value, rule, remedy (None: that the field is to be corrected).
FAULTS = {
    "a title that cannot name steps": (
        RIDGE, "title", "Ridge regression",
        "title must match pattern '^[A-Za-z0-9]+$', got 'Ridge regression'.", None,
    ),
    "an unknown image": (
        RIDGE, "image", "projct", "image must be 'project' or 'jobs', got 'projct'.", None,
    ),
    "an unknown framework": (
        BOOST, "image.framework", "xgbost",
        "image.framework must be 'xgboost', got 'xgbost'.", None,
    ),
    "a version that YAML takes for a number": (
        BOOST, "image.version", 3.2, "image.version must be a valid string, got 3.2.", None,
    ),
    "a list for a hyperparameter": (
        RIDGE, "hyperparameters.depth", [1, 2],
        "hyperparameters.depth must be text, a number, true or false, got [1, 2].",
        "Write one value; several to choose from go under tuning.ranges.",
    ),
    "a list in a hyperparameter's mapping": (
        RIDGE, "hyperparameters.rising", {"rooms": [1]},
        "hyperparameters.rising must give a name text, a number, true or false, got 'rooms': [1].",
        "Write one value for each name.",
    ),
    "infinity for a hyperparameter": (
        RIDGE, "hyperparameters.depth", float("inf"),
        "hyperparameters.depth must be text, a number, true or false, got inf.",
        "Write one value; several to choose from go under tuning.ranges.",
    ),
    "a hyperparameter under the jobs' prefix": (
        RIDGE, "hyperparameters.job_seed", 1,
        "must not name a hyperparameter 'job_seed': the prefix is reserved.",
        "Rename it in model.yaml and model.py.",
    ),
    "a hyperparameter under SageMaker's prefix": (
        RIDGE, "tuning.ranges.sagemaker_program", number_range(1, 2),
        "must not name a hyperparameter 'sagemaker_program': the prefix is reserved.",
        "Rename it in model.yaml and model.py.",
    ),
    "a hyperparameter under the tuner's prefix": (
        RIDGE, "tuning.ranges._tuning_objective_metric", number_range(1, 2),
        "must not name a hyperparameter '_tuning_objective_metric': the prefix is reserved.",
        "Rename it in model.yaml and model.py.",
    ),
    "a hyperparameter both fixed and tuned": (
        RIDGE, "hyperparameters.strength", 1,
        "has 'strength' both under hyperparameters and under tuning.ranges.", "Keep one of them.",
    ),
    "nothing to tune": (
        RIDGE, "tuning.ranges", {},
        "tuning.ranges must have at least 1 item after validation, not 0, got {}.", None,
    ),
    "an unknown strategy": (
        RIDGE, "tuning.strategy", "Bayes",
        "tuning.strategy must be 'Bayesian', 'Random', 'Grid' or 'Hyperband', got 'Bayes'.", None,
    ),
    "text as the default of a bound": (
        RIDGE, f"{STRENGTH}.min", {"parameter": "Low", "default": "one"},
        f"{STRENGTH}.min.default must be a valid number, got 'one'.", None,
    ),
    "a bound by a name without default": (
        RIDGE, f"{STRENGTH}.min", {"parameter": "Low"}, f"{STRENGTH}.min.default is missing.",
        "Add it.",
    ),
    "a bound by a name that no parameter can have": (
        RIDGE, f"{STRENGTH}.min", {"parameter": "low bound", "default": 1},
        f"{STRENGTH}.min.parameter must match pattern '^[A-Za-z][A-Za-z0-9]*$', got 'low bound'.",
        None,
    ),
    "defaults of bounds the wrong way round": (
        RIDGE, f"{STRENGTH}.min", {"parameter": "Low", "default": 11},
        f"{STRENGTH} needs min below max, got min 11.0 and max 10.0.", "Swap or widen them.",
    ),
    "a completion that says nothing": (
        RIDGE, "tuning.completion", {"converged": False},
        "tuning.completion must name a criterion: target, idle_trials or converged: true.",
        "Add one, or drop completion.",
    ),
    "patience that the service does not have": (
        RIDGE, "tuning.completion", {"idle_trials": 2},
        "tuning.completion.idle_trials must be greater than or equal to 3, got 2.", None,
    ),
    "an R2 that no model reaches": (
        RIDGE, "tuning.completion", {"target_r2": 1.5},
        "tuning.completion.target_r2 must be less than or equal to 1, got 1.5.", None,
    ),
    "a search of one minute": (
        RIDGE, "tuning.max_minutes", 1,
        "tuning.max_minutes must be greater than or equal to 2, got 1.", None,
    ),
    "a warm start of a search that does not learn": (
        BOOST, "tuning.warm_start", {"from": ["a"], "type": "TransferLearning"},
        "tuning takes warm_start for Bayesian only, got Random: it learns from trials.",
        "Drop warm_start, or use Bayesian.",
    ),
    "a warm start from six searches": (
        RIDGE, "tuning.warm_start", {"from": [*"abcdef"], "type": "TransferLearning"},
        "tuning.warm_start.from must have at most 5 items after validation, not 6, got "
        "['a', 'b', 'c', 'd', 'e', 'f'].", None,
    ),
    "a warm start from what is no job's name": (
        RIDGE, "tuning.warm_start", {"from": ["a_b"], "type": "TransferLearning"},
        "tuning.warm_start.from.0 must match pattern '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}$', got "
        "'a_b'.", None,
    ),
    "hyperparameters from a prefix": (
        RIDGE, "hyperparameters_from", "s3://bucket/some/",
        "hyperparameters_from must be the address of one object in S3, got 's3://bucket/some/'.",
        "Write s3://<bucket>/<key>",
    ),
    "hyperparameters from a file without any to change": (
        BOOST, "hyperparameters_from", "s3://bucket/file.json",
        "needs defaults under hyperparameters for what hyperparameters_from may give.",
        "Add them, or drop hyperparameters_from.",
    ),
    "early stopping beside Hyperband": (
        RIDGE, "tuning", {"strategy": "Hyperband", "early_stopping": "auto", "ranges": RANGES},
        "tuning must leave early_stopping off for Hyperband, got 'auto'.",
        "Drop it: Hyperband ends trials by a rule of its own.",
    ),
    "folds for another strategy than Hyperband": (
        BOOST, "tuning.min_folds", 2,
        "tuning takes min_folds for Hyperband only, got 2 for Random.",
        "Remove it, or use Hyperband.",
    ),
    "a range of unknown type": (
        RIDGE, STRENGTH, number_range(1, 2, kind="float"),
        f"{STRENGTH}.type is of no known kind, got 'float'.",
        "Set it to integer, continuous or categorical.",
    ),
    "a range without type": (
        RIDGE, STRENGTH, {"min": 1, "max": 2}, f"{STRENGTH}.type is missing.",
        "Set it to integer, continuous or categorical.",
    ),
    "an unknown scaling": (
        RIDGE, STRENGTH, number_range(1, 2, "Log"),
        f"{STRENGTH}.scaling must be 'Auto', 'Linear', 'Logarithmic' or 'ReverseLogarithmic', "
        "got 'Log'.", None,
    ),
    "a fraction as bound of a range of whole numbers": (
        RIDGE, STRENGTH, number_range(1, 2.5, kind="integer"),
        f"{STRENGTH}.max must be a valid integer, got 2.5.", None,
    ),
    "an infinite bound": (
        RIDGE, STRENGTH, number_range(1, float("inf")),
        f"{STRENGTH}.max must be a finite number, got inf.", None,
    ),
    "bounds the wrong way round": (
        RIDGE, STRENGTH, number_range(2, 1),
        f"{STRENGTH} needs min below max, got min 2.0 and max 1.0.", "Swap or widen them.",
    ),
    "a range of one whole number": (
        RIDGE, STRENGTH, number_range(2, 2, kind="integer"),
        f"{STRENGTH} needs min below max, got min 2 and max 2.", "Swap or widen them.",
    ),
    "a logarithmic range from 0": (
        RIDGE, STRENGTH, number_range(0, 1, "Logarithmic"),
        f"{STRENGTH} needs min above 0 for Logarithmic scaling, got 0.0.",
        "Raise min, or use Linear scaling.",
    ),
    "a reverse-logarithmic range up to 1": (
        RIDGE, STRENGTH, number_range(0, 1, "ReverseLogarithmic"),
        f"{STRENGTH} needs 0 <= min < max < 1 for ReverseLogarithmic scaling, got 0.0 to 1.0.",
        "Change the bounds, or use Linear scaling.",
    ),
    "a reverse-logarithmic range below 0": (
        RIDGE, STRENGTH, number_range(-0.1, 0.5, "ReverseLogarithmic"),
        f"{STRENGTH} needs 0 <= min < max < 1 for ReverseLogarithmic scaling, got -0.1 to 0.5.",
        "Change the bounds, or use Linear scaling.",
    ),
    "a grid of numbers": (
        RIDGE, "tuning.strategy", "Grid",
        "tuning allows only categorical ranges for Grid, got continuous 'strength'.",
        "List its values, or use Random or Bayesian.",
    ),
    "a categorical range without values": (
        BOOST, "tuning.ranges.booster.values", [],
        "tuning.ranges.booster.values must have at least 1 item after validation, not 0, got [].",
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_wrong_field_is_named_with_its_value_and_a_remedy(example, mistake_of, fault):
    file, field, value, rule, remedy = fault
    example.load()
    example.change(file, field, value)
    found_rule, found_remedy = mistake_of(example)
    assert found_rule == f"{file}: {rule}"
    assert found_remedy.startswith(remedy or f"Correct {rule.split()[0]} in {file}.")
