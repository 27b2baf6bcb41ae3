"""What the roles of a stack may do at most, whatever their own policies say."""

from collections.abc import Mapping, Sequence

from bootstrap.scope import Scope
from components.iam import Statement, allow
from components.observability.chat import READ_ALARMS
from components.service.agents import XRAY_ACTIONS
from settings.project import PROJECT


def boundary_statements(
    here: Scope,
    others: Sequence[str],
    state_bucket_arn: str,
    state_key_arn: str,
    task_rights: Mapping[str, str] | None = None,
) -> list[Statement]:
    """The union of what the roles of a stack need, and nothing of the state or of another stack's secrets.

    A boundary gives no right, so it may name more than one role needs; a deploying role can give its roles no more:
    docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html. For some actions AWS knows no resource:
    docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

    Args:
        here: The stack.
        others: The other stacks of the account.
        state_bucket_arn: Bucket of the state.
        state_key_arn: Key of the state.
        task_rights: What tasks may do for their agents: action to the ARN of what it is done to.
    """
    balancing = [
        here.arn("elasticloadbalancing", f"{kind}/*") for kind in ("targetgroup", "listener/app", "listener-rule/app")
    ]
    return [
        allow(
            [
                # For these AWS knows no resource (see the page above).
                "ecr:GetAuthorizationToken",
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
                "logs:DescribeLogGroups",
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
                # Traces of the application, and the graph of an alarm in Slack.
                *XRAY_ACTIONS,
                *READ_ALARMS,
            ],
            "*",
        ),
        *(allow([action], arn) for action, arn in sorted((task_rights or {}).items())),
        allow(
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            here.arn("ecr", "repository/*"),
        ),
        allow(
            [
                *("elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:ModifyListener"),
                *("elasticloadbalancing:ModifyRule", "elasticloadbalancing:RegisterTargets"),
            ],
            balancing,
        ),
        allow(["kms:Decrypt", "kms:GenerateDataKey"], here.arn("kms", "key/*")),
        allow(
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [
                here.arn("logs", f"log-group:/{PROJECT}/{here.stack}/*"),
                # Enhanced monitoring of RDS has one group for all databases of an account.
                here.arn("logs", "log-group:RDSOSMetrics*"),
            ],
        ),
        allow(["logs:GetLogEvents", "logs:PutRetentionPolicy"], here.arn("logs", "log-group:RDSOSMetrics*")),
        allow(
            [
                *("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket"),
                *("s3:ListMultipartUploadParts", "s3:PutObject"),
            ],
            [here.without_account("s3", "uploads-*"), here.without_account("s3", "uploads-*/*")],
        ),
        # The application's further secrets bear any name, so the others' are denied below.
        allow(["secretsmanager:GetSecretValue"], here.arn("secretsmanager", "secret:*")),
        {
            "Effect": "Deny",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey", "s3:GetObject", "s3:ListBucket", "s3:PutObject"],
            "Resource": [state_key_arn, state_bucket_arn, f"{state_bucket_arn}/*"],
        },
        {
            "Effect": "Deny",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": here.arn("kms", "key/*"),
            "Condition": {
                "StringEquals": {"aws:ResourceTag/Project": PROJECT},
                "StringNotEquals": {"aws:ResourceTag/Environment": here.stack},
            },
        },
        *(_denied_secrets(here, [f"{PROJECT}-{other}-*" for other in others]) if others else ()),
    ]


def _denied_secrets(here: Scope, names: Sequence[str]) -> list[Statement]:
    """Those of other stacks: their users by name, their master users by RDS's own tag, which names the cluster:
    docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html"""
    action = ["secretsmanager:GetSecretValue"]
    clusters = here.arn("rds", f"cluster:{here.prefix}-*")
    return [
        {
            "Effect": "Deny",
            "Action": action,
            "Resource": [here.arn("secretsmanager", f"secret:{name}") for name in names],
        },
        {
            "Effect": "Deny",
            "Action": action,
            "Resource": here.arn("secretsmanager", "secret:rds!cluster-*"),
            "Condition": {"ArnNotLike": {"aws:ResourceTag/aws:rds:primaryDBClusterArn": clusters}},
        },
    ]
