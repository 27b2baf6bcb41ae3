"""What the roles of stacks may do at most, whatever their own policies say."""

from bootstrap.scope import PROJECT, Scope
from components.iam import Statement, allow


def boundary_statements(account_id: str, region: str, state_bucket_arn: str, state_key_arn: str) -> list[Statement]:
    """The union of what the roles of any stack need, and nothing of the state.

    A boundary gives no right, so it may name more than one role needs; a deploying role can give its roles no more:
    docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html

    Args:
        account_id: The account, 12 digits.
        region: AWS region.
        state_bucket_arn: Bucket of the state.
        state_key_arn: Key of the state.
    """
    here = Scope(account_id=account_id, region=region, stack="*")
    balancing = [
        here.arn("elasticloadbalancing", f"{kind}/*") for kind in ("targetgroup", "listener/app", "listener-rule/app")
    ]
    return [
        allow(
            [
                # For these AWS knows no resource: docs.aws.amazon.com/service-authorization/latest/reference/
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
            ],
            "*",
        ),
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
                here.arn("logs", f"log-group:/{PROJECT}/*"),
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
            ["arn:aws:s3:::uploads-*", "arn:aws:s3:::uploads-*/*"],
        ),
        # The application's further secrets bear any name; the master users' are RDS's own.
        allow(["secretsmanager:GetSecretValue"], here.arn("secretsmanager", "secret:*")),
        {
            "Effect": "Deny",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey", "s3:GetObject", "s3:ListBucket", "s3:PutObject"],
            "Resource": [state_key_arn, state_bucket_arn, f"{state_bucket_arn}/*"],
        },
    ]
