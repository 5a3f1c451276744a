"""Two templates, and answers of CloudFormation in botocore's own shapes."""

from __future__ import annotations

import datetime

CLOUD = "cloudformation"
NAMES = {name: f"sagemaker-test-project-dev-{name}" for name in ("data-lake", "roles")}
WHEN = datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC)
LAKE = """\
Parameters:
  Project: {Type: String}
  Stage: {Type: String, Default: dev}
  ScanLimit: {Type: Number, Default: 5, MinValue: 1}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
  Starts:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: !Sub "sagemaker-${Project}-${Stage}-starts"}
Outputs:
  ArtifactBucket: {Value: !Ref Bucket}
"""
ROLES = """\
Parameters:
  ArtifactBucket: {Type: String}
  PermissionsBoundary: {Type: String, AllowedPattern: "^(arn:.+)?$"}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {RoleName: !Sub "of-${ArtifactBucket}"}
Outputs:
  PipelineRoleArn: {Value: !GetAtt Role.Arn}
"""


def arn(concern):
    return f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{NAMES[concern]}/1"


class Cloud:
    """What CloudFormation answers, in the order of the questions."""

    def __init__(self, aws) -> None:
        self.aws = aws
        self._answer = lambda *args: aws.answer(CLOUD, *args)

    def has(self, concern, status="CREATE_COMPLETE", *, by="name", **more):
        """A look at a stack that is there."""
        name = NAMES[concern] if by == "name" else arn(concern)
        stack = {
            "StackName": NAMES[concern], "StackId": arn(concern), "CreationTime": WHEN,
            "StackStatus": status, **more,
        }  # fmt: skip
        self._answer("describe_stacks", {"Stacks": [stack]}, {"StackName": name})

    def lacks(self, concern, *, by="name"):
        """A look at a stack that is not there."""
        name = NAMES[concern] if by == "name" else arn(concern)
        words = f"Stack with id {name} does not exist"
        self.aws.refuse(CLOUD, "describe_stacks", "ValidationError", words, {"StackName": name})

    def proposes(self, concern, *changes, asked=None):
        """A change set, its description, and its changes."""
        own = {"StackName": NAMES[concern], "ChangeSetName": f"set-of-{concern}"}
        self._answer("create_change_set", {"Id": f"set-of-{concern}"}, asked)
        self._answer("describe_change_set", {"Status": "CREATE_COMPLETE"}, own)
        self._answer(
            "describe_change_set", {"Status": "CREATE_COMPLETE", "Changes": list(changes)}, own
        )

    def proposes_nothing(self, concern):
        """A change set that CloudFormation has refused, since nothing would change."""
        reason = "The submitted information didn't contain changes. Submit different information"
        self._answer("create_change_set", {"Id": f"set-of-{concern}"})
        self._answer("describe_change_set", {"Status": "FAILED", "StatusReason": reason})
        self.withdraws(concern)

    def withdraws(self, concern):
        """The removal of a change set."""
        own = {"StackName": NAMES[concern], "ChangeSetName": f"set-of-{concern}"}
        self._answer("delete_change_set", {}, own)

    def executes(self, concern):
        """The execution of a change set."""
        own = {"StackName": NAMES[concern], "ChangeSetName": f"set-of-{concern}"}
        own |= {"RetainExceptOnCreate": True}
        self._answer("execute_change_set", {}, own)

    def protects(self, concern, protected=True):
        """A change of the protection."""
        own = {"StackName": NAMES[concern], "EnableTerminationProtection": protected}
        self._answer("update_termination_protection", {}, own)

    def deletes(self, concern):
        """The deletion of a stack."""
        self._answer("delete_stack", {}, {"StackName": NAMES[concern]})

    def tells(self, concern, *events):
        """Its events, newest first: resource, type, status, reason."""
        found = [
            {
                "StackId": arn(concern), "StackName": NAMES[concern], "EventId": str(number),
                "Timestamp": WHEN, "LogicalResourceId": resource, "ResourceType": kind,
                "ResourceStatus": status, "ResourceStatusReason": reason,
                "PhysicalResourceId": arn(concern) if kind.endswith("Stack") else resource,
            }
            for number, (resource, kind, status, reason) in enumerate(events)
        ]  # fmt: skip
        self._answer("describe_stack_events", {"StackEvents": found})


def change(resource, kind="AWS::S3::Bucket", action="Modify", **more):
    found = {"Action": action, "LogicalResourceId": resource, "ResourceType": kind, **more}
    return {"Type": "Resource", "ResourceChange": found}
