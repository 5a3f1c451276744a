"""Every search is one that the service would begin, with the values that its parameters have."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sagetabular.compiling.checks.expressions import GET, all_steps, is_expression
from sagetabular.settings.project import MOST_TRIALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Values = Mapping[str, Any]


def search_problems(definition: Mapping[str, Any], values: Values) -> Iterator[str]:
    """Yield one line for everything about a search that no single field shows.

    Args:
        definition: The pipeline definition.
        values: Parameter → value; what is not there is not known yet.
    """
    for step in all_steps(definition["Steps"]):
        if step["Type"] == "Tuning":
            config = step["Arguments"].get("HyperParameterTuningJobConfig", {})
            problems = (
                *_count_problems(config, values),
                *_hyperband_problems(config, values),
                *_range_problems(config, values),
            )
            for problem in problems:
                yield f"{step['Name']}: {problem}"


def _count_problems(config: Mapping[str, Any], values: Values) -> Iterator[str]:
    most = config.get("ResourceLimits", {}).get("MaxNumberOfTrainingJobs")
    count = _value(most, values)
    if isinstance(count, int) and count > MOST_TRIALS:
        yield f"a search may have at most {MOST_TRIALS} trials, got {count}{_origin(most)}."


def _hyperband_problems(config: Mapping[str, Any], values: Values) -> Iterator[str]:
    spent = config.get("StrategyConfig", {}).get("HyperbandStrategyConfig")
    if (config.get("Strategy") == "Hyperband") != (spent is not None):
        yield "HyperbandStrategyConfig must stand beside the strategy Hyperband, and no other."
    if spent is None:
        return
    if config.get("TrainingJobEarlyStoppingType", "Off") != "Off":
        yield "early stopping must be Off for Hyperband, which ends trials by a rule of its own."
    least, most = (_value(spent.get(f"{end}Resource"), values) for end in ("Min", "Max"))
    if isinstance(least, int) and isinstance(most, int) and least >= most:
        where = _origin(spent["MaxResource"])
        yield f"Hyperband needs more folds than min_folds, got {most}{where} and {least}."


def _range_problems(config: Mapping[str, Any], values: Values) -> Iterator[str]:
    ranges = config.get("ParameterRanges", {})
    for kind, read in (("Integer", int), ("Continuous", float)):
        for entry in ranges.get(f"{kind}ParameterRanges", []):
            problem = _range_problem(entry, read, values)
            if problem:
                yield f"the range of {entry['Name']!r} {problem}."


def _range_problem(
    entry: Mapping[str, Any], read: Callable[[str], float], values: Values
) -> str | None:
    """Return the error in the bounds of a range; None without one, or if they are not known."""
    ends: list[float] = []
    for end in ("MinValue", "MaxValue"):
        value = _value(entry.get(end), values)
        if value is None:
            return None
        try:
            ends.append(read(str(value)))
        except ValueError:
            ends.append(math.nan)
        if not math.isfinite(ends[-1]):
            kind = "whole numbers" if read is int else "numbers"
            return f"needs {kind} as bounds, got {value!r}{_origin(entry[end])}"
    return _order_problem(entry, *ends)


def _order_problem(entry: Mapping[str, Any], low: float, high: float) -> str | None:
    scaling, got = entry.get("ScalingType", "Auto"), f"got min {low:g}{_origin(entry['MinValue'])}"
    got = f"{got} and max {high:g}{_origin(entry['MaxValue'])}"
    if low >= high:
        return f"needs min below max, {got}"
    if scaling == "Logarithmic" and low <= 0:
        return f"needs min above 0 for Logarithmic scaling, {got}"
    if scaling == "ReverseLogarithmic" and not (low >= 0 and high < 1):
        return f"needs 0 <= min < max < 1 for ReverseLogarithmic scaling, {got}"
    return None


def _value(value: Any, values: Values) -> Any:
    """Return a field's value, or its parameter's; None if it is not known yet."""
    if not is_expression(value):
        return value
    _, _, name = str(value.get(GET, "")).partition("Parameters.")
    return values.get(name)


def _origin(value: Any) -> str:
    """Name the parameter behind a value, if there is one."""
    name = str(value.get(GET, "")).partition("Parameters.")[2] if is_expression(value) else ""
    return f" ({name})" if name else ""
