"""Lambda `candidate`: which registered version the release rolls out.

It answers CodePipeline, or whoever invokes it directly.

Event:
    `{"ModelPackageGroup": NAME}`: pick the newest approved version of a group; without a name the
    group is that of the environment.
    `{"ModelPackageArn": ARN, "Production": true}`: check that a version may go to production: it is
    still approved, for no other stage of its life, and was not trained on made-up data.
    From CodePipeline the same JSON stands in the action's `UserParameters`.

Result:
    `ModelPackageArn`, `Version`, and `Summary` with what the pipeline has noted of it: texts, which
    are the output variables of the action.

Errors:
    `CandidateError`: no version may be rolled out; CodePipeline hears of every error.

Environment:
    MODEL_PACKAGE_GROUP: The group.
    SAMPLE_FINGERPRINTS: Fingerprints of made-up rows, parted by commas.
    ALLOW_SAMPLE: `true` if models of made-up data may go to production.
"""

from __future__ import annotations

import json
import os
from typing import Any

import boto3
from botocore.config import Config

# What `pipeline data sample` calls its rows.
_SAMPLE_TITLE = "made-up"
_PRODUCTION = "Production"
# SageMaker throttles the calls of a whole account together.
_PATIENT = Config(retries={"mode": "standard", "max_attempts": 8})
# CodePipeline takes messages of up to 5,000 letters.
_LONGEST = 1000
# Of 1,000 letters that the text of an approval has in all.
_LONGEST_SUMMARY = 600


class CandidateError(Exception):
    """No version may be rolled out; the message says why, and what to do."""


def handler(event: dict[str, Any], context: Any) -> dict[str, str]:  # noqa: ARG001
    """Return the version to roll out; see the module for event, result and errors."""
    job = event.get("CodePipeline.job")
    if job is None:
        return candidate(event)
    pipeline = boto3.client("codepipeline", config=_PATIENT)
    try:
        configuration = job["data"]["actionConfiguration"]["configuration"]
        found = candidate(json.loads(configuration.get("UserParameters") or "{}"))
    except Exception as err:  # CodePipeline would wait for an answer for hours
        print(f"{type(err).__name__}: {err}")
        details = {"type": "JobFailed", "message": str(err)[:_LONGEST] or type(err).__name__}
        pipeline.put_job_failure_result(jobId=job["id"], failureDetails=details)
        return {}
    pipeline.put_job_success_result(jobId=job["id"], outputVariables=found)
    return found


def candidate(wanted: dict[str, Any]) -> dict[str, str]:
    """Return the version that is wanted.

    Args:
        wanted: An event without CodePipeline's wrapping.

    Raises:
        CandidateError: There is none, or it may not go to production.
    """
    sagemaker = boto3.client("sagemaker", config=_PATIENT)
    arn = wanted.get("ModelPackageArn")
    if not arn:
        group = wanted.get("ModelPackageGroup") or os.environ["MODEL_PACKAGE_GROUP"]
        arn = newest_approved(sagemaker, group)
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    _check_approval(package)
    if wanted.get("Production"):
        _check_production(package)
    found = {
        "ModelPackageArn": str(arn),
        "Version": str(package["ModelPackageVersion"]),
        "Summary": _summary(package),
    }
    print(json.dumps(found))
    return found


def newest_approved(sagemaker: Any, group: str) -> str:
    """Return the ARN of the approved version with the highest number.

    Args:
        sagemaker: A client of SageMaker.
        group: Name of the model package group.

    Raises:
        CandidateError: No version is approved, or there is no such group.
    """
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group, ModelApprovalStatus="Approved"
    )
    try:
        listed = [entry for page in pages for entry in page["ModelPackageSummaryList"]]
    except sagemaker.exceptions.ClientError as err:
        # SageMaker has several words for a group that does not exist.
        if "does not exist" not in str(err) and "ResourceNotFound" not in str(err):
            raise
        listed = []
    approved = [entry for entry in listed if entry["ModelApprovalStatus"] == "Approved"]
    if not approved:
        msg = f"{group} has no approved version.\n"
        remedy = "Approve one with `pipeline registry approve VERSION --on aws`."
        raise CandidateError(msg + remedy)
    newest = max(approved, key=lambda entry: entry["ModelPackageVersion"])
    return str(newest["ModelPackageArn"])


def _check_approval(package: dict[str, Any]) -> None:
    """Accept an approved version: somebody may have rejected it since it was picked."""
    status = package["ModelApprovalStatus"]
    if status != "Approved":
        msg = f"{_name(package)} must be Approved to be rolled out, is {status}.\n"
        raise CandidateError(f"{msg}Approve it, or start the release again: it takes the newest.")


def _check_production(package: dict[str, Any]) -> None:
    name, noted = _name(package), package.get("CustomerMetadataProperties", {})
    stage = package.get("ModelLifeCycle", {}).get("Stage", "")
    version = package["ModelPackageVersion"]
    if stage not in ("", _PRODUCTION):
        msg = f"{name} is approved for {stage}, not for {_PRODUCTION}.\n"
        remedy = f"Approve it with `pipeline registry approve {version} --on aws`."
        raise CandidateError(msg + remedy)
    if _is_made_up(noted) and os.environ.get("ALLOW_SAMPLE") != "true":
        msg = f"{name} was trained on made-up data, which may not go to production.\n"
        remedy = "Train it on yours, or set the parameter AllowSample of release.yaml to true."
        raise CandidateError(msg + remedy)


def _is_made_up(noted: dict[str, str]) -> bool:
    """Return whether the rows are those of `pipeline data sample`, by title or by content."""
    known = os.environ.get("SAMPLE_FINGERPRINTS", "").split(",")
    return noted.get("data", "").startswith(_SAMPLE_TITLE) or (
        bool(noted.get("data_fingerprint")) and noted["data_fingerprint"] in known
    )


def _summary(package: dict[str, Any]) -> str:
    noted = package.get("CustomerMetadataProperties", {})
    shown = ("model", "target", "metric", "score", "data", "commit")
    facts = [f"{name} {noted[name]}" for name in shown if noted.get(name)]
    return ", ".join([_name(package), *facts])[:_LONGEST_SUMMARY]


def _name(package: dict[str, Any]) -> str:
    return f"{package['ModelPackageGroupName']}/{package['ModelPackageVersion']}"
