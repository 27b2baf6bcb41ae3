"""Policies of tasks, as pure functions."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from components.service.task_policies import (
    exec_statements,
    execution_policy,
    repository_arns,
    secret_arn,
    task_policy,
    uploads_statements,
)
from settings.partition import via_service_values

DIGEST = "sha256:" + "0" * 64
PRIVATE = f"123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/press/site@{DIGEST}"
SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:app-key-AbCdEf"
LOGS, KEY = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/story/prod/web", "arn:aws:kms:::key/1"


def execution(images: Sequence[str] = (PRIVATE,), secret_arns: Sequence[str] = (SECRET,)) -> list[dict[str, Any]]:
    policy = execution_policy(images=images, log_group_arn=LOGS, secret_arns=secret_arns, key_arn=KEY)
    return json.loads(policy)["Statement"]


def actions(statements: Sequence[Any]) -> dict[str, list[str]]:
    return {action: statement["Resource"] for statement in statements for action in statement["Action"]}


def test_images_are_pulled_from_their_own_repository_alone() -> None:
    allowed = actions(execution())
    repository = ["arn:aws:ecr:ap-northeast-1:123456789012:repository/press/site"]
    pulls = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
    assert all(allowed[action] == repository for action in pulls)


@pytest.mark.parametrize("image", [f"public.ecr.aws/nginx/nginx@{DIGEST}", f"ghcr.io/press/site@{DIGEST}"])
def test_an_image_from_elsewhere_needs_no_right_in_ecr(image: str) -> None:
    assert repository_arns([image]) == []
    assert not [action for action in actions(execution(images=[image])) if action.startswith("ecr:")]


def test_two_images_of_one_repository_name_it_once() -> None:
    assert repository_arns([PRIVATE, PRIVATE]) == ["arn:aws:ecr:ap-northeast-1:123456789012:repository/press/site"]


def test_only_the_secrets_of_the_task_are_read() -> None:
    allowed = actions(execution(secret_arns=[f"{SECRET}:password::", SECRET]))
    assert allowed["secretsmanager:GetSecretValue"] == [SECRET]
    assert secret_arn(f"{SECRET}:password::") == SECRET


def test_a_task_without_secrets_decrypts_nothing() -> None:
    assert set(actions(execution(secret_arns=[]))) & {"kms:Decrypt", "secretsmanager:GetSecretValue"} == set()


VERSION = "9d4cb84b-ad69-40c0-a0ab-cead36b967e8"
OTHER_KEYS = ["arn:aws:kms:ap-northeast-1:210987654321:key/1", "arn:aws:kms:us-east-1:123456789012:key/2"]


def further_keys(keys: Sequence[str], secret_arns: Sequence[str] = (SECRET,)) -> list[dict[str, Any]]:
    policy = execution_policy(images=[], log_group_arn=LOGS, secret_arns=secret_arns, key_arn=KEY, secret_key_arns=keys)
    return [one for one in json.loads(policy)["Statement"] if "Condition" in one]


def test_secrets_under_further_keys_are_decrypted_through_secrets_manager_alone() -> None:
    assert further_keys(OTHER_KEYS) == [
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": OTHER_KEYS,
            "Condition": {
                "StringEquals": {
                    "kms:ViaService": [
                        "secretsmanager.ap-northeast-1.amazonaws.com",
                        "secretsmanager.us-east-1.amazonaws.com",
                    ]
                }
            },
        }
    ]


def test_the_stack_s_own_key_stays_beside_further_ones() -> None:
    policy = execution_policy(
        images=[], log_group_arn=LOGS, secret_arns=[SECRET], key_arn=KEY, secret_key_arns=OTHER_KEYS
    )
    decrypts = [one["Resource"] for one in json.loads(policy)["Statement"] if "kms:Decrypt" in one["Action"]]
    assert decrypts == [[KEY], OTHER_KEYS]


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("ap-northeast-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("cn-northwest-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
    ],
)
def test_the_values_of_via_service_are_those_of_the_key_s_region(region: str, partition: str) -> None:
    (statement,) = further_keys([f"arn:{partition}:kms:{region}:123456789012:key/1"])
    values = statement["Condition"]["StringEquals"]["kms:ViaService"]
    assert values == via_service_values(region, "secretsmanager")


@pytest.mark.parametrize(("keys", "secrets"), [([], [SECRET]), (OTHER_KEYS, [])])
def test_without_further_keys_or_without_secrets_nothing_further_is_decrypted(
    keys: Sequence[str], secrets: Sequence[str]
) -> None:
    assert further_keys(keys, secrets) == []


@pytest.mark.parametrize(
    "behind", ["", ":key", ":key::", ":key:AWSCURRENT:", ":::9d4cb84b-ad69-40c0-a0ab-cead36b967e8"]
)
@pytest.mark.parametrize("name", ["mail-AbCdEf", "rds!cluster-5f3c2a10-AbCdEf"])
def test_a_policy_names_a_secret_without_what_ecs_takes_behind_its_arn(name: str, behind: str) -> None:
    arn = f"arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:{name}"
    assert actions(execution(secret_arns=[arn + behind]))["secretsmanager:GetSecretValue"] == [arn]


def test_only_the_log_group_of_the_task_is_written() -> None:
    assert actions(execution())["logs:PutLogEvents"] == [f"{LOGS}:*"]


def test_exec_opens_its_four_channels_and_writes_its_record() -> None:
    allowed = actions(exec_statements(log_group_arn=LOGS, key_arn=KEY))
    assert {name for name in allowed if name.startswith("ssmmessages:")} == {
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    }
    assert allowed["logs:PutLogEvents"] == [f"{LOGS}:*"]
    assert allowed["kms:Decrypt"] == [KEY]


def test_uploads_reach_their_bucket_alone() -> None:
    allowed = actions(uploads_statements(bucket_arn="arn:aws:s3:::b", key_arn=KEY))
    assert {resource for name, found in allowed.items() if name.startswith("s3:") for resource in found} == {
        "arn:aws:s3:::b",
        "arn:aws:s3:::b/*",
    }
    assert allowed["kms:GenerateDataKey"] == [KEY]


def test_no_policy_allows_every_action_and_a_star_resource_stands_only_where_aws_has_no_other() -> None:
    every = [*execution(), *json.loads(task_policy(exec_statements(log_group_arn=LOGS, key_arn=KEY)))["Statement"]]
    every += uploads_statements(bucket_arn="arn:aws:s3:::b", key_arn=KEY)
    assert not [action for action in actions(every) if "*" in action]
    without_resource = {action for action, resources in actions(every).items() if "*" in resources}
    assert without_resource == {
        "ecr:GetAuthorizationToken",
        "logs:DescribeLogGroups",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    }
