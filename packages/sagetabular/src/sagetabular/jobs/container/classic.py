"""The classic contract: the image's own model code on channels that hold label and features.

Nothing but hyperparameters and channels is needed: `job_model` names another of the image's models,
`job_target` the label of Parquet, `job_seed` or the model's own parameter its seed. For classes
there are `job_task`, and `job_positive`, the one of two that counts.
"""

from __future__ import annotations

import os
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagetabular.jobs.container.channels import TRAINING, VALIDATION, Channel, read_channel
from sagetabular.jobs.container.labels import as_training_target, read_goal
from sagetabular.jobs.container.reporting import Fitted
from sagetabular.jobs.errors import JobError, shown
from sagetabular.jobs.models.hyperparameters import (
    PREFIX_OF_JOBS,
    PREFIXES_OF_SAGEMAKER,
    ModelCode,
    TrainingSettings,
    load_model_code,
    read_hyperparameters,
)
from sagetabular.jobs.models.manifest import describe
from sagetabular.jobs.models.refusals import check_names
from sagetabular.jobs.models.saving import save_model
from sagetabular.jobs.runner import OWN_FAILURE, base_dir, run_job
from sagetabular.jobs.scoring.targets import classes_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_MODEL = "DEFAULT_MODEL"
_SEED = 0


def train_classic(_argv: Sequence[str]) -> None:
    """Fit the model on the training channel, score it on every channel, save it.

    Raises:
        JobError: A hyperparameter or a channel breaks a rule.
    """
    base = base_dir()
    values = read_hyperparameters(base)
    name, code = _model(values)
    target, goal = values.get("job_target"), read_goal(values)
    training = read_channel(base, TRAINING, target, goal)
    if training is None:
        msg = f"The job needs a channel named {' or '.join(TRAINING)}, got none."
        raise JobError(msg, "Add it to the job's InputDataConfig.")
    validation = _like(training, read_channel(base, VALIDATION, target, goal))
    known = as_training_target(training.target, goal, f"Channel {training.name}")
    training = replace(training, target=known)
    own = _own(values)
    seed = _whole_number(values.get("job_seed", _SEED))
    model = _fit(name, code, training, own, seed)
    Fitted(code, model, goal.task, classes_in(known)).report(training, validation)
    settings = TrainingSettings(
        model=name,
        target=str(training.target.name),
        seed=seed,
        forward=False,
        hyperparameters=own,
        task=goal.task,
        positive=classes_in(known)[-1] if goal.task == "binary" else None,
    )
    manifest = describe(training.features, training.target, settings)
    save_model(code, model, manifest, base / "model")


def _model(values: Mapping[str, Any]) -> tuple[str, ModelCode]:
    name = str(values.get("job_model", os.environ.get(DEFAULT_MODEL, "decision_tree")))
    spec = find_spec("models")
    folders = spec.submodule_search_locations or [] if spec else []
    known = sorted(path.parent.name for root in folders for path in Path(root).glob("*/model.py"))
    if name not in known:
        msg = f"hyperparameters.json: job_model must be a model of this image, got {shown(name)}."
        raise JobError(msg, f"Its models: {', '.join(known) or 'none'}.")
    try:
        return name, load_model_code(name)
    except ModuleNotFoundError as err:
        msg = f"models/{name}/model.py needs {err.name}, which this image does not hold."
        raise JobError(msg, "Train it in the image that its model.yaml names.") from err


def _own(values: Mapping[str, Any]) -> dict[str, Any]:
    others = (PREFIX_OF_JOBS, *PREFIXES_OF_SAGEMAKER)
    return {name: value for name, value in values.items() if not name.startswith(others)}


def _whole_number(value: Any) -> int:
    if isinstance(value, int | float) and 0 <= value < 2**32 and float(value).is_integer():
        return int(value)
    msg = f"hyperparameters.json: job_seed must be a whole number below 2**32, got {shown(value)}."
    raise JobError(msg, f"Drop it for the default, {_SEED}.")


def _like(training: Channel, other: Channel | None) -> Channel | None:
    """Return the other channel with its columns in the order of training.

    Raises:
        JobError: It has other columns, or columns of another kind.
    """
    if other is None:
        return None
    expected, found = (channel.features.dtypes.to_dict() for channel in (training, other))
    differing = sorted({str(name) for name, _ in expected.items() ^ found.items()})
    if differing:
        msg = f"Channel {other.name}: its columns must be those of {training.name}, got another"
        raise JobError(f"{msg} {differing[0]!r}.", "Write both channels from one table.")
    return Channel(other.name, other.features[list(training.features)], other.target)


def _fit(name: str, code: ModelCode, rows: Channel, own: Mapping[str, Any], seed: int) -> Any:
    check_names(code, own, f"models/{name}")
    try:
        return code.fit(rows.features, rows.target, own, seed)
    except ValueError as err:  # how models refuse hyperparameters and data, see `ModelCode`
        reason = " ".join(str(err).split())
        msg = f"models/{name} refuses its hyperparameters or data: {reason}"
        raise JobError(msg, f"Its hyperparameters were {own}.") from err


def main() -> None:
    """Run inside a training job."""
    run_job(train_classic, (), mistake_code=OWN_FAILURE)


if __name__ == "__main__":
    main()
