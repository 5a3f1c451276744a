"""Keeps the tag of a SageMaker domain that says where Studio finds templates of projects.

CloudFormation calls it for a resource `Custom::DomainTag` with the properties `DomainId` and
`Location`. It is inlined in studio/organisation.yaml, whose stack it answers in any case.
"""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-projects-templates-custom.html
TAG = "sagemaker:projectS3TemplatesLocation"
# Calls end well before the function does, so that there is time to answer.
CALLS = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})
GONE = ("ResourceNotFound", "ResourceNotFoundException", "ValidationException")


def handler(event: dict[str, Any], context: Any) -> None:
    """Do what CloudFormation asks, and tell it how that ended."""
    given, former = event.get("ResourceProperties", {}), event.get("OldResourceProperties", {})
    domain = str(given.get("DomainId"))
    # Another domain is another resource: CloudFormation removes the former by itself.
    known = domain if event["RequestType"] == "Create" else event["PhysicalResourceId"]
    answer = {"Status": "SUCCESS", "PhysicalResourceId": domain, "Reason": "Done"}
    try:
        client = boto3.client("sagemaker", config=CALLS)
        place = context.invoked_function_arn.replace(":lambda:", ":sagemaker:").split(":")[:5]
        if event["RequestType"] == "Delete":
            answer["PhysicalResourceId"] = known
            remove(client, ":".join([*place, f"domain/{known}"]), given["Location"])
        else:
            mine = former.get("Location") if former.get("DomainId") == domain else None
            put(client, ":".join([*place, f"domain/{domain}"]), given["Location"], mine)
    except Exception as err:  # whatever it is: without an answer the stack would wait for an hour
        print(f"{type(err).__name__}: {err}")
        # What was not made must not be removed under another's name.
        answer = {"Status": "FAILED", "PhysicalResourceId": known, "Reason": str(err)[:1000]}
    ids = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    send(event["ResponseURL"], {**answer, **ids})


def put(client: Any, domain: str, location: str, mine: str | None) -> None:
    """Add the tag to a domain, unless its value is neither this one nor `mine`, the former one.

    Raises:
        ValueError: It is that of others.
    """
    found = read(client, domain)
    if found not in (None, location, mine):
        raise ValueError(
            f"Domain {domain} must not have the tag {TAG} of others, and has {found}. "
            "Studio looks into one place alone: remove the tag, or deploy with DomainId empty."
        )
    client.add_tags(ResourceArn=domain, Tags=[{"Key": TAG, "Value": location}])


def remove(client: Any, domain: str, location: str) -> None:
    """Take the tag from a domain, unless others have changed it or the domain is gone."""
    try:
        if read(client, domain) == location:
            client.delete_tags(ResourceArn=domain, TagKeys=[TAG])
    except ClientError as err:
        if err.response["Error"]["Code"] not in GONE:
            raise


def read(client: Any, domain: str) -> str | None:
    """Return the tag's value; None if there is no such tag."""
    for page in client.get_paginator("list_tags").paginate(ResourceArn=domain):
        for tag in page["Tags"]:
            if tag["Key"] == TAG:
                return str(tag["Value"])
    return None


def send(address: str, answer: dict[str, Any]) -> None:
    """Tell CloudFormation, three times at most."""
    body = json.dumps(answer).encode()
    for attempt in range(3):
        # The address is CloudFormation's own, signed for an empty type.
        request = urllib.request.Request(  # noqa: S310
            address, data=body, method="PUT", headers={"Content-Type": ""}
        )
        try:
            urllib.request.urlopen(request, timeout=5).close()  # noqa: S310
            return
        except OSError as err:
            print(f"No answer taken: {err}")
            time.sleep(attempt)
