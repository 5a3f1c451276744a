"""Model packages, as clients and events see them."""

from __future__ import annotations

import re

from sagelocal.endpoint.protocol.names import Names
from sagelocal.endpoint.steps import execution_arn
from sagelocal.errors import ExecutionNotFoundError
from sagelocal.files import JsonObject
from sagelocal.service import LocalSageMaker

_MADE_BY = re.compile(r"pipelines-([0-9]{8}-[0-9]{6}-[0-9a-f]{4})-.+")


def shown_package(package: JsonObject, names: Names, sagemaker: LocalSageMaker) -> JsonObject:
    """Return a package of the registry in the shape of `DescribeModelPackage`.

    What a step registered says which execution has generated it, where the store notes its job.
    """
    made = dict(package.get("MetadataProperties", {}))
    match = _MADE_BY.fullmatch(str(made.get("GeneratedBy", "")))
    if match:
        try:
            record = sagemaker.execution(match[1])
            made["GeneratedBy"] = execution_arn(record, record.id)
        except ExecutionNotFoundError:  # it was cleaned up
            pass
    shown: JsonObject = names.outside({**package, "MetadataProperties": made or None})
    return {
        "CertifyForMarketplace": False,
        **shown,
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
    }
