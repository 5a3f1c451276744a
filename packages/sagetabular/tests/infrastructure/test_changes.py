"""What change sets do, read from answers of `DescribeChangeSet`.

The answers have the members that AWS documents, and pass botocore's own check of their shape:
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html
The cases are those of "Update behaviors of stack resources" and of "Change set examples" there.
"""

from __future__ import annotations

import boto3
import pytest
from botocore.stub import Stubber

from sagetabular.infrastructure.stacking.changes import Effect, changes_of


def detail(name="", recreation="Never", *, attribute="Properties", **more):
    target = {"Attribute": attribute, "RequiresRecreation": recreation}
    return {
        "Target": {**target, **({"Name": name} if name else {})},
        "Evaluation": "Static",
        "ChangeSource": "DirectModification",
        **more,
    }


def dynamic(name, entity, source="ResourceAttribute", recreation="Always"):
    return detail(name, recreation, Evaluation="Dynamic", ChangeSource=source, CausingEntity=entity)


def change(resource, kind, action="Modify", **more):
    if action in ("Modify", "Remove"):
        more = {"PhysicalResourceId": f"the-{resource.lower()}", **more}
    found = {"Action": action, "LogicalResourceId": resource, "ResourceType": kind, **more}
    return {"Type": "Resource", "ResourceChange": found}


def answered(*changes):
    """The answer as a client gives it, its shape checked."""
    client = boto3.client(
        "cloudformation", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    answer = {
        "ChangeSetName": "c", "StackName": "s", "Status": "CREATE_COMPLETE",
        "ExecutionStatus": "AVAILABLE", "Changes": list(changes),
    }  # fmt: skip
    with Stubber(client) as stub:
        stub.add_response("describe_change_set", answer, {"ChangeSetName": "c"})
        return client.describe_change_set(ChangeSetName="c")["Changes"]


def effects(*changes):
    return {each.resource: each.effect for each in changes_of(answered(*changes))}


TABLE, BUCKET, ROLE = "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::IAM::Role"
CASES = {
    "a new one": (change("A", BUCKET, "Add", Scope=[], Details=[]), Effect.CREATED, False),
    "one that was retained": (change("A", TABLE, "Import"), Effect.ADOPTED, False),
    "tags": (
        change("A", BUCKET, Replacement="False", Scope=["Tags"],
               Details=[detail(attribute="Tags")]), Effect.CHANGED, False,
    ),
    "its name": (
        change("A", TABLE, Replacement="True", Scope=["Properties"],
               Details=[detail("TableName", "Always")]), Effect.REPLACED, True,
    ),
    "its name, the old one kept": (
        change("A", TABLE, Replacement="True", PolicyAction="ReplaceAndRetain",
               Details=[detail("TableName", "Always")]), Effect.REPLACED, True,
    ),
    "the name of a role": (
        change("A", ROLE, Replacement="True", Details=[detail("RoleName", "Always")]),
        Effect.REPLACED, False,
    ),
    "a property that may need it": (
        change("A", TABLE, Replacement="Conditional",
               Details=[detail("KeySchema", "Conditionally")]), Effect.MAYBE_REPLACED, True,
    ),
    "no details": (
        change("A", TABLE, Replacement="Conditional", Details=[]), Effect.MAYBE_REPLACED, True,
    ),
    "nobody can tell": (change("A", TABLE, "Dynamic"), Effect.MAYBE_REPLACED, True),
    "removed": (change("A", TABLE, "Remove", PolicyAction="Delete"), Effect.REMOVED, True),
    "removed, of no weight": (change("A", ROLE, "Remove"), Effect.REMOVED, False),
    "removed and retained": (
        change("A", BUCKET, "Remove", PolicyAction="Retain"), Effect.RELEASED, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_effect_of_one_change(case):
    described, effect, loses = CASES[case]
    (found,) = changes_of(answered(described))
    assert (found.effect, found.loses) == (effect, loses)


KEY = change("Key", "AWS::KMS::Key", Replacement="False", Details=[detail("KeyPolicy")])
KEY_REPLACED = change("Key", "AWS::KMS::Key", Replacement="True", Details=[detail("X", "Always")])
REPOSITORY = change("Images", "AWS::ECR::Repository", Replacement="Conditional",
                    Details=[dynamic("EncryptionConfiguration", "Key.Arn")])  # fmt: skip


def test_who_refers_to_a_changed_resource_stays():
    assert effects(KEY, REPOSITORY) == {"Key": Effect.CHANGED, "Images": Effect.CHANGED}


def test_who_refers_to_a_replaced_resource_is_perhaps_replaced():
    assert effects(REPOSITORY, KEY_REPLACED) == {
        "Key": Effect.REPLACED, "Images": Effect.MAYBE_REPLACED,
    }  # fmt: skip


def test_a_chain_of_references_is_followed():
    through = change("Middle", TABLE, Replacement="Conditional",
                     Details=[dynamic("A", "Images", "ResourceReference")])  # fmt: skip
    found = effects(through, REPOSITORY, KEY_REPLACED)
    assert found["Middle"] is Effect.MAYBE_REPLACED
    assert effects(through, REPOSITORY, KEY)["Middle"] is Effect.CHANGED


def test_an_attribute_that_is_no_name_may_be_another_one():
    other = change("Images", TABLE, Replacement="Conditional",
                   Details=[dynamic("A", "Key.LatestVersion")])  # fmt: skip
    assert effects(KEY, other)["Images"] is Effect.MAYBE_REPLACED


def test_a_property_that_changes_itself_counts_beside_a_reference():
    both = change("Images", TABLE, Replacement="Conditional", Details=[
        dynamic("A", "Key.Arn"), detail("B", "Conditionally")])  # fmt: skip
    assert effects(KEY, both)["Images"] is Effect.MAYBE_REPLACED


def test_properties_are_named_once():
    twice = change("A", TABLE, Replacement="False", Details=[
        detail("SSESpecification"), dynamic("SSESpecification", "Key.Arn", recreation="Never"),
        detail(attribute="Tags")])  # fmt: skip
    (found,) = changes_of(answered(twice))
    assert found.properties == ("SSESpecification", "Tags")
    assert found.name == "the-a"
