"""The organisation's template: what AWS takes, what it makes, and its Lambda."""

from __future__ import annotations

import fnmatch
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.baking import ROOT
from tests.studio import launching
from tests.studio import organisation as known

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, without white space
LONGEST_POLICY, MOST_POLICIES, LONGEST_INLINE = 6_144, 10, 10_240
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
LONGEST_TEMPLATE = 51_200
# As Studio wants them: aws-samples/sagemaker-custom-project-templates@6906ed9,
# s3_templates/cors-policy.json
CORS = {
    "AllowedOrigins": ["https://*.sagemaker.aws"],
    "AllowedMethods": ["POST", "PUT", "GET", "HEAD", "DELETE"],
    "AllowedHeaders": ["*"],
    "ExposedHeaders": [
        "ETag", "x-amz-delete-marker", "x-amz-id-2", "x-amz-request-id",
        "x-amz-server-side-encryption", "x-amz-version-id",
    ],
}  # fmt: skip
TEN = ",".join(f"{known.STUDIO[:-14]}2026010{one}T000000" for one in range(10))


def length(document: dict[str, Any]) -> int:
    return len(re.sub(r"\s", "", json.dumps(document)))


def test_template_is_taken_without_a_bucket_to_upload_it_to() -> None:
    assert len(known.PATH.read_bytes()) <= LONGEST_TEMPLATE


@pytest.mark.parametrize("connections", [1, 5])
def test_policies_are_within_the_quotas(connections: int) -> None:
    many = ",".join([known.CONNECTION] * connections)
    resources = known.made(StudioRoleArns=TEN, ConnectionArns=many, CentralBucket="b" * 63)
    managed = [one for one in resources.values() if one["Type"] == "AWS::IAM::ManagedPolicy"]
    assert len(managed) == 6
    sizes = {
        one["Properties"]["ManagedPolicyName"]: length(one["Properties"]["PolicyDocument"])
        for one in managed
    }
    assert {name: size for name, size in sizes.items() if size > LONGEST_POLICY} == {}
    for one in resources.values():
        if one["Type"] == "AWS::IAM::Role":
            given = one["Properties"]
            assert len(given.get("ManagedPolicyArns", [])) <= MOST_POLICIES
            inline = [entry["PolicyDocument"] for entry in given.get("Policies", [])]
            assert sum(map(length, inline)) <= LONGEST_INLINE


def test_nothing_is_called_as_what_projects_make() -> None:
    """Else the launch role could change it."""
    names = [
        value
        for one in known.made().values()
        for key, value in one["Properties"].items()
        if key in ("RoleName", "ManagedPolicyName")
    ]
    assert len(names) == 7
    assert [
        name for name in names if "-dev-" in name or not name.startswith("sagemaker-projects-")
    ] == []


def test_bucket_has_the_rules_that_studio_wants() -> None:
    made = known.made()["TemplateBucket"]["Properties"]
    assert made["CorsConfiguration"]["CorsRules"] == [CORS]
    assert made["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(made["PublicAccessBlockConfiguration"].values()) == {True}


def test_buckets_outlive_the_stack_but_not_a_first_attempt_that_fails() -> None:
    made = known.template()["Resources"]
    kept = {key for key, one in made.items() if one.get("DeletionPolicy") == "RetainExceptOnCreate"}
    assert kept == {key for key, one in made.items() if one["Type"] == "AWS::S3::Bucket"}


@pytest.mark.parametrize(
    ("given", "absent"),
    [
        ({"DomainId": ""}, {"DomainTag", "DomainFunction", "DomainRole", "DomainLog"}),
        ({"ServiceCatalog": "false"}, {"Portfolio"}),
    ],
)
def test_options_make_what_they_say(given: dict[str, str], absent: set[str]) -> None:
    assert {*known.made()} - {*known.made(**given)} == absent


def test_no_connection_is_allowed_where_none_is_given() -> None:
    assert "codeconnections:" in json.dumps(known.made())
    assert "codeconnections:" not in json.dumps(known.made(ConnectionArns=""))


def test_lambda_in_the_template_is_the_module() -> None:
    """`aws cloudformation deploy` takes the file as it stands: nothing is inlined on the way."""
    inside = known.template()["Resources"]["DomainFunction"]["Properties"]["Code"]["ZipFile"]
    assert inside == (ROOT / "studio/lambdas/domain.py").read_text(encoding="utf-8")


@pytest.mark.slow
def test_facts_hold_every_type_of_the_assembled_template() -> None:
    assert {kind for kind, _ in known.typed()} == {*known.HANDLERS["types"]}
    assert all(arns for _, arns in known.typed())


@pytest.mark.parametrize("kind", sorted(launching.UNUSED))
def test_exceptions_are_of_what_cloudformation_asks(kind: str) -> None:
    asked = {one for step in known.HANDLERS["types"][kind].values() for one in step}
    assert launching.unused(kind) - asked == set()


@pytest.mark.slow
def test_exceptions_name_properties_that_no_resource_has() -> None:
    """The reason is the property where it is one word."""
    for source in known.SOURCES:
        for entry in known.project(source).values():
            for reason in launching.UNUSED.get(entry["Type"], {}):
                assert reason not in entry["Properties"], (entry["Type"], reason)


def test_every_exception_beyond_the_facts_is_used() -> None:
    patterns = {one for part in known.launch_policies() for each in part["Statement"]
                for one in known.listed(each["Action"])}  # fmt: skip
    assert [
        name for name in launching.BEYOND
        if not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
    ] == []  # fmt: skip


def test_handlers_say_their_source() -> None:
    path = Path(known.__file__).parent / "handlers.json"
    assert "cfn-lint 1.58.0" in json.loads(path.read_text(encoding="utf-8"))["source"]
