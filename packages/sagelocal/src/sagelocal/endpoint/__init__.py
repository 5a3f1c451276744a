"""A SageMaker endpoint on this machine: unchanged clients start, watch and stop executions here.

Whatever speaks SageMaker's JSON protocol, such as boto3, the SDK or the AWS command line, is
pointed at it with `AWS_ENDPOINT_URL_SAGEMAKER`. Public is `Endpoint`, and the command
`sagelocal serve`.
"""

from __future__ import annotations

from sagelocal.endpoint.server import Endpoint

__all__ = ["Endpoint"]
