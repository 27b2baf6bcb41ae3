"""What the roles of the account's foundation may do: enough, nothing more, and never more than they were given."""

import json
from pathlib import Path
from typing import Any

import pytest

from bootstrap.deploy_policy import deploy_policies
from bootstrap.scope import Scope
from bootstrap.stack_reads import ANYWHERE, READS
from tests.bootstrap.dependent_actions import DEPENDENT, NOT_NEEDED
from tests.bootstrap.given import (
    account,
    actions_of,
    allowing,
    reaches,
    resources_of,
    roles_of,
    statements_of,
)
from tests.program.given import program
from tests.service_authorization import action_of

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/bootstrap-story-boundary-prod"
PROD = Scope(account_id=ACCOUNT, region=REGION, stack="prod")
RECORDED: dict[str, list[str]] = json.loads((Path(__file__).parent / "recorded_calls.json").read_text("utf-8"))
LARGEST_POLICY = 6144
READING = ("Describe", "Get", "List", "BatchGet", "View")
HARMLESS_ON_KEYS = {
    *("kms:DescribeKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"),
    "kms:ListResourceTags",
}
"""What may be done with every key of the account."""
ASKED_OF_A_NEW_KEY = (
    *HARMLESS_ON_KEYS,
    *("kms:CreateAlias", "kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey", "kms:PutKeyPolicy"),
)
"""What the first update of a stack asks within minutes after it made the key."""
WIDENING = (
    *("iam:AddRoleToInstanceProfile", "iam:CreatePolicyVersion", "iam:DeleteRolePermissionsBoundary"),
    *("iam:SetDefaultPolicyVersion", "iam:CreatePolicy", "iam:CreateUser"),
    *("iam:CreateAccessKey", "iam:PutUserPolicy", "iam:AttachUserPolicy", "sts:AssumeRole"),
)


def deploy_statements(scope: Scope = PROD) -> list[Any]:
    return [statement for part in deploy_policies(scope, BOUNDARY).values() for statement in part]


def writes(action: str) -> bool:
    return not action.partition(":")[2].startswith(READING)


def knows_resources(action: str) -> bool:
    found = action_of(action)
    assert found, action
    return any(type_.required or found.writes for type_ in found.types)


def test_a_deploy_may_do_all_that_updates_releases_and_a_destroy_asked_for() -> None:
    asked = {action for actions in RECORDED.values() for action in actions}
    assert len(asked) > 200
    assert asked - actions_of(deploy_statements()) - set(NOT_NEEDED) == set()


def test_a_deploy_may_do_nothing_else_but_what_aws_demands_beside_it() -> None:
    asked = {action for actions in RECORDED.values() for action in actions}
    assert actions_of(deploy_statements()) - asked - set(DEPENDENT) == set()


def test_the_list_of_what_aws_demands_has_nothing_that_is_not_allowed() -> None:
    assert set(DEPENDENT) <= actions_of(deploy_statements())


def test_the_list_of_what_aws_demands_has_nothing_that_is_on_record() -> None:
    asked = {action for actions in RECORDED.values() for action in actions}
    assert asked & set(DEPENDENT) == set()


def test_what_is_on_record_and_not_needed_is_not_allowed() -> None:
    assert not set(NOT_NEEDED) & actions_of(deploy_statements())


def test_a_look_at_a_stack_may_ask_all_that_previews_asked() -> None:
    read = [statement for statements in READS.values() for statement in statements(PROD)]
    assert set(RECORDED["preview"]) - actions_of(read) - set(NOT_NEEDED) == set()


def test_whoever_looks_at_a_stack_can_write_nothing() -> None:
    for role in ("preview-dev", "preview-prod"):
        actions = actions_of(statements_of(account(), role))
        assert {action for action in actions if writes(action)} == {"kms:Decrypt"}


