"""What is found in AWS: asked of the emulator, which has the things, their siblings, and what looks like them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from aws.client import AwsClient
from aws.errors import is_not_found
from story.plan.program import plan_stack
from story.recover.lookups import AGAIN, LOOKUPS
from story.recover.match import Match, PendingInputs
from tests.story.recover.given_things import NAMED, found, make_bucket, make_key, make_secret, make_service

pytestmark = pytest.mark.timed

ROOT = Path(__file__).parent.parent.parent.parent
OF_AWSX = ("eip:Eip", "internetGateway:InternetGateway", "natGateway:NatGateway", "route:Route", "subnet:Subnet")
OF_AWSX += (
    "routeTable:RouteTable",
    "routeTableAssociation:RouteTableAssociation",
    "vpc:Vpc",
    "vpcEndpoint:VpcEndpoint",
)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_nothing_that_a_stack_makes_is_unknown(stack: str) -> None:
    record = plan_stack(ROOT, ROOT / f"Pulumi.{stack}.yaml").record
    assert record
    types = {one.type for one in record.resources if not one.type.startswith(("pulumi:", "story:", "awsx:"))}
    types |= {f"aws:ec2/{kind}" for kind in OF_AWSX}
    assert types - {*LOOKUPS, *AGAIN} == set()


def test_nothing_is_both_looked_for_and_made_again() -> None:
    assert not LOOKUPS.keys() & AGAIN.keys()


@pytest.mark.parametrize("kind", sorted(NAMED))
def test_a_thing_is_found_by_its_name_and_not_by_another(aws: AwsClient, kind: str) -> None:
    make, asked = NAMED[kind]
    number = kind.startswith("aws:lb/listener")
    prefix = kind.split(":")[1].replace("/", "-")[:20].lower()
    name, longer, absent = ("81", "82", "83") if number else (prefix, f"{prefix}-2", f"{prefix}-3")
    tags = {"Name": "site"}
    assert found(aws, kind, asked(aws, name), tags) == [], "it does not exist yet"
    expected = make(aws, name)
    make(aws, longer)
    assert found(aws, kind, asked(aws, name), tags) == [expected]
    assert found(aws, kind, asked(aws, absent), tags) == []


def test_every_type_that_can_be_found_is_tried_here() -> None:
    assert LOOKUPS.keys() - NAMED.keys() == {
        *(f"aws:ec2/{kind}" for kind in (*OF_AWSX, "flowLog:FlowLog", "securityGroup:SecurityGroup")),
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    }


def test_a_key_that_waits_for_its_deletion_is_gone(aws: AwsClient) -> None:
    key = make_key(aws, "short-lived")
    wanted = {"description": "short-lived"}
    assert found(aws, "aws:kms/key:Key", wanted, {"Name": "site"}) == [key]
    assert found(aws, "aws:kms/key:Key", wanted, {"Name": "other"}) == []
    aws.service("kms").schedule_key_deletion(KeyId=key)
    assert found(aws, "aws:kms/key:Key", wanted, {"Name": "site"}) == []


def test_a_secret_that_waits_for_its_deletion_is_gone(aws: AwsClient) -> None:
    make_secret(aws, "short-lived")
    aws.service("secretsmanager").delete_secret(SecretId="short-lived")
    assert found(aws, "aws:secretsmanager/secret:Secret", {"name": "short-lived"}) == []


def test_a_service_that_was_deleted_is_gone(aws: AwsClient) -> None:
    make_service(aws, "short-lived")
    aws.service("ecs").delete_service(cluster="site", service="short-lived", force=True)
    assert found(aws, "aws:ecs/service:Service", {"cluster": "site", "name": "short-lived"}) == []


def test_two_keys_that_fit_are_both_shown(aws: AwsClient) -> None:
    keys = {make_key(aws, "twins") for _ in range(2)}
    assert set(found(aws, "aws:kms/key:Key", {"description": "twins"}, {"Name": "site"})) == keys


def test_a_bucket_whose_name_nobody_was_told_is_found_by_its_tags(aws: AwsClient) -> None:
    make_bucket(aws, "chosen-by-the-provider")
    assert found(aws, "aws:s3/bucket:Bucket", {}, {"Name": "chosen-by-the-provider"}) == ["chosen-by-the-provider"]


def told(monkeypatch: pytest.MonkeyPatch, kind: str, answer: Mapping[str, Any]) -> list[Match]:
    """What is found if AWS answers so."""
    ids = dict.fromkeys(("NatGatewayId", "VpcEndpointId", "LoadBalancerArn", "DBClusterArn", "DBInstanceArn"), "x")
    shape = {"NatGatewayAddresses": [{"AllocationId": ""}], "Tags": [{"Key": "Name", "Value": "x"}], **ids}
    items = {key: [{**shape, **one} for one in value] for key, value in answer.items()}

    aws = AwsClient(boto3.Session())
    monkeypatch.setattr(aws, "call", lambda *_, **__: items)
    monkeypatch.setattr(aws, "paginate", lambda _service, _operation, key, **__: items[key])
    return LOOKUPS[kind](aws, PendingInputs(inputs={}, tags={"Name": "x"}))


@pytest.mark.parametrize(
    ("answer", "kind", "ready"),
    [
        ({"NatGateways": [{"State": "pending"}]}, "aws:ec2/natGateway:NatGateway", False),
        ({"NatGateways": [{"State": "available"}]}, "aws:ec2/natGateway:NatGateway", True),
        ({"VpcEndpoints": [{"State": "pending"}]}, "aws:ec2/vpcEndpoint:VpcEndpoint", False),
        ({"VpcEndpoints": [{"State": "Available"}]}, "aws:ec2/vpcEndpoint:VpcEndpoint", True),
        ({"LoadBalancers": [{"State": {"Code": "provisioning"}}]}, "aws:lb/loadBalancer:LoadBalancer", False),
        ({"LoadBalancers": [{"State": {"Code": "active"}}]}, "aws:lb/loadBalancer:LoadBalancer", True),
        ({"DBClusters": [{"Status": "creating"}]}, "aws:rds/cluster:Cluster", False),
        ({"DBClusters": [{"Status": "available"}]}, "aws:docdb/cluster:Cluster", True),
        ({"DBInstances": [{"DBInstanceStatus": "backing-up"}]}, "aws:rds/clusterInstance:ClusterInstance", False),
        ({"DBInstances": [{"DBInstanceStatus": "available"}]}, "aws:docdb/clusterInstance:ClusterInstance", True),
        (
            {"ReplicationGroups": [{"Status": "creating"}]},
            "aws:elasticache/replicationGroup:ReplicationGroup",
            False,
        ),
        (
            {"ReplicationGroups": [{"Status": "available"}]},
            "aws:elasticache/replicationGroup:ReplicationGroup",
            True,
        ),
    ],
)
def test_what_aws_is_still_making_is_not_ready(
    monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], kind: str, ready: bool
) -> None:
    matches = told(monkeypatch, kind, answer)
    assert [match.ready for match in matches] == [ready]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"NatGateways": [{"State": "failed"}, {"State": "deleted"}]}, "aws:ec2/natGateway:NatGateway"),
        ({"VpcEndpoints": [{"State": "Deleting"}, {"State": "rejected"}]}, "aws:ec2/vpcEndpoint:VpcEndpoint"),
        ({"DBClusters": [{"Status": "deleting"}]}, "aws:rds/cluster:Cluster"),
        ({"DBInstances": [{"DBInstanceStatus": "deleting"}]}, "aws:rds/clusterInstance:ClusterInstance"),
        ({"clusters": [{"status": "INACTIVE"}]}, "aws:ecs/cluster:Cluster"),
    ],
)
def test_what_is_gone_or_going_is_not_found(monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], kind: str) -> None:
    assert told(monkeypatch, kind, answer) == []


@pytest.mark.parametrize(
    "code",
    [
        "InvalidVpcID.NotFound",
        "NoSuchEntity",
        "404",
        "DBClusterNotFoundFault",
        "LoadBalancerNotFound",
        "NotFoundException",
    ],
)
def test_each_service_has_its_word_for_absence(code: str) -> None:
    assert is_not_found(ClientError({"Error": {"Code": code}}, "x"))


@pytest.mark.parametrize("code", ["AccessDenied", "ThrottlingException", "403", "UnauthorizedOperation", ""])
def test_a_refusal_is_not_absence(code: str) -> None:
    """Or a thing that exists would be forgotten, and made a second time."""
    assert not is_not_found(ClientError({"Error": {"Code": code}}, "x"))
