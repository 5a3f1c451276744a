"""Parents of a warm start: how many there may be, and how a tuning job may differ from them.

The rules are those of
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html.
"""

from __future__ import annotations

from collections.abc import Mapping

from sagelocal.errors import DefinitionError
from sagelocal.files import JsonObject

IDENTICAL = "IdenticalDataAndAlgorithm"
_TYPES = (IDENTICAL, "TransferLearning")
_NAME = "HyperParameterTuningJobName"
_MOST_PARENTS, _MOST_CHANGES = 5, 10
# To fix something else than before takes back the old value and sets the new one.
_OTHER_VALUE = 2
_KINDS = {
    "IntegerParameterRanges": "integer",
    "ContinuousParameterRanges": "continuous",
    "CategoricalParameterRanges": "categorical",
}


def check_warm_start(config: object, step: str) -> None:
    """Check a `WarmStartConfig`, whose parents may be named by expressions.

    Raises:
        DefinitionError: If its type does not exist, if it has no parent or too many, or if one has
            no name.
    """
    if not isinstance(config, Mapping):
        raise DefinitionError(f"Step {step}: WarmStartConfig must be an object, got {config!r}.")
    kind, parents = config.get("WarmStartType"), config.get("ParentHyperParameterTuningJobs")
    if kind not in _TYPES:
        raise DefinitionError(
            f"Step {step}: there is no WarmStartType {kind}.", f"Use {' or '.join(_TYPES)}."
        )
    if not isinstance(parents, list) or not 1 <= len(parents) <= _MOST_PARENTS:
        count = len(parents) if isinstance(parents, list) else parents
        raise DefinitionError(
            f"Step {step}: a warm start has 1 to {_MOST_PARENTS} parents, got {count}.",
            "Name those that matter most.",
        )
    for parent in parents:
        if not isinstance(parent, Mapping) or _NAME not in parent:
            raise DefinitionError(f"Step {step}: a parent has a {_NAME}, got {parent!r}.")


def check_fit(name: str, parent: JsonObject, request: JsonObject, step: str) -> None:
    """Check what the service asks of a parent.

    Args:
        name: What the parent is called.
        parent: Its response.
        request: The request of the tuning job that begins with it.
        step: Name of that job's step, for messages.

    Raises:
        DefinitionError: If objective, hyperparameters, their types or (for identical data and
            algorithm) the image differ, or if more values have changed than may.
    """
    of = f"Step {step}: a warm start from {name} needs"
    objective = "HyperParameterTuningJobObjective"
    config, earlier = (job["HyperParameterTuningJobConfig"] for job in (request, parent))
    if config[objective] != earlier[objective]:
        wanted, got = (_shown(each[objective]) for each in (config, earlier))
        raise DefinitionError(
            f"{of} the same objective, which is {wanted}, got {got}.",
            "Start without that parent, or search for what it did.",
        )
    _check_hyperparameters(of, parent, request)
    image, before = (_image(job) for job in (request, parent))
    if request["WarmStartConfig"]["WarmStartType"] == IDENTICAL and image != before:
        raise DefinitionError(
            f"{of} the same image for {IDENTICAL}, got {before}.", "Use TransferLearning."
        )


def _shown(objective: JsonObject) -> str:
    return f"{objective['Type']} {objective['MetricName']}"


def _check_hyperparameters(of: str, parent: JsonObject, request: JsonObject) -> None:
    tuned, before = _tuned(request), _tuned(parent)
    fixed, earlier = _fixed(request), _fixed(parent)
    if different := sorted({*tuned, *fixed} ^ {*before, *earlier}):
        raise DefinitionError(
            f"{of} the same hyperparameters, fixed or tuned, and {different[0]} is not in both."
        )
    for name in sorted(tuned.keys() & before.keys()):
        if tuned[name][0] != before[name][0]:
            raise DefinitionError(
                f"{of} {name} to be {before[name][0]}, as it was there, got {tuned[name][0]}.",
                "Keep its type, or start without that parent.",
            )
    changes = sum(before[name][1] for name in fixed.keys() & before.keys())
    others = [name for name in fixed.keys() & earlier.keys() if fixed[name] != earlier[name]]
    changes += _OTHER_VALUE * len(others)
    if changes > _MOST_CHANGES:
        raise DefinitionError(
            f"{of} at most {_MOST_CHANGES} changes of fixed values, got {changes}.",
            "A value that is another counts twice, one that was tuned for each that it had.",
        )


def _tuned(job: JsonObject) -> dict[str, tuple[str, int]]:
    """Return name → type and how many values count once it is fixed, of what is searched."""
    ranges = job["HyperParameterTuningJobConfig"].get("ParameterRanges", {})
    return {
        entry["Name"]: (kind, len(entry.get("Values", [None])))
        for member, kind in _KINDS.items()
        for entry in ranges.get(member) or []
    }


def _fixed(job: JsonObject) -> Mapping[str, str]:
    fixed: Mapping[str, str] = job["TrainingJobDefinition"].get("StaticHyperParameters", {})
    return fixed


def _image(job: JsonObject) -> object:
    return job["TrainingJobDefinition"]["AlgorithmSpecification"].get("TrainingImage")
