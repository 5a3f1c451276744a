"""Limits of AWS's services, as botocore ships them, and whether a whole definition is within."""

from __future__ import annotations

import re
from functools import cache

from botocore.loaders import Loader
from botocore.model import ServiceModel
from definitions import steps_of

PIPELINE, RIDGE = "conf/pipeline.yaml", "models/ridge/model.yaml"
LONGEST = "a" + "-b" * 15 + "c"
LONGEST_BUCKET = "b" * 63


@cache
def shape(service, name):
    """A shape of a service, as botocore ships it."""
    return ServiceModel(Loader().load_service_model(service, "service-2")).shape_for(name).metadata


def fits(value, limits):
    """Return whether a text fits a shape, without the code under test."""
    within = limits.get("min", 0) <= len(value) <= limits.get("max", len(value))
    return within and re.fullmatch(limits.get("pattern", "(?s).*"), value) is not None


def filled(value, values):
    """A request as SageMaker would make it: every expression replaced by the longest text."""
    if isinstance(value, list):
        return [filled(item, values) for item in value]
    if not isinstance(value, dict):
        return value
    if {*value} == {"Std:Join"}:
        return "".join(str(filled(part, values)) for part in value["Std:Join"]["Values"])
    if {*value} == {"Get"}:
        kind, _, name = value["Get"].partition(".")
        if kind == "Parameters":
            return values[name]
        return f"s3://{LONGEST_BUCKET}/{LONGEST}/x" if name.endswith("S3Uri") else "x" * 12
    return {key: filled(item, values) for key, item in value.items()}


def uris(value):
    if isinstance(value, str) and value.startswith("s3://"):
        yield value
    for item in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    ):
        yield from uris(item)


def assert_all_fits(definition):
    """Every name and key is within the limits, whatever bucket and account."""
    values = {one["Name"]: one.get("DefaultValue", "x") for one in definition["Parameters"]}
    values["Bucket"] = LONGEST_BUCKET
    for step in steps_of(definition).values():
        assert fits(step["Name"], shape("sagemaker", "StepName"))
        request = filled({k: v for k, v in step["Arguments"].items() if "Steps" not in k}, values)
        for uri in uris(request):
            assert fits(uri, shape("sagemaker", "S3Uri"))
            assert len(uri.split("/", 3)[3].encode()) <= 1024
        for argument in request.get("AppSpecification", {}).get("ContainerArguments", []):
            assert fits(argument, shape("sagemaker", "ContainerArgument"))
    for one in definition["Parameters"]:
        assert fits(one["Name"], shape("sagemaker", "PipelineParameterName"))
