"""The check of IAM policies finds what it is there for: a bad statement of each kind, beside a good one."""

from typing import Any

import pytest

from tests.service_authorization import Held, Statement, faults, fits, overlap
from tests.service_authorization import action_of as known

HERE = "ap-northeast-1:123456789012"
TASK, SERVICE = f"arn:aws:ecs:{HERE}:task/story/*", f"arn:aws:ecs:{HERE}:service/story/*"
KEYS = f"arn:aws:kms:{HERE}:key/*"
LOGS = {"Service": "logs.amazonaws.com"}


def allow(actions: str | list[str], resources: str | list[str], **rest: Any) -> Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **rest}


@pytest.mark.parametrize(
    "statement",
    [
        allow("ecs:StopTask", TASK),
        allow(["ecs:StopTask", "ecs:UpdateService"], [TASK, SERVICE]),
        allow("logs:DescribeLogGroups", "*"),
        allow("s3:PutObject", "arn:aws:s3:::uploads-*/*"),
        allow(["s3:ListBucket", "s3:GetObject"], ["arn:aws:s3:::uploads-*", "arn:aws:s3:::uploads-*/*"]),
        allow("kms:CreateKey", "*", Condition={"StringEquals": {"aws:RequestTag/Project": "story"}}),
        allow("kms:Decrypt", KEYS, Condition={"StringEquals": {"aws:ResourceTag/Project": "story"}}),
        allow("kms:Decrypt", KEYS, Condition={"StringEquals": {"kms:EncryptionContext:SecretARN": "x"}}),
        allow("elasticloadbalancing:ModifyRule", f"arn:aws:elasticloadbalancing:{HERE}:listener-rule/app/*"),
        allow("cloudwatch:GetMetricData", "*"),
        {"Effect": "Deny", "Action": "ssm:StartSession", "NotResource": [TASK]},
    ],
)
def test_a_good_statement_has_no_fault(statement: Statement) -> None:
    assert faults(statement) == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (allow("ecs:StopTasks", TASK), "AWS knows no action ecs:StopTasks"),
        (allow("esc:StopTask", TASK), "AWS knows no action esc:StopTask"),
        (allow("nonsense:*", TASK), "AWS knows no action nonsense:*"),
        (allow("ecs:Stop*", TASK), "ecs:Stop* allows more than it says"),
        (
            allow("chatbot:CreateSlackChannelConfiguration", "arn:aws:chatbot::123456789012:chat-configuration/*/x"),
            "chatbot:CreateSlackChannelConfiguration knows no resource: only * fits, and it is given",
        ),
        (allow("sns:Unsubscribe", f"arn:aws:sns:{HERE}:topic"), "sns:Unsubscribe knows no resource"),
        (
            allow("cloudwatch:PutCompositeAlarm", f"arn:aws:cloudwatch:{HERE}:alarm:x"),
            "cloudwatch:PutCompositeAlarm knows no resource",
        ),
        (allow(["ecs:StopTask", "ecs:UpdateService"], TASK), "ecs:UpdateService needs a resource of type service"),
        (
            allow("rds:CreateDBCluster", f"arn:aws:rds:{HERE}:cluster:x"),
            "rds:CreateDBCluster needs a resource of type og",
        ),
        (allow("kms:CreateAlias", KEYS), "kms:CreateAlias needs a resource of type alias"),
        (allow("s3:PutObject", "arn:aws:s3:::uploads-*"), "s3:PutObject takes none of"),
        (allow("s3:ListBucket", "arn:aws:s3:::uploads-*/*"), "s3:ListBucket takes none of"),
        (allow("ecs:StopTask", [TASK, SERVICE]), f"{SERVICE} is a resource of none of its actions"),
        (allow("ecs:StopTask", TASK.replace("aws", "aws:", 1)), "is no ARN"),
        (allow("ecs:StopTask", TASK.replace(":ecs:", ":rds:")), "ecs:StopTask needs a resource of type task"),
        (allow("elasticache:ModifyReplicationGroup", "*"), "elasticache:ModifyReplicationGroup is allowed on *"),
        (allow("ec2:CreateTags", "*"), "ec2:CreateTags is allowed on * though it knows"),
        (allow("ec2:DescribeVpcAttribute", "*"), "ec2:DescribeVpcAttribute is allowed on * though it knows vpc"),
        (
            allow("kms:DescribeKey", KEYS, Condition={"StringEquals": {"kms:EncryptionContext:aws:logs:arn": "x"}}),
            "kms:DescribeKey knows no condition key kms:EncryptionContext:aws:logs:arn",
        ),
        (
            allow("iam:DeleteRole", "arn:aws:iam::123456789012:role/x", Condition={"Bool": {"iam:Nothing": "true"}}),
            "iam:DeleteRole knows no condition key iam:Nothing",
        ),
        (
            allow("kms:Decrypt", KEYS, Condition={"StringEqual": {"aws:ResourceTag/Project": "story"}}),
            "IAM has no condition operator StringEqual",
        ),
        (
            allow("kms:CreateGrant", KEYS, Condition={"NumericEquals": {"kms:GrantIsForAWSResource": "1"}}),
            "kms:GrantIsForAWSResource is of type Bool, which NumericEquals does not compare",
        ),
        (allow("ecs:StopTask", TASK, Principal=LOGS), "a statement of a policy of identity has a principal"),
        ({"Effect": "Allow", "Action": "ecs:StopTask"}, "it names no resource"),
        ({**allow("ecs:StopTask", TASK), "Effect": "allow"}, "its effect is allow"),
    ],
)
def test_a_bad_statement_has_its_fault(statement: Statement, fault: str) -> None:
    found = faults(statement)
    assert any(fault in one for one in found), found


