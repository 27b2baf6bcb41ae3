"""What edits of a live stack ask of AWS, with the names that AWS's things really have."""

import pytest

from bootstrap.deploy_policy import deploy_policies
from bootstrap.scope import Scope
from tests.bootstrap.given import Statement, allowing, reaches

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/bootstrap-story-boundary-prod"
PROD = Scope(account_id=ACCOUNT, region=REGION, stack="prod")
HERE = f"{REGION}:{ACCOUNT}"
EC2, ELB, RDS = (f"arn:aws:{service}:{HERE}" for service in ("ec2", "elasticloadbalancing", "rds"))
CACHE = f"arn:aws:elasticache:{HERE}"
CLUSTER, SNAPSHOT = f"{RDS}:cluster:story-prod-aurora", f"{RDS}:cluster-snapshot:story-prod-aurora-final-0123abcd"
LOAD_BALANCER = f"{ELB}:loadbalancer/app/ingress-1234567/0123456789abcdef"
LISTENER = f"{ELB}:listener/app/ingress-1234567/0123456789abcdef/0123456789abcdef"
RULE = f"{ELB}:listener-rule/app/ingress-1234567/0123456789abcdef/0123456789abcdef/0123456789abcdef"
TARGET_GROUP = f"{ELB}:targetgroup/web-1234567/0123456789abcdef"

