"""The VPC that the jobs run in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.doctor.findings import ok, to_fix, unknown
from sagetabular.doctor.situation import ask, ask_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.doctor.findings import Finding
    from sagetabular.doctor.situation import Situation

_ABSENT = (
    "InvalidGroup.NotFound", "InvalidGroupId.Malformed", "InvalidSubnetID.Malformed",
    "InvalidSubnetID.NotFound",
)  # fmt: skip
_REMEDY = "Add a gateway endpoint for S3 to the subnets' route tables, unless there is a way."


def network(situation: Situation) -> Iterator[Finding]:
    """Check that subnets and security groups are there, in one VPC that reaches S3."""
    if situation.project.settings.aws.network is None:
        return
    client = situation.account.client("ec2")
    subnets = [_found(client, "subnet", one) for one in situation.ids("SubnetId")]
    groups = [_found(client, "security group", one) for one in situation.ids("SecurityGroupId")]
    missing = [one for one in (*subnets, *groups) if isinstance(one, str)]
    for name in missing:
        yield to_fix(f"There is no {name}.", "Correct network in conf/aws.yaml, or its variable.")
    if missing:
        return
    places = {one["VpcId"] for one in (*subnets, *groups) if not isinstance(one, str)}
    if len(places) > 1:
        text = f"Subnets and security groups must be in one VPC, got {', '.join(sorted(places))}."
        yield to_fix(text, "Correct network in conf/aws.yaml, or its variables.")
        return
    vpc = places.pop()
    yield ok(f"{len(subnets)} subnets and {len(groups)} security groups in {vpc}")
    yield _way_to_s3(client, vpc, situation.account.region)


def _found(client: Any, kind: str, name: str) -> dict[str, Any] | str:
    """Return a subnet or group as EC2 describes it; what it is called if it is not there."""
    if kind == "subnet":
        answer = ask(client, "describe_subnets", _ABSENT, SubnetIds=[name])
        entries = answer and answer["Subnets"]
    else:
        answer = ask(client, "describe_security_groups", _ABSENT, GroupIds=[name])
        entries = answer and answer["SecurityGroups"]
    return dict(entries[0]) if entries else f"{kind} {name}"


def _way_to_s3(client: Any, vpc: str, region: str) -> Finding:
    """Return how jobs may reach S3; the routes of the subnets are not followed."""
    service = f"com.amazonaws.{region}.s3"
    filters = [
        {"Name": "vpc-id", "Values": [vpc]},
        {"Name": "service-name", "Values": [service, f"cn.{service}"]},
    ]
    if ask_all(client, "describe_vpc_endpoints", "VpcEndpoints", Filters=filters):
        return ok(f"{vpc} has an endpoint for S3")
    in_vpc = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "state", "Values": ["available"]}]
    gateways = ask_all(client, "describe_nat_gateways", "NatGateways", Filters=in_vpc)
    if gateways:
        text = f"{vpc} has no endpoint for S3, but a NAT gateway, which the subnets may use."
        return unknown(text, _REMEDY)
    return unknown(f"{vpc} has neither an endpoint for S3 nor a NAT gateway.", _REMEDY)
