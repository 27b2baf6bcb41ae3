"""What a task, and ECS on its behalf, may do."""

import json
from collections.abc import Sequence
from typing import Any

from components.iam import Statement, allow
from settings.ecr import ecr_image
from settings.partition import via_service_values

EXEC_CHANNELS = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)


def repository_arns(images: Sequence[str]) -> list[str]:
    """The private ECR repositories among the images, sorted; others need no permission."""
    return sorted({found.repository_arn for image in images if (found := ecr_image(image))})


def secret_arn(arn: str) -> str:
    """The ARN that IAM knows, without the JSON key that a container definition may add."""
    return ":".join(arn.split(":")[:7])


def execution_policy(
    *,
    images: Sequence[str],
    log_group_arn: str,
    secret_arns: Sequence[str],
    key_arn: str,
    secret_key_arns: Sequence[str] = (),
) -> str:
    """What ECS needs to start the task: pull its images, read its secrets, write its log. None of it reaches the code.

    Source: docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html

    Args:
        images: The images of its containers.
        log_group_arn: Its log group.
        secret_arns: Its secrets, with or without a key of their JSON behind them.
        key_arn: Key of the stack, which encrypts the stack's own secrets.
        secret_key_arns: Further keys that secrets are encrypted with.
    """
    statements = [allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{log_group_arn}:*"])]
    if repositories := repository_arns(images):
        statements += [
            # GetAuthorizationToken knows no resource:
            # docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
            allow(["ecr:GetAuthorizationToken"], ["*"]),
            allow(["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], repositories),
        ]
    if secret_arns:
        statements += [
            allow(["secretsmanager:GetSecretValue"], sorted({secret_arn(arn) for arn in secret_arns})),
            allow(["kms:Decrypt"], [key_arn]),
        ]
    if secret_arns and secret_key_arns:
        statements.append(allow(["kms:Decrypt"], list(secret_key_arns), _through_secrets_manager(secret_key_arns)))
    return _document(statements)


def _through_secrets_manager(key_arns: Sequence[str]) -> dict[str, Any]:
    """The keys are not the stack's own, so they decrypt nothing but secrets:
    docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service"""
    regions = sorted({arn.split(":")[3] for arn in key_arns})
    values = [value for region in regions for value in via_service_values(region, "secretsmanager")]
    return {"StringEquals": {"kms:ViaService": values}}


def exec_statements(*, log_group_arn: str, key_arn: str) -> list[Statement]:
    """What a task needs for ECS Exec with a recorded, encrypted session.

    Source: docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
    """
    return [
        # The channels and DescribeLogGroups know no resource (same page, and the service authorization reference).
        allow([*EXEC_CHANNELS, "logs:DescribeLogGroups"], ["*"]),
        allow(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], [f"{log_group_arn}:*"]),
        allow(["kms:Decrypt"], [key_arn]),
    ]


def uploads_statements(*, bucket_arn: str, key_arn: str) -> list[Statement]:
    """What `FILESYSTEM_DISK=s3` needs, in this bucket alone."""
    return [
        allow(["s3:ListBucket"], [bucket_arn]),
        allow(
            [
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ],
            [f"{bucket_arn}/*"],
        ),
        allow(["kms:Decrypt", "kms:GenerateDataKey"], [key_arn]),
    ]


def task_policy(statements: Sequence[Statement]) -> str:
    """The task role's policy."""
    return _document(statements)


def _document(statements: Sequence[Statement]) -> str:
    document: dict[str, Any] = {"Version": "2012-10-17", "Statement": list(statements)}
    return json.dumps(document)
