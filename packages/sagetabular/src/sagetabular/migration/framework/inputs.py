"""Inputs of a step: the files of its channels, and the outputs of the steps before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.migration.naming import hint, identifier
from sagetabular.settings.models.steps import OWN_INPUTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.migration.framework.blocks import Block, FrameworkChannel
    from sagetabular.migration.framework.declaring import Declared
    from sagetabular.migration.plan import Place, Plan

FOLDER = "/opt/ml/processing/input"
# A Processing job takes ten inputs, of which the framework needed some: with so many files or more
# it listed them all in one manifest.
MANIFEST_FROM = 7
Inputs = dict[str, Any]


def mounted_files(declared: Declared, block: Block, options: Inputs, plan: Plan) -> Inputs:
    """Return the inputs of a Processing job: each file under its name, or all in one manifest."""
    files = [
        (file.source or channel_name, uri)
        for channel_name, channel in block.channels.items()
        for file, uri in zip(
            channel.files if channel else [],
            addresses(channel_name, block, declared.block),
            strict=True,
        )
    ]
    if len(files) >= MANIFEST_FROM:
        return {"train": {"files": [uri for _, uri in files], **_without_type(options)}}
    found: Inputs = {}
    for name, uri in files:
        key = identifier(name, {*found, *OWN_INPUTS}, other="input")
        if key != name:
            plan.note(declared.block, f"has the file {name!r}, which lies below {FOLDER}/{key} now")
        found[key] = _source(uri, options)
    return found


def channels(declared: Declared, block: Block, options: Inputs, plan: Plan) -> Inputs:
    """Return the inputs of a Training job: each channel with all of its files."""
    found: Inputs = {}
    for name in block.channels:
        uris = addresses(name, block, declared.block)
        if not uris:
            plan.drop(declared.block.at("channels", name), "it has no files")
            continue
        key = identifier(name, {*found, *OWN_INPUTS}, other="channel")
        if key != name:
            plan.note(declared.block.at("channels", name), f"is the channel {key} now")
        many = {"files": uris, **_without_type(options)}
        found[key] = many if len(uris) > 1 else _source(uris[0], options)
    return found


def addresses(name: str, block: Block, place: Place) -> list[str]:
    """Return where the files of a channel lie in S3.

    Raises:
        UserError: One has a name that is no address, and the channel names no bucket.
    """
    channel = block.channels[name]
    where = place.at("channels", name)
    return [
        _address(file.name, channel, block, where) for file in (channel.files if channel else [])
    ]


def _address(name: str, channel: FrameworkChannel | None, block: Block, place: Place) -> str:
    if name.startswith("s3://"):
        return name
    # The framework took the bucket of `train` for the files of every channel.
    owner = channel if channel and channel.bucket else block.channels.get("train")
    if owner is None or owner.bucket is None:
        msg = f"{place.at('s3Bucket')} is missing: {name[:100]!r} is no address in S3."
        raise UserError(msg, "Add it, or write the file as s3://<bucket>/<key>.")
    bucket = owner.bucket.removeprefix("s3://")
    parts = [part for text in (bucket, owner.prefix, name) for part in text.split("/") if part]
    return f"s3://{'/'.join(parts)}"


def note_buckets(declared: Declared, block: Block, plan: Plan) -> None:
    """Note where results should have gone; a bucket can also complete the names of files."""
    for name, channel in block.channels.items():
        relative = [file for file in channel.files if "://" not in file.name] if channel else []
        if channel and (channel.bucket or channel.prefix) and not relative:
            remark = "has a bucket that no file needs: results lie below the execution's prefix"
            plan.note(declared.block.at("channels", name), remark)


def chained(
    declared: Declared, steps: Mapping[str, Declared], options: Inputs, taken: Inputs
) -> Inputs:
    """Return the inputs from what `chain_input_source_step` names: every output of each step.

    A Metrics step takes the one output that is called as its channel.

    Args:
        declared: The step.
        steps: All steps of the pipeline by their name so far.
        options: How its inputs reach the container.
        taken: Its other inputs.
    """
    found: Inputs = {}
    for source in sources(declared, steps):
        names = [*source.outputs]
        if declared.step.kind == "Metrics" and len(names) > 1:
            names = [_own_channel(declared, source)]
        for name in names:
            infix = "input_" if declared.step.kind == "Processing" else ""
            used = {*found, *taken, *OWN_INPUTS}
            key = identifier(f"{source.key}_{infix}{name}", used, other="input")
            found[key] = _source(source.link(name), options)
    return found


def predicted(declared: Declared, block: Block, steps: Mapping[str, Declared], plan: Plan) -> str:
    """Return what a Transform step predicts: one output of one step, or one file.

    Raises:
        UserError: It is none, or more than one.
    """
    before = sources(declared, steps)
    files = [uri for name in block.channels for uri in addresses(name, block, declared.block)]
    if len(before) == 1:
        if files:
            plan.drop(declared.block.at("channels"), "the chained input is what is predicted")
        names = [*before[0].outputs]
        name = names[0] if len(names) == 1 else _own_channel(declared, before[0])
        return before[0].link(name, declared.step.prefix)
    if before or len(files) != 1:
        got = f"{len(before)} sources" if before else f"{len(files)} files"
        msg = f"{declared.place} must predict one output of a step, or one file, got {got}."
        raise UserError(msg, "Name one in chain_input_source_step, or one in dataFiles.")
    return files[0]


def sources(declared: Declared, steps: Mapping[str, Declared]) -> list[Declared]:
    """Return the steps that a step takes something from.

    Raises:
        UserError: One does not exist, or has nothing to take.
    """
    place = declared.place.at("chain_input_source_step")
    for name in declared.step.sources:
        if name not in steps:
            raise UserError(f"{place} names no step: {name[:100]!r}.", hint(name, steps))
        if not steps[name].outputs:
            msg = f"{place} must name a step with an output, got {name!r}."
            raise UserError(msg, "Write `dependencies` to wait for it.")
    return [steps[name] for name in dict.fromkeys(declared.step.sources)]


def _own_channel(declared: Declared, source: Declared) -> str:
    channels_of: Mapping[str, object] = getattr(declared.settings, "channels", {})
    own = [name for name in channels_of if name in source.outputs]
    if len(own) != 1:
        msg = f"{declared.block.at('channels')} must name one output of {source.step.name!r}"
        raise UserError(f"{msg}, got {own}.", f"There are {', '.join(source.outputs)}.")
    return own[0]


def _source(uri: str, options: Inputs) -> Any:
    return {"source": uri, **options} if options else uri


def _without_type(options: Inputs) -> Inputs:
    """Leave out the type: several files travel as a manifest, which is a type of its own."""
    return {name: value for name, value in options.items() if name != "data_type"}
