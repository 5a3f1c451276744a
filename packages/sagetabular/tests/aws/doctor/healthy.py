"""An account in which all is well, whose answers a test can change one by one."""

from __future__ import annotations

import copy
import json
import urllib.parse
from datetime import UTC, datetime

import boto3
from botocore.validate import ParamValidator

ACCOUNT, REGION = "123456789012", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/jobs"
USER = f"arn:aws:iam::{ACCOUNT}:user/me"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
PIPELINE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/p"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
DIGEST = "@sha256:" + "ab" * 32
THEN = datetime(2026, 11, 21, tzinfo=UTC)
SERVICES = ("sts", "iam", "s3", "kms", "service-quotas", "ecr", "ec2", "sagemaker")


class Refusal:
    """What AWS answers instead."""

    def __init__(self, code, words="no", status=400):
        self.status = status
        self.error = {"Error": {"Code": code, "Message": words}}


DENIED = Refusal("AccessDenied", "User: me is not authorized", 403)


def trust(**statement):
    """A role that is trusted so, as IAM tells it."""
    usual = {"Effect": "Allow", "Action": "sts:AssumeRole",
             "Principal": {"Service": "sagemaker.amazonaws.com"}}  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**usual, **statement}]})
    policy = {"AssumeRolePolicyDocument": urllib.parse.quote(document), "CreateDate": THEN}
    names = {"Path": "/service-role/", "RoleName": "jobs", "RoleId": "A" * 16, "Arn": ROLE}
    return {"Role": names | policy}


def simulated(*denied):
    """IAM's simulator, which allows everything but these actions."""

    def answer(asked):
        decisions = {name: "implicitDeny" if name in denied else "allowed"
                     for name in asked["ActionNames"]}  # fmt: skip
        results = [
            {"EvalActionName": name, "EvalDecision": decision}
            for name, decision in decisions.items()
        ]
        return {"EvaluationResults": results, "IsTruncated": False}

    return answer


def quotas(**changed):
    """Quotas for a hundred instances of each use, but for those given; None for no quota."""
    values = dict.fromkeys(("processing", "training", "spot training", "transform"), 100.0)
    known = {kind: value for kind, value in (values | changed).items() if value is not None}
    entries = [
        {"QuotaName": f"ml.m5.xlarge for {kind} job usage", "Value": value}
        for kind, value in known.items()
    ]
    return {"Quotas": entries}


class Cloud:
    """AWS: `answers` has what each operation answers, or a function of what is asked."""

    def __init__(self):
        access = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        self._clients = {
            name: boto3.client(name, region_name=REGION, **access) for name in SERVICES
        }
        for client in self._clients.values():
            client.meta.events.register_first("provide-client-params.*.*", self._note)
            client.meta.events.register_first("before-call.*.*", self._answer)

    def recover(self):
        """Be well again."""
        self.asked = []
        self.answers = {
            "GetCallerIdentity": {"Account": ACCOUNT, "Arn": USER, "UserId": "me"},
            "GetRole": trust(),
            "SimulatePrincipalPolicy": simulated(),
            "HeadBucket": {"BucketRegion": REGION},
            "DescribeKey": {"KeyMetadata": {"KeyId": "k", "Arn": KEY, "KeyState": "Enabled"}},
            "ListServiceQuotas": quotas(),
            "BatchGetImage": {"images": [{"repositoryName": "any"}]},
            "DescribeSubnets": lambda asked: {
                "Subnets": [{"SubnetId": asked["SubnetIds"][0], "VpcId": "vpc-1"}]
            },
            "DescribeSecurityGroups": lambda asked: {
                "SecurityGroups": [{"GroupId": asked["GroupIds"][0], "VpcId": "vpc-1"}]
            },
            "DescribeVpcEndpoints": {"VpcEndpoints": [{"VpcEndpointId": "vpce-1"}]},
            "DescribeNatGateways": {"NatGateways": []},
            "DescribeMlflowApp": {"Status": "Updated"},
            "DescribeMlflowTrackingServer": {"TrackingServerStatus": "Created"},
            "ListTags": {"Tags": [{"Key": "project", "Value": "p"}]},
            "DescribePipeline": Refusal("ResourceNotFound"),
            "CreatePipeline": {"PipelineArn": PIPELINE},
            "DeletePipeline": {"PipelineArn": PIPELINE},
        }

    def client(self, service, **_):
        return self._clients[service]

    def requests(self, operation):
        """What was asked of an operation."""
        return [asked for name, asked in self.asked if name == operation]

    def _note(self, params, model, **_):
        self.asked.append((model.name, params))

    def _answer(self, model, **_):
        answer = self.answers[model.name]
        answer = answer(self.asked[-1][1]) if callable(answer) else copy.deepcopy(answer)
        if isinstance(answer, BaseException):
            raise answer
        http = type("Http", (), {"status_code": getattr(answer, "status", 200)})
        if isinstance(answer, Refusal):
            metadata = {"ResponseMetadata": {"HTTPStatusCode": answer.status}}
            return http, {**answer.error, **metadata}
        report = ParamValidator().validate(answer, model.output_shape)
        assert not report.has_errors(), report.generate_report()
        return http, {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}


def wrong(findings):
    """The only finding that is not well: state, subject, text, remedy."""
    found = [finding for finding in findings if finding["state"] != "ok"]
    assert len(found) == 1, found
    return [found[0][name] for name in ("state", "subject", "text", "remedy")]