ASKED: dict[str, dict[str, list[str]]] = {
    "network.zones": {
        "ec2:CreateSubnet": [f"{EC2}:subnet/*", f"{EC2}:vpc/vpc-1"],
        "ec2:ModifyVpcEndpoint": [f"{EC2}:vpc-endpoint/vpce-1", f"{EC2}:subnet/subnet-1", f"{EC2}:route-table/rtb-1"],
        "elasticloadbalancing:SetSubnets": [LOAD_BALANCER],
        "rds:ModifyDBSubnetGroup": [f"{RDS}:subgrp:story-prod-aurora", f"{RDS}:subgrp:story-prod-documentdb"],
        "elasticache:ModifyCacheSubnetGroup": [f"{CACHE}:subnetgroup:story-prod-valkey"],
    },
    "network.nat": {
        "ec2:AllocateAddress": [f"{EC2}:elastic-ip/*"],
        "ec2:CreateNatGateway": [f"{EC2}:natgateway/*", f"{EC2}:subnet/subnet-1", f"{EC2}:elastic-ip/eipalloc-1"],
        "ec2:ReplaceRoute": [f"{EC2}:route-table/rtb-1"],
        "ec2:DeleteNatGateway": [f"{EC2}:natgateway/nat-1"],
    },
    "network.interface_endpoints": {
        "ec2:CreateVpcEndpoint": [
            *(f"{EC2}:vpc/vpc-1", f"{EC2}:vpc-endpoint/*", f"{EC2}:subnet/subnet-1", f"{EC2}:security-group/sg-1"),
        ],
        "route53:AssociateVPCWithHostedZone": ["arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ"],
    },
    "web.port": {
        "ec2:ModifySecurityGroupRules": [f"{EC2}:security-group/sg-1", f"{EC2}:security-group-rule/sgr-1"],
        "elasticloadbalancing:CreateTargetGroup": [TARGET_GROUP],
        "elasticloadbalancing:ModifyRule": [RULE],
        "elasticloadbalancing:DeleteTargetGroup": [TARGET_GROUP],
    },
    "ingress.domain, ingress.tls_policy": {
        "elasticloadbalancing:CreateListener": [LOAD_BALANCER],
        "elasticloadbalancing:ModifyListener": [LISTENER],
    },
    "valkey.replicas": {
        "elasticache:DecreaseReplicaCount": [f"{CACHE}:replicationgroup:story-prod-valkey"],
        "elasticache:IncreaseReplicaCount": [f"{CACHE}:replicationgroup:story-prod-valkey"],
    },
    "a store on": {
        "rds:CreateDBCluster": [
            *(CLUSTER, f"{RDS}:cluster-pg:story-prod-aurora", f"{RDS}:subgrp:story-prod-aurora"),
            *(f"{RDS}:og:default:aurora-mysql-8-0", f"{RDS}:og:default:docdb-5-0"),
        ],
        "rds:CreateDBInstance": [
            *(CLUSTER, f"{RDS}:db:story-prod-aurora-1", f"{RDS}:og:default:aurora-mysql-8-0"),
            *(f"{RDS}:pg:default.aurora-mysql8.0", f"{RDS}:pg:default.docdb5.0"),
        ],
    },
    "a store off": {
        "rds:AddTagsToResource": [SNAPSHOT],
        "rds:CreateDBClusterSnapshot": [CLUSTER, SNAPSHOT],
        "rds:DeleteDBCluster": [CLUSTER, SNAPSHOT],
        "elasticache:CreateSnapshot": [
            *(f"{CACHE}:replicationgroup:story-prod-valkey", f"{CACHE}:cluster:story-prod-valkey-001"),
            f"{CACHE}:snapshot:story-prod-valkey-final-0123abcd",
        ],
        "elasticache:DeleteReplicationGroup": [f"{CACHE}:replicationgroup:story-prod-valkey"],
    },
    "autoscaling": {
        "cloudwatch:DeleteAlarms": [
            f"arn:aws:cloudwatch:{HERE}:alarm:TargetTracking-service/story-prod/web-AlarmLow-1"
        ],
        "cloudwatch:PutMetricAlarm": [
            f"arn:aws:cloudwatch:{HERE}:alarm:TargetTracking-service/story-prod/web-AlarmHigh-1"
        ],
    },
    "observability": {
        "chatbot:CreateSlackChannelConfiguration": ["*"],
        "chatbot:TagResource": ["*"],
        "chatbot:UpdateSlackChannelConfiguration": [
            f"arn:aws:chatbot::{ACCOUNT}:chat-configuration/slack-channel/story-prod-critical-warning"
        ],
        "cloudwatch:DescribeAlarms": ["*"],
        "cloudwatch:PutCompositeAlarm": ["*"],
        "iam:CreateServiceLinkedRole": [
            f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/management.chatbot.amazonaws.com/AWSServiceRoleForAWSChatbot"
        ],
        "sns:GetSubscriptionAttributes": ["*"],
        "sns:Unsubscribe": ["*"],
    },
    "permissions.boundary_arn": {
        "iam:PutRolePermissionsBoundary": [f"arn:aws:iam::{ACCOUNT}:role/story-prod-web-task-1234567"],
    },
    "tags": {
        "s3:ListTagsForResource": ["arn:aws:s3:::uploads-1234567"],
        "s3:TagResource": ["arn:aws:s3:::uploads-1234567", "arn:aws:s3:::ingress-logs-1234567"],
        "s3:UntagResource": ["arn:aws:s3:::uploads-1234567"],
    },
    "a migration that is stopped": {"ecs:StopTask": [f"arn:aws:ecs:{HERE}:task/story-prod/{'1' * 32}"]},
}
CASES = [(edit, action) for edit, actions in ASKED.items() for action in actions]


def statements(scope: Scope = PROD) -> list[Statement]:
    return [statement for part in deploy_policies(scope, BOUNDARY).values() for statement in part]


@pytest.mark.parametrize(("edit", "action"), CASES)
def test_an_edit_may_ask_what_it_asks_of_each_thing(edit: str, action: str) -> None:
    allowed = list(allowing(statements(), action))
    missed = [arn for arn in ASKED[edit][action] if not any(reaches(one, arn) for one in allowed)]
    assert missed == []


@pytest.mark.parametrize(
    ("edit", "action"),
    [(edit, action) for edit, action in CASES if any("story-prod" in arn for arn in ASKED[edit][action])],
)
def test_the_same_edit_of_another_stack_reaches_nothing_that_has_its_name(edit: str, action: str) -> None:
    dev = Scope(account_id=ACCOUNT, region=REGION, stack="dev")
    named = [arn for arn in ASKED[edit][action] if "story-prod" in arn]
    assert [arn for arn in named if any(reaches(one, arn) for one in allowing(statements(dev), action))] == []
