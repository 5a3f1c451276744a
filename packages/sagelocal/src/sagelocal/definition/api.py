"""SageMaker's API: the shape of every request and response, as botocore ships it.

Only the file that describes the service is read. To import botocore takes four times as long, and
brings an HTTP client that nothing here needs.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sagelocal.errors import SageLocalError
from sagelocal.files import JsonObject

# Type of step → the call whose request it holds, the call whose response its properties are.
CALLS: dict[str, tuple[str, str]] = {
    "Processing": ("CreateProcessingJob", "DescribeProcessingJob"),
    "Training": ("CreateTrainingJob", "DescribeTrainingJob"),
    "Tuning": ("CreateHyperParameterTuningJob", "DescribeHyperParameterTuningJob"),
    "Model": ("CreateModel", "DescribeModel"),
    "Transform": ("CreateTransformJob", "DescribeTransformJob"),
    "RegisterModel": ("CreateModelPackage", "DescribeModelPackage"),
}
_LIMITS = ("min", "max", "pattern")


@dataclass(frozen=True)
class Shape:
    """A type of the API.

    Attributes:
        name: What the API reference calls it, e.g. `ProcessingS3Input`.
        data: Its description.
    """

    name: str
    data: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """What it is, such as `structure`, `list`, `map`, `string`, `integer` or `boolean`."""
        return str(self.data["type"])

    @property
    def members(self) -> list[str]:
        """The members of a structure; none for anything else."""
        return list(self.data.get("members", {}))

    @property
    def required(self) -> list[str]:
        """The members of a structure that must be there."""
        return list(self.data.get("required", []))

    @property
    def limits(self) -> JsonObject:
        """What a value of it must keep, see `sagelocal.definition.limits`."""
        found = {kind: self.data[kind] for kind in _LIMITS if kind in self.data}
        return found | ({"enum": list(self.data["enum"])} if self.data.get("enum") else {})

    @property
    def key(self) -> Shape:
        """The keys of a map."""
        return shape(self.data["key"]["shape"])

    def inner(self, key: str | int) -> Shape | None:
        """Return a member of a structure, the values of a map, the elements of a list.

        None stands for a member that there is not.
        """
        if self.kind == "structure":
            found = self.data["members"].get(key)
        else:
            found = self.data.get({"list": "member", "map": "value"}.get(self.kind, ""))
        return shape(found["shape"]) if found else None


@cache
def shape(name: str) -> Shape:
    """Return a type of the API by its name in the API reference.

    Raises:
        KeyError: If there is none of that name.
    """
    return Shape(name, _model()["shapes"][name])


def limits_of(name: str) -> JsonObject:
    """Return what a value of a type of the API must keep, e.g. of `StepName`."""
    return shape(name).limits


def request_shape(kind: str) -> Shape:
    """Return the shape of the request that a type of step holds; `kind` is one of `CALLS`."""
    return shape(_model()["operations"][CALLS[kind][0]]["input"]["shape"])


def response_shape(kind: str) -> Shape:
    """Return the shape of the response that the properties of a type of step are."""
    return shape(_model()["operations"][CALLS[kind][1]]["output"]["shape"])


@cache
def _model() -> JsonObject:
    path = _path()
    raw = path.read_bytes()
    model: JsonObject = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    return model


def _path() -> Path:
    found = find_spec("botocore")
    for folder in (found.submodule_search_locations or []) if found else []:
        files = sorted(Path(folder, "data", "sagemaker").glob("*/service-2.json*"))
        if files:
            return files[-1]
    raise SageLocalError(
        "botocore, which describes SageMaker's API, is not installed.", "pip install botocore"
    )
