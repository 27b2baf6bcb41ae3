"""Operators of a stack: what they may do, and what nobody may."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from bootstrap.operator_rights import operator_statements
from bootstrap.scope import Scope
from tests.bootstrap.given import account

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
PROD = Scope(account_id=ACCOUNT, region=REGION, stack="prod")
TASK = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/story-prod/{'1' * 32}"
DOCUMENT = f"arn:aws:ssm:{REGION}::document/"
FORWARDING = f"{DOCUMENT}AWS-StartPortForwardingSessionToRemoteHost"
LONGEST_POLICY = 6144


def statements(scope: Scope = PROD) -> list[Any]:
    return list(operator_statements(scope))


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def of(action: str, effect: str = "Allow") -> list[dict[str, Any]]:
    return [one for one in statements() if action in listed(one["Action"]) and one["Effect"] == effect]


def denied(resource: str) -> bool:
    """Whether StartSession is denied on a resource, whatever its conditions."""
    unconditional = [one for one in of("ssm:StartSession", "Deny") if "Condition" not in one]
    return any(not any(fnmatchcase(resource, kept) for kept in one["NotResource"]) for one in unconditional)


def test_each_stack_has_a_policy_that_nobody_has_by_itself() -> None:
    for preview in (True, False):
        made = account(preview=preview)
        policies = [one for one in made.all("aws:iam/policy:Policy") if one.parent == "operators"]
        assert [one.inputs["name"] for one in policies] == [
            "bootstrap-story-operators-dev",
            "bootstrap-story-operators-prod",
        ]
    assert not [one for one in account().all("RolePolicyAttachment") if "operators" in str(one.inputs["policyArn"])]


def test_the_policy_holds_the_statements_of_its_stack() -> None:
    [policy] = [one for one in account().all("aws:iam/policy:Policy") if one.name == "operators-prod"]
    assert json.loads(policy.inputs["policy"])["Statement"] == json.loads(json.dumps(statements()))


def test_commands_are_run_in_the_site_s_own_containers_of_this_cluster_alone() -> None:
    [statement] = of("ecs:ExecuteCommand")
    assert statement["Resource"] == [
        f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/story-prod",
        f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/story-prod/*",
    ]
    assert statement["Condition"] == {"StringEquals": {"ecs:container-name": ["app", "nginx"]}}


def test_the_key_makes_keys_for_sessions_in_this_cluster_and_decrypts_nothing() -> None:
    keys = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"
    [statement] = [one for one in statements() if keys in listed(one.get("Resource"))]
    assert statement["Action"] == ["kms:GenerateDataKey"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:ResourceTag/Project": "story", "aws:ResourceTag/Environment": "prod"},
        "StringLike": {"kms:EncryptionContext:aws:ssm:TargetId": "ecs:story-prod_*"},
    }


def test_sessions_past_ecs_exec_are_port_forwarding_through_this_cluster_s_tasks() -> None:
    tasks, document = of("ssm:StartSession")
    assert tasks["Resource"] == f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/story-prod/*"
    assert tasks["Condition"] == {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}}, (
        "without it a request that names no document is a shell that nobody records"
    )
    assert document["Resource"] == FORWARDING


@pytest.mark.parametrize("name", ["SSM-SessionManagerRunShell", "AWS-StartSSHSession", "AWS-StartInteractiveCommand"])
def test_every_other_document_is_denied_whatever_other_policies_allow(name: str) -> None:
    assert denied(f"{DOCUMENT}{name}")
    assert denied(f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/{name}")
    assert not denied(FORWARDING)


@pytest.mark.parametrize(
    "target", [TASK, TASK.replace("story-prod", "story-dev"), f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1"]
)
def test_no_target_is_denied_so_that_the_policies_of_two_stacks_go_together(target: str) -> None:
    assert not denied(target)


def test_a_request_without_a_document_is_denied_on_this_cluster_s_tasks() -> None:
    [conditional] = [one for one in of("ssm:StartSession", "Deny") if "Condition" in one]
    assert conditional["Resource"] == f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/story-prod/*"
    assert conditional["Condition"] == {"Bool": {"ssm:SessionDocumentAccessCheck": "false"}}


def test_only_own_sessions_are_ended() -> None:
    [statement] = of("ssm:TerminateSession")
    assert statement["Condition"] == {"StringLike": {"ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}*"}}


def test_the_record_of_sessions_is_not_read_by_those_who_are_on_record() -> None:
    [statement] = of("logs:FilterLogEvents")
    groups = [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/story/prod/{name}:*" for name in ("web", "worker-*")]
    assert set(groups) < set(statement["Resource"])
    assert not any(
        fnmatchcase(f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/story/prod/exec:*", one)
        for one in statement["Resource"]
    )


def test_everything_is_granted_only_where_aws_takes_nothing_else() -> None:
    everywhere = {action for one in statements() if one.get("Resource") == "*" for action in listed(one["Action"])}
    assert everywhere == {
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricData",
        "ecs:DescribeTaskDefinition",
        "elasticloadbalancing:DescribeTargetHealth",
    }
    assert not [one for one in statements() if any("*" in action for action in listed(one["Action"]))]


def test_the_policy_is_not_too_long_for_aws() -> None:
    scope = Scope(account_id=ACCOUNT, region="ap-southeast-1", stack="x" * 16)
    # White space does not count: docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    document = json.dumps({"Version": "2012-10-17", "Statement": statements(scope)}, separators=(",", ":"))
    assert len(document) <= LONGEST_POLICY
