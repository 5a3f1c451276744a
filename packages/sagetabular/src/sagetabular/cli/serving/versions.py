"""What a registered version is: its data, its target, how good it is, and for which stage."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sagelocal.errors import ExecutionNotFoundError
from sagetabular.jobs.scoring.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagelocal import LocalSageMaker
    from sagetabular.jobs.scoring.metrics import Metric

PRODUCTION = "Production"
_TEST = "test_"
_DIGITS = 4


def metadata(package: Mapping[str, Any]) -> dict[str, str]:
    """Return what the pipeline has noted; nothing for a version of somebody else."""
    return dict(package.get("CustomerMetadataProperties", {}))


def stage(package: Mapping[str, Any]) -> str:
    """Return the stage of life that the approval is about; empty if nobody has said."""
    return str(package.get("ModelLifeCycle", {}).get("Stage", ""))


def approval(package: Mapping[str, Any]) -> str:
    """Return the approval, and the stage of life that it is about, if there is one."""
    about = stage(package)
    return f"{package['ModelApprovalStatus']}{about and f' for {about}'}"


def execution_of(package: Mapping[str, Any]) -> str:
    """Return the identifier of the execution that has registered the version, or nothing."""
    return metadata(package).get("execution_arn", "").rsplit("/", 1)[-1]


def metric(package: Mapping[str, Any]) -> str:
    """Return the name of the metric, as a reader knows it; empty if none was noted."""
    known = _known(package)
    return f"test {known.in_words.replace('R2', 'R²')}" if known else _noted(package)


def direction(package: Mapping[str, Any]) -> str:
    """Return whether a higher or a lower score is better; empty for a metric of somebody else."""
    known = _known(package)
    return f"{'higher' if known.greater_is_better else 'lower'} is better" if known else ""


def comparable(packages: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether all scores are by one metric, of one target."""
    scored = [package for package in packages if score(package)]
    return len({(_noted(one), metadata(one).get("target", "")) for one in scored}) <= 1


def _noted(package: Mapping[str, Any]) -> str:
    return metadata(package).get("metric", "")


def _known(package: Mapping[str, Any]) -> Metric | None:
    name = _noted(package)
    return METRICS.get(name.removeprefix(_TEST)) if name.startswith(_TEST) else None


def score(package: Mapping[str, Any]) -> str:
    """Return the score to four digits; empty if none was noted."""
    noted = metadata(package).get("score", "")
    try:
        return f"{float(noted):.{_DIGITS}f}" if noted else ""
    except ValueError:  # somebody else's, with a meaning of its own
        return noted


def data_here(sagemaker: LocalSageMaker, package: Mapping[str, Any]) -> str:
    """Return what the version was trained on, by the execution of this machine if it is there.

    Args:
        sagemaker: The executions of this machine.
        package: The version.
    """
    identifier = execution_of(package)
    if identifier:
        with suppress(ExecutionNotFoundError):
            return sagemaker.execution(identifier).metadata.get("data", "")
    return metadata(package).get("data", "")


def is_made_up(data: str) -> bool:
    """Return whether data of this title are those of `pipeline data sample`."""
    from sagetabular.lake.sample import SAMPLE_TITLE  # it imports pandas

    return data.startswith(SAMPLE_TITLE)


def to_serve(packages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the newest version for production; without one the newest approved, or the newest.

    Args:
        packages: At least one, oldest first.
    """
    approved = [one for one in packages if one["ModelApprovalStatus"] == "Approved"]
    production = [one for one in approved if stage(one) == PRODUCTION]
    return (production or approved or packages)[-1]


def in_a_line(package: Mapping[str, Any], data: str, target: str) -> str:
    """Return approval, stage, data, target and score of a version; only what is known.

    Args:
        package: The version.
        data: What it was trained on.
        target: What it predicts.
    """
    parts = [
        approval(package),
        f"predicts {target}",
        data and f"was trained on {data}",
        score(package) and f"{metric(package) or 'score'} {score(package)}",
    ]
    return ", ".join(part for part in parts if part)
