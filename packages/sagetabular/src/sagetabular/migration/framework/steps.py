"""A step of dynamic-sagemaker-pipelines-framework → a step of a `model.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.migration.framework.blocks import (
    Block,
    FrameworkEvaluation,
    FrameworkRegistry,
    FrameworkTransform,
    Processing,
    Training,
)
from sagetabular.migration.framework.declaring import METRICS
from sagetabular.migration.framework.inputs import (
    chained,
    channels,
    mounted_files,
    note_buckets,
    predicted,
)
from sagetabular.migration.framework.serving import image, serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.migration.framework.declaring import Declared
    from sagetabular.migration.plan import Plan

Document = dict[str, Any]
INPUT_DEFAULTS = {"data_type": "S3Prefix", "distribution": "FullyReplicated", "mode": "File"}


def convert(declared: Declared, steps: Mapping[str, Declared], plan: Plan) -> Document:
    """Write a step as `model.yaml` has it.

    Args:
        declared: The step.
        steps: All steps of the pipeline by their name so far.
        plan: Takes remarks.

    Raises:
        UserError: It lacks something, or names a step that does not exist.
    """
    settings = declared.settings
    if isinstance(settings, Block):
        note_buckets(declared, settings, plan)
    if isinstance(settings, Processing):
        found = _process(declared, settings, steps, plan)
    elif isinstance(settings, Training):
        found = _train(declared, settings, steps, plan)
    elif isinstance(settings, FrameworkTransform):
        found = _transform(declared, settings, steps, plan)
    elif isinstance(settings, FrameworkRegistry):
        found = serve(declared, settings, steps, plan)
    else:
        raise TypeError(settings)
    if declared.step.prefix and declared.step.kind != "Transform":
        place = declared.place.at("chain_input_additional_prefix")
        plan.drop(place, "only a Transform step had a use for it")
    written = {key: value for key, value in found.items() if value not in (None, {}, [])}
    return written | _cache(declared, plan)


def _process(
    declared: Declared, block: Processing, steps: Mapping[str, Declared], plan: Plan
) -> Document:
    options = _options(
        data_type=block.s3_data_type,
        distribution=block.s3_data_distribution_type,
        mode=block.s3_input_mode,
    )
    outputs = [*declared.outputs.values()]
    for before, now in declared.outputs.items():
        if before != now:
            where = f"/opt/ml/processing/output/{now}"
            plan.note(declared.block, f"has the output {before!r}, which belongs in {where} now")
    if isinstance(block, FrameworkEvaluation):
        folder = f"/opt/ml/processing/output/{METRICS}"
        plan.note(declared.block, f"has one output: {METRICS}.json belongs in {folder} now")
    inputs = mounted_files(declared, block, options, plan)
    links = chained(declared, steps, options, inputs)
    for name in links:
        plan.note(declared.place, f"finds a chained input in /opt/ml/processing/input/{name} now")
    return {
        "class": "process",
        **_job(declared, block, plan),
        "outputs": outputs,
        "upload": _unless(block.s3_upload_mode, "EndOfJob"),
        "inputs": inputs | links,
    }


def _train(
    declared: Declared, block: Training, steps: Mapping[str, Declared], plan: Plan
) -> Document:
    options = _options(
        distribution=block.distribution, mode=block.input_mode, content_type=block.content_type
    )
    inputs = channels(declared, block, options, plan)
    links = chained(declared, steps, options, inputs)
    for name in links:
        plan.note(declared.place, f"finds a chained input in the channel {name} now")
    if "train" not in inputs:
        plan.note(declared.place, "has the channel train of this project's own Preprocess as well")
    return {
        "class": "train",
        **_job(declared, block, plan),
        "hyperparameters": block.hyperparams,
        "model_data": block.model_data_uri,
        "inputs": inputs | links,
    }


def _job(declared: Declared, block: Processing | Training, plan: Plan) -> Document:
    """Return what Processing and Training jobs have in common."""
    uri = image(block.image_uri, declared.block)
    if block.entry_point is None and "algorithm" not in uri:
        raise UserError(f"{declared.block.at('entry_point')} is missing.", "Name its program.")
    minutes = -(-block.max_runtime_seconds // 60)
    if minutes * 60 != block.max_runtime_seconds:
        plan.note(declared.block, f"may run {minutes} whole minutes now")
    return {
        "image": uri,
        "entry_point": block.entry_point,
        **_instances(block),
        "volume_gb": block.volume_size_in_gb,
        "max_minutes": minutes,
    }


def _instances(block: Block) -> Document:
    return {
        "instance_type": block.instance_type,
        "instance_count": block.instance_count,
        "environment": block.env,
        "tags": block.tags,
    }


def _transform(
    declared: Declared, block: FrameworkTransform, steps: Mapping[str, Declared], plan: Plan
) -> Document:
    return {
        "class": "transform",
        **_instances(block),
        "strategy": block.strategy,
        "assemble_with": block.assemble_with,
        "join_source": block.join_source,
        "split_type": block.split_type,
        "content_type": block.content_type,
        "accept": block.content_type,  # the framework asked for what it sent
        "max_payload_mb": block.max_payload,
        "input_filter": block.input_filter,
        "output_filter": block.output_filter,
        "inputs": {"data": predicted(declared, block, steps, plan)},
    }


def _cache(declared: Declared, plan: Plan) -> Document:
    """Return how a step is cached: `enable_cache` now counts for Processing and Training too."""
    wanted, kind = declared.step.cache, declared.step.kind
    if kind in ("CreateModel", "RegisterModel"):
        if wanted:
            plan.drop(declared.place.at("enable_cache"), "SageMaker caches no such step")
        return {}
    default = kind in ("Processing", "Training")
    return {} if (default if wanted is None else wanted) else {"cache": False}


def _options(**given: str | None) -> Document:
    return {
        name: value
        for name, value in given.items()
        if value is not None and value != INPUT_DEFAULTS.get(name)
    }


def _unless(value: str, default: str) -> str | None:
    return None if value == default else value