@pytest.mark.parametrize(
    ("statement", "held", "fault"),
    [
        (allow("kms:Decrypt", "*", Principal=LOGS), Held.KEY, None),
        (allow("kms:Decrypt", "*"), Held.KEY, "lacks a principal"),
        (
            allow("sns:Publish", "arn:aws:s3:::x", Principal=LOGS),
            Held.RESOURCE,
            "sns:Publish needs a resource of type topic",
        ),
        (
            {"Effect": "Deny", "Action": "s3:*", "Resource": ["arn:aws:s3:::x", "arn:aws:s3:::x/*"], "Principal": "*"},
            Held.RESOURCE,
            None,
        ),
        ({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": LOGS}, Held.ROLE, None),
        ({"Effect": "Allow", "Action": "sts:AssumeRoles", "Principal": LOGS}, Held.ROLE, "AWS knows no action"),
        (allow("sts:AssumeRole", "*", Principal=LOGS), Held.ROLE, "a trust policy names no resource"),
        (
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {"Federated": "x"},
                "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "x", "s3:prefix": "x"}},
            },
            Held.ROLE,
            "sts:AssumeRoleWithWebIdentity knows no condition key s3:prefix",
        ),
    ],
)
def test_what_a_policy_is_attached_to_decides_what_its_statements_need(
    statement: Statement, held: Held, fault: str | None
) -> None:
    found = faults(statement, held)
    assert any(fault in one for one in found) if fault else found == [], found


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("abc", "abc", True),
        ("a*", "*c", True),
        ("a*", "b*", False),
        ("*/*", "uploads", False),
        ("", "*", True),
        ("", "a", False),
    ],
)
def test_two_patterns_overlap_where_some_text_fits_both(one: str, other: str, expected: bool) -> None:
    assert overlap(one, other) is expected
    assert overlap(other, one) is expected


def test_a_resource_of_another_service_does_not_fit() -> None:
    action = known("ecs:StopTask")
    assert action
    [task] = action.types
    assert fits(TASK, task)
    assert not fits(SERVICE, task)
    assert not fits(TASK.replace(":ecs:", ":ec2:"), task)