def test_whoever_looks_at_a_stack_reads_no_other_stack_s_state_or_secrets() -> None:
    for statement in statements_of(account(), "preview-dev"):
        if "s3:GetObject" in statement["Action"]:
            assert not reaches(statement, "arn:aws:s3:::state-bucket/.pulumi/stacks/story/prod.json")
        if "secretsmanager:GetSecretValue" in statement["Action"]:
            assert not reaches(statement, f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:story-prod-app-key-x")
            assert not reaches(statement, f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!cluster-x")


def test_no_action_has_a_wildcard_and_every_resource_that_is_one_is_needed() -> None:
    for role in roles_of(account()):
        for statement in statements_of(account(), role):
            assert [action for action in statement["Action"] if "*" in action] == []
            if "*" in resources_of(statement) and "Condition" not in statement:
                assert [action for action in statement["Action"] if knows_resources(action)] == [], role


@pytest.mark.parametrize("action", WIDENING)
def test_no_role_may_do_what_gives_itself_more(action: str) -> None:
    for role in roles_of(account()):
        assert action not in actions_of(statements_of(account(), role)), role


def test_no_role_may_change_a_role_or_a_policy_of_the_foundation() -> None:
    ours = [f"arn:aws:iam::{ACCOUNT}:role/bootstrap-story-{role}" for role in roles_of(account())]
    for role in roles_of(account()):
        for statement in statements_of(account(), role):
            changing = [action for action in statement["Action"] if action.startswith("iam:") and writes(action)]
            if changing:
                assert [arn for arn in [*ours, BOUNDARY] if reaches(statement, arn)] == [], (role, changing)


@pytest.mark.parametrize(
    "action",
    [
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
    ],
)
def test_a_role_of_a_stack_is_made_and_changed_within_the_boundary_only(action: str) -> None:
    found = list(allowing(deploy_statements(), action))
    assert found
    for statement in found:
        assert statement["Condition"]["StringEquals"] == {"iam:PermissionsBoundary": BOUNDARY}
        assert resources_of(statement) == [f"arn:aws:iam::{ACCOUNT}:role/story-prod-*"]


def test_a_role_is_passed_to_the_services_that_use_it_and_to_no_other() -> None:
    [statement] = allowing(deploy_statements(), "iam:PassRole")
    assert resources_of(statement) == [f"arn:aws:iam::{ACCOUNT}:role/story-prod-*"]
    assert set(statement["Condition"]["StringEquals"]["iam:PassedToService"]) == {
        *("chatbot.amazonaws.com", "ecs-tasks.amazonaws.com", "ecs.amazonaws.com"),
        *("monitoring.rds.amazonaws.com", "vpc-flow-logs.amazonaws.com"),
    }


def test_a_deploy_of_dev_touches_nothing_of_prod_that_has_a_name() -> None:
    dev = deploy_statements(Scope(account_id=ACCOUNT, region=REGION, stack="dev"))
    for service, arn in (
        ("ecs", f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/story-prod/web"),
        ("iam", f"arn:aws:iam::{ACCOUNT}:role/story-prod-web-task-1"),
        ("rds", f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:story-prod-aurora"),
        ("secretsmanager", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:story-prod-app-key-1"),
        ("logs", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/story/prod/web"),
        ("cloudwatch", f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:story-prod-http-5xx"),
        ("cloudwatch", f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/story-prod"),
        ("events", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/story-prod-exec"),
        ("budgets", f"arn:aws:budgets::{ACCOUNT}:budget/story-prod-month"),
    ):
        reaching = [
            one["Action"]
            for one in dev
            if any(action.startswith(f"{service}:") and writes(action) for action in one["Action"])
            and reaches(one, arn)
            # What needs `*` is looked at above.
            and "*" not in resources_of(one)
        ]
        assert reaching == [], service


def test_the_state_s_key_is_out_of_reach_of_what_a_stack_is_made_with() -> None:
    for statement in deploy_statements():
        if any(action.startswith("kms:") for action in statement["Action"]) and reaches(
            statement, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/state"
        ):
            given = [compared for name, compared in statement.get("Condition", {}).items() if "Equals" in name]
            tagged = [
                compared[key]
                for compared in given
                for key in ("aws:ResourceTag/Environment", "aws:RequestTag/Environment")
                if key in compared
            ]
            assert tagged == ["prod"] or set(statement["Action"]) <= {*HARMLESS_ON_KEYS, *ANYWHERE}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_deploy_can_t_give_the_state_s_key_away_whatever_its_tags(stack: str) -> None:
    statements = statements_of(account(), f"deploy-{stack}")
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/state-key"
    changing = {action for action in actions_of(statements) if action.startswith("kms:") and writes(action)}
    used = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"}
    kept = {"kms:CreateKey", "kms:EnableKeyRotation", "kms:ReEncryptFrom", "kms:ReEncryptTo"}
    named = {"kms:CreateAlias", "kms:DeleteAlias"}
    for action in changing - used - kept - named:
        assert [one for one in denied(statements, action, key) if "Condition" not in one], action


def test_what_is_asked_of_a_key_that_was_just_made_does_not_wait_for_its_tags() -> None:
    for action in ASKED_OF_A_NEW_KEY:
        statements = list(allowing(deploy_statements(), action))
        assert statements, action
        for statement in statements:
            assert "aws:ResourceTag/Environment" not in statement.get("Condition", {}).get("StringEquals", {}), action


@pytest.mark.parametrize("action", ["kms:ScheduleKeyDeletion", "kms:UntagResource"])
def test_a_key_is_deleted_or_given_away_only_with_the_tags_of_the_stack(action: str) -> None:
    [statement] = allowing(deploy_statements(), action)
    assert statement["Condition"] == PROD.of_this_stack


def test_no_key_that_has_an_owner_can_be_tagged_into_a_stack() -> None:
    for statement in allowing(deploy_statements(), "kms:TagResource"):
        condition = statement["Condition"]
        own = condition["StringEquals"].get("aws:ResourceTag/Environment") == "prod"
        unowned = condition.get("Null") == {"aws:ResourceTag/Project": "true", "aws:ResourceTag/Environment": "true"}
        assert own or unowned


def test_the_privileged_build_can_push_an_image_and_say_so_and_nothing_else() -> None:
    actions = actions_of(statements_of(account(), "build"))
    assert {action for action in actions if writes(action)} == {
        *("ecr:BatchCheckLayerAvailability", "ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage"),
        *("ecr:UploadLayerPart", "kms:Decrypt", "kms:GenerateDataKey", "logs:CreateLogStream", "logs:PutLogEvents"),
        *("s3:PutObject", "ssm:PutParameter"),
    }


def bounds(stack: str) -> list[Any]:
    [boundary] = [one for one in account().all("aws:iam/policy:Policy") if one.name == f"boundary-{stack}"]
    return json.loads(boundary.inputs["policy"])["Statement"]


def denied(statements: list[Any], action: str, arn: str) -> list[Any]:
    return [one for one in statements if one["Effect"] == "Deny" and action in one["Action"] and reaches(one, arn)]


def test_the_boundary_lets_every_role_of_a_stack_do_what_it_should() -> None:
    shifting = {"deployment": {"strategy": "blue-green"}, "autoscaling": {"requests_per_target": None}}
    for stack, made in (("dev", program("dev")), ("prod", program("prod", web=shifting))):
        needed = {
            action
            for policy in made.all("aws:iam/rolePolicy:RolePolicy")
            for statement in json.loads(policy.inputs["policy"])["Statement"]
            for action in statement["Action"]
        }
        assert needed - actions_of(bounds(stack)) == set()


@pytest.mark.parametrize("region", [REGION, "eu-west-1"])
def test_the_boundary_lets_tasks_read_secrets_under_keys_of_another_account_if_the_account_says_so(region: str) -> None:
    key = f"arn:aws:kms:{region}:210987654321:key/12345678-1234-1234-1234-123456789012"
    secret = f"arn:aws:secretsmanager:{region}:210987654321:secret:shared-a1b2c3"
    rights = {"kms:Decrypt": key, "secretsmanager:GetSecretValue": secret}
    for given, expected in ((rights, True), ({}, False)):
        policy = account(task_rights=given).one("aws:iam/policy:Policy", "boundary-dev").inputs["policy"]
        statements = json.loads(policy)["Statement"]
        for action, arn in rights.items():
            assert any(reaches(one, arn) for one in allowing(statements, action)) is expected, action
            assert not denied(statements, action, arn), action


def test_the_boundary_lets_tasks_read_secrets_under_any_key_of_the_account_that_is_no_other_stack_s() -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/of-a-team"
    assert any(reaches(one, key) and "Condition" not in one for one in allowing(bounds("dev"), "kms:Decrypt"))
    [other] = denied(bounds("dev"), "kms:Decrypt", key)
    assert other["Condition"] == {
        "StringEquals": {"aws:ResourceTag/Project": "story"},
        "StringNotEquals": {"aws:ResourceTag/Environment": "dev"},
    }


def test_the_boundary_has_no_action_that_gives_rights() -> None:
    assert [one for one in actions_of(bounds("prod")) if one.startswith(("iam:", "sts:"))] == []


def test_the_boundary_keeps_every_role_of_a_stack_from_the_state() -> None:
    for stack in ("dev", "prod"):
        assert denied(bounds(stack), "s3:GetObject", "arn:aws:s3:::state-bucket/.pulumi/stacks/story/prod.json")
        assert denied(bounds(stack), "kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/state-key")


def test_the_boundary_keeps_dev_s_roles_from_prod_s_secrets_and_not_from_their_own() -> None:
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:story-{{}}-app-key-1a2b3c"
    assert denied(bounds("dev"), "secretsmanager:GetSecretValue", secret.format("prod"))
    assert not denied(bounds("dev"), "secretsmanager:GetSecretValue", secret.format("dev"))
    [masters] = denied(
        bounds("dev"),
        "secretsmanager:GetSecretValue",
        f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!cluster-1",
    )
    assert masters["Condition"] == {
        "ArnNotLike": {
            "aws:ResourceTag/aws:rds:primaryDBClusterArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:story-dev-*"
        }
    }


@pytest.mark.parametrize("stage", ["dev", "a-name-of-16-ch"])
def test_every_policy_has_a_size_that_iam_takes(stage: str) -> None:
    made = account(stages=[stage])
    for policy in made.all("aws:iam/policy:Policy"):
        text = json.dumps(json.loads(policy.inputs["policy"]), separators=(",", ":"))
        assert len(text) <= LARGEST_POLICY, f"{policy.name}: {len(text)}"


def test_no_role_has_more_policies_than_iam_attaches() -> None:
    made = account()
    for role in roles_of(made):
        assert len([one for one in made.all("RolePolicyAttachment") if one.parent == role]) <= 10, role


def test_what_tasks_may_do_for_their_agents_is_within_the_boundary_if_the_account_says_so() -> None:
    stream = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/logs"
    for rights, expected in (({"firehose:PutRecordBatch": stream}, True), ({}, False)):
        policy = account(task_rights=rights).one("aws:iam/policy:Policy", "boundary-prod").inputs["policy"]
        statements = json.loads(policy)["Statement"]
        assert any(reaches(one, stream) for one in allowing(statements, "firehose:PutRecordBatch")) is expected
