"""Policy documents, without a `*` among their actions."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from settings.partition import partition_of

Statement = Mapping[str, Any]


def allow(
    actions: Sequence[str],
    resources: pulumi.Input[str] | Sequence[pulumi.Input[str]],
    condition: Mapping[str, Any] | None = None,
) -> Statement:
    """A statement that allows the actions on the resources."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement


def allow_service(
    service: str, actions: Sequence[str], resources: Any, condition: Mapping[str, Any] | None = None
) -> Statement:
    """A statement of a resource's own policy that allows an AWS service the actions."""
    return {**allow(actions, resources, condition), "Principal": {"Service": service}}


def document(*statements: Statement) -> pulumi.Output[str]:
    """The policy document of the statements, as JSON."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def assumed_by(service: str) -> str:
    """The trust policy of a role that an AWS service takes on."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
        }
    )


def policy_document(statements: pulumi.Input[Sequence[Statement]]) -> pulumi.Output[str]:
    """The policy document of statements that are known later, as JSON."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})


def trusted_by(service: str, condition: Mapping[str, Any]) -> pulumi.Output[str]:
    """The trust policy of a role that an AWS service takes on, under a condition:
    docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document({**statement, "Condition": condition})


def trusted_by_tasks(account_id: pulumi.Input[str], region: str) -> pulumi.Output[str]:
    """The trust policy of a role of a task: ECS may take it on for tasks of this account and region alone.

    Source: docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
    """
    source = pulumi.Output.concat(f"arn:{partition_of(region).name}:ecs:{region}:", account_id, ":*")
    return trusted_by(
        "ecs-tasks.amazonaws.com",
        {"StringEquals": {"aws:SourceAccount": account_id}, "ArnLike": {"aws:SourceArn": source}},
    )


def tls_only(bucket_arn: pulumi.Input[str]) -> Statement:
    """The statement of a bucket's policy that refuses requests without TLS."""
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, pulumi.Output.concat(bucket_arn, "/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def published_by_tls_only(topic_arn: pulumi.Input[str]) -> Statement:
    """The statement of a topic's policy that refuses messages without TLS."""
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": topic_arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
