"""Every search is one that the service would begin, with the values that its parameters have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.training.checks.expressions import GET, is_expression

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelines.training.checks.references import Scope


def search_problems(scope: Scope) -> Iterator[str]:
    """Yield one line for everything about a search that no single field shows."""
    for step in scope.all_steps:
        if step["Type"] == "Tuning":
            config = step["Arguments"].get("HyperParameterTuningJobConfig", {})
            for problem in _hyperband_problems(config, scope):
                yield f"{step['Name']}: {problem}"


def _hyperband_problems(config: Mapping[str, Any], scope: Scope) -> Iterator[str]:
    spent = config.get("StrategyConfig", {}).get("HyperbandStrategyConfig")
    if (config.get("Strategy") == "Hyperband") != (spent is not None):
        yield "HyperbandStrategyConfig must stand beside the strategy Hyperband, and no other."
    if spent is None:
        return
    if config.get("TrainingJobEarlyStoppingType", "Off") != "Off":
        yield "early stopping must be Off for Hyperband, which ends trials by a rule of its own."
    least, most = (_value(spent.get(f"{end}Resource"), scope) for end in ("Min", "Max"))
    if isinstance(least, int) and isinstance(most, int) and least >= most:
        where = _origin(spent["MaxResource"])
        yield f"Hyperband needs more folds than min_folds, got {most}{where} and {least}."


def _value(value: Any, scope: Scope) -> Any:
    """What stands in a field: itself, or the parameter's value; None if it is not known yet."""
    if not is_expression(value):
        return value
    _, _, name = str(value.get(GET, "")).partition("Parameters.")
    return scope.defaults.get(name)


def _origin(value: Any) -> str:
    """Name the parameter behind a value, if there is one."""
    name = str(value.get(GET, "")).partition("Parameters.")[2] if is_expression(value) else ""
    return f" ({name})" if name else ""
