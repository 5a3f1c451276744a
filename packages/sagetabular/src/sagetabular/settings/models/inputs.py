"""Inputs of a model's steps: another step's output, or S3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sagetabular.settings.loading import RuleError, Settings

_LINK = re.compile(
    r"([A-Za-z_]\w*)\.([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?((?:/[\w.=-]+)*)/?", re.ASCII
)
_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\s\\{}]*)?")
_REMEDY = "Write <model>.<step>.<output>, data.preprocess.train, or s3://<bucket>/<prefix>."


@dataclass(frozen=True)
class Link:
    """An output of a step, or what lies below it.

    Attributes:
        unit: Name of a model, or `data` for the project's own steps.
        step: Name of a step of it.
        output: Name of the output; None for the only one.
        prefix: `/sub/folder` of the output; empty for the whole.
    """

    unit: str
    step: str
    output: str | None = None
    prefix: str = ""

    def __str__(self) -> str:
        """Return it as it stands in a `model.yaml`."""
        names = [self.unit, self.step, *([self.output] if self.output else [])]
        return ".".join(names) + self.prefix


def parse_link(text: str) -> Link | None:
    """Read `<unit>.<step>[.<output>][/sub/prefix]`; None if it is nothing of the kind."""
    match = _LINK.fullmatch(text)
    if match is None or {".", ".."} & {*match[4].split("/")}:
        return None
    return Link(match[1], match[2], match[3], match[4])


def _check_source(value: str) -> str:
    if parse_link(value) is None and not _S3.fullmatch(value):
        msg = f"must name a step's output or an address in S3, got {value[:100]!r}."
        raise RuleError(msg, _REMEDY)
    return value


def _check_file(value: str) -> str:
    if not _S3.fullmatch(value) or value.count("/") < 3 or value.endswith("/"):
        msg = f"must be the address of one object in S3, got {value[:100]!r}."
        raise RuleError(msg, "Write s3://<bucket>/<key>; a prefix needs no list of files.")
    return value


def _short_form(value: object) -> object:
    """Accept a source, or a list of files, in place of the mapping."""
    if isinstance(value, str):
        return {"source": value}
    return {"files": value} if isinstance(value, list) else value


File = Annotated[str, AfterValidator(_check_file)]


class InputSettings(Settings):
    """One input: a `source` or `files`, and how they reach the container."""

    source: Annotated[str, AfterValidator(_check_source)] | None = None
    files: Annotated[list[File], Field(min_length=1)] | None = None
    data_type: Literal["S3Prefix", "ManifestFile"] = "S3Prefix"
    distribution: Literal["FullyReplicated", "ShardedByS3Key"] = "FullyReplicated"
    mode: Literal["File", "Pipe", "FastFile"] = "File"
    content_type: str | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.source is None) == (self.files is None):
            msg = "needs either source or files."
            raise RuleError(msg, _REMEDY)
        if self.files is not None and self.data_type != "S3Prefix":
            msg = f"takes no data_type beside files, got {self.data_type!r}."
            raise RuleError(msg, "Drop it: several files travel as a manifest.")
        if len({file.split("/")[2] for file in self.files or []}) > 1:
            msg = "must list files of one bucket: a manifest has one prefix."
            raise RuleError(msg, "Give each bucket an input of its own.")
        return self

    @property
    def link(self) -> Link | None:
        """The output that it takes; None if it comes from S3."""
        return parse_link(self.source) if self.source else None


Input = Annotated[InputSettings, BeforeValidator(_short_form)]


def parse_input(source: str) -> InputSettings:
    """Make an input of a source."""
    return InputSettings(source=source)
