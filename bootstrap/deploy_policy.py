"""What the pipeline's role for one stack may do: what `pulumi up`, the steps of a release and `destroy` ask for.

Resources are limited by name where the name of a thing is known before it exists, else by account and region. Each
part is a policy of its own, since one takes 6,144 characters:
docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from collections.abc import Mapping, Sequence

from bootstrap.scope import PROJECT, Scope
from bootstrap.stack_reads import READS, buckets, caches, databases, log_groups_of
from components.iam import Statement, allow

PASSED_TO = (
    "chatbot.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "ecs.amazonaws.com",
    "monitoring.rds.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)
LINKED_SERVICES = (
    "ecs.amazonaws.com",
    "ecs.application-autoscaling.amazonaws.com",
    "elasticache.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "rds.amazonaws.com",
)
MONITORING_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"

PARTS = (*READS, "network", "data", "compute", "observability", "permissions")


def deploy_policies(scope: Scope, boundary_arn: str) -> Mapping[str, Sequence[Statement]]:
    """The statements of the role for a stack, by the name of the policy that holds them: those of `PARTS`.

    Args:
        scope: The stack.
        boundary_arn: Policy that every role of the stack must be bounded by.
    """
    return {
        **{name: statements(scope) for name, statements in READS.items()},
        "network": _network(scope),
        "data": _data(scope),
        "compute": _compute(scope),
        "observability": _observability(scope),
        "permissions": _permissions(scope, boundary_arn),
    }


def _network(scope: Scope) -> list[Statement]:
    return [
        allow(
            [
                *("ec2:AllocateAddress", "ec2:AssociateRouteTable", "ec2:AttachInternetGateway"),
                *("ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateFlowLogs"),
                *("ec2:CreateInternetGateway", "ec2:CreateNatGateway", "ec2:CreateRoute", "ec2:CreateRouteTable"),
                *("ec2:CreateSecurityGroup", "ec2:CreateSubnet", "ec2:CreateTags", "ec2:CreateVpc"),
                *("ec2:CreateVpcEndpoint", "ec2:DeleteFlowLogs", "ec2:DeleteInternetGateway", "ec2:DeleteNatGateway"),
                *("ec2:DeleteRoute", "ec2:DeleteRouteTable", "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet"),
                *("ec2:DeleteTags", "ec2:DeleteVpc", "ec2:DeleteVpcEndpoints", "ec2:DetachInternetGateway"),
                *("ec2:DisassociateAddress", "ec2:DisassociateRouteTable", "ec2:ModifySubnetAttribute"),
                *("ec2:ModifyVpcAttribute", "ec2:ReleaseAddress", "ec2:RevokeSecurityGroupEgress"),
                *("ec2:RevokeSecurityGroupIngress",),
            ],
            scope.arn("ec2", "*/*"),
        ),
        allow(
            [
                *("elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener"),
                *("elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateRule"),
                *("elasticloadbalancing:CreateTargetGroup", "elasticloadbalancing:DeleteListener"),
                *("elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteRule"),
                *("elasticloadbalancing:DeleteTargetGroup", "elasticloadbalancing:ModifyLoadBalancerAttributes"),
                *("elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes"),
                *("elasticloadbalancing:RemoveTags",),
            ],
            [
                scope.arn("elasticloadbalancing", f"{kind}/*")
                for kind in ("loadbalancer/app", "listener/app", "listener-rule/app", "targetgroup")
            ],
        ),
        allow(
            ["acm:AddTagsToCertificate", "acm:DeleteCertificate", "acm:RemoveTagsFromCertificate"],
            scope.arn("acm", "certificate/*"),
        ),
        # A certificate that is asked for has no name yet.
        allow(["acm:RequestCertificate"], "*", scope.for_this_stack),
        allow(["route53:ChangeResourceRecordSets"], "arn:aws:route53:::hostedzone/*"),
    ]


def _data(scope: Scope) -> list[Statement]:
    return [
        allow(
            [
                *("rds:AddTagsToResource", "rds:CreateDBCluster", "rds:CreateDBClusterParameterGroup"),
                *("rds:CreateDBInstance", "rds:CreateDBSubnetGroup", "rds:DeleteDBCluster"),
                *("rds:DeleteDBClusterParameterGroup", "rds:DeleteDBInstance", "rds:DeleteDBSubnetGroup"),
                *("rds:ModifyDBCluster", "rds:ModifyDBClusterParameterGroup", "rds:ModifyDBInstance"),
                *("rds:RemoveTagsFromResource",),
            ],
            databases(scope),
        ),
        allow(
            [
                *("elasticache:AddTagsToResource", "elasticache:CreateCacheParameterGroup"),
                *("elasticache:CreateCacheSubnetGroup", "elasticache:CreateReplicationGroup"),
                *("elasticache:DeleteCacheParameterGroup", "elasticache:DeleteCacheSubnetGroup"),
                *("elasticache:DeleteReplicationGroup", "elasticache:ModifyCacheParameterGroup"),
                *("elasticache:ModifyReplicationGroup", "elasticache:RemoveTagsFromResource"),
            ],
            caches(scope),
        ),
        allow(
            [
                *("secretsmanager:CreateSecret", "secretsmanager:DeleteSecret", "secretsmanager:PutSecretValue"),
                *(
                    "secretsmanager:TagResource",
                    "secretsmanager:UntagResource",
                    "secretsmanager:UpdateSecretVersionStage",
                ),
            ],
            scope.arn("secretsmanager", f"secret:{scope.prefix}-*"),
        ),
        # RDS makes the secret of a master user in the caller's name:
        # docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html
        allow(
            ["secretsmanager:CreateSecret", "secretsmanager:TagResource"],
            scope.arn("secretsmanager", "secret:rds!cluster-*"),
        ),
        allow(
            [
                *("s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObject"),
                *("s3:DeleteObjectVersion", "s3:ListBucketVersions", "s3:PutBucketOwnershipControls"),
                *("s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging"),
                *("s3:PutBucketVersioning", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration"),
            ],
            [arn for bucket in buckets() for arn in (bucket, f"{bucket}/*")],
        ),
        allow(["kms:CreateKey"], "*", scope.for_this_stack),
        # A creation with tags needs it; no key that belongs to somebody can be tagged into this stack:
        # docs.aws.amazon.com/kms/latest/developerguide/tag-permissions.html
        allow(
            ["kms:TagResource"],
            scope.arn("kms", "key/*"),
            {
                **scope.for_this_stack,
                "Null": {"aws:ResourceTag/Project": "true", "aws:ResourceTag/Environment": "true"},
            },
        ),
        allow(
            [
                *("kms:EnableKeyRotation", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource"),
                *("kms:UntagResource",),
                *("kms:CreateAlias", "kms:DeleteAlias"),
                *("kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
                *("kms:ReEncryptFrom", "kms:ReEncryptTo"),
            ],
            scope.arn("kms", "key/*"),
            scope.of_this_stack,
        ),
        allow(["kms:CreateAlias", "kms:DeleteAlias"], scope.arn("kms", f"alias/{scope.prefix}-*")),
        # For AWS's services only: they keep on using the key for what they encrypted with it.
        allow(
            ["kms:CreateGrant"],
            scope.arn("kms", "key/*"),
            {**scope.of_this_stack, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def _compute(scope: Scope) -> list[Statement]:
    prefix = scope.prefix
    cluster, service = scope.arn("ecs", f"cluster/{prefix}"), scope.arn("ecs", f"service/{prefix}/*")
    task, definition = scope.arn("ecs", f"task/{prefix}/*"), scope.arn("ecs", f"task-definition/{prefix}-*:*")
    return [
        allow(
            [
                *("ecs:CreateCluster", "ecs:DeleteCluster", "ecs:PutClusterCapacityProviders", "ecs:UpdateCluster"),
                *(
                    "ecs:CreateService",
                    "ecs:DeleteService",
                    "ecs:UpdateService",
                    "ecs:TagResource",
                    "ecs:UntagResource",
                ),
                *("ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions"),
                *("ecs:StopServiceDeployment", "ecs:RegisterTaskDefinition", "ecs:RunTask", "ecs:DescribeTasks"),
            ],
            [
                *(cluster, service, task, definition),
                *(scope.arn("ecs", f"{kind}/{prefix}/*") for kind in ("service-deployment", "service-revision")),
            ],
        ),
        # Tasks are listed of a cluster, which is a condition and no resource.
        allow(["ecs:ListTasks"], scope.arn("ecs", "container-instance/*"), {"ArnEquals": {"ecs:cluster": cluster}}),
        allow(
            [
                *("application-autoscaling:DeleteScalingPolicy", "application-autoscaling:DeleteScheduledAction"),
                *("application-autoscaling:DeregisterScalableTarget", "application-autoscaling:PutScalingPolicy"),
                *("application-autoscaling:PutScheduledAction", "application-autoscaling:RegisterScalableTarget"),
                *("application-autoscaling:TagResource", "application-autoscaling:UntagResource"),
            ],
            scope.arn("application-autoscaling", "scalable-target/*"),
        ),
        allow(
            [
                *("logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy", "logs:TagResource"),
                *("logs:AssociateKmsKey", "logs:GetLogEvents", "logs:UntagResource"),
            ],
            [arn for group in log_groups_of(scope) for arn in (group, f"{group}:log-stream:*")],
        ),
    ]


def _observability(scope: Scope) -> list[Statement]:
    prefix, log_groups = scope.prefix, log_groups_of(scope)
    return [
        allow(
            [
                *("cloudwatch:DeleteAlarms", "cloudwatch:PutCompositeAlarm", "cloudwatch:PutMetricAlarm"),
                *("cloudwatch:TagResource", "cloudwatch:UntagResource"),
            ],
            scope.arn("cloudwatch", f"alarm:{prefix}-*"),
        ),
        # A dashboard's ARN has no region:
        # docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
        allow(
            ["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"],
            f"arn:aws:cloudwatch::{scope.account_id}:dashboard/{prefix}",
        ),
        # It knows no resource; the condition says whose metrics (same page).
        allow(
            ["cloudwatch:PutMetricData"],
            "*",
            {"StringEquals": {"cloudwatch:namespace": f"{PROJECT}/{scope.stack}"}},
        ),
        # A new alarm waits for the first data of its metric; it knows neither a resource nor a condition.
        allow(["cloudwatch:GetMetricData"], "*"),
        allow(
            [
                *("events:DeleteRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets"),
                *("events:TagResource", "events:UntagResource"),
            ],
            scope.arn("events", f"rule/{prefix}-*"),
        ),
        allow(["logs:DeleteMetricFilter", "logs:PutMetricFilter"], log_groups),
        # For these AWS knows no resource:
        # docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
        allow(["logs:DeleteResourcePolicy", "logs:PutResourcePolicy"], "*"),
        allow(
            [
                *("sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource"),
                *("sns:Unsubscribe", "sns:UntagResource"),
            ],
            scope.arn("sns", "observability-*"),
        ),
        allow(
            ["budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"],
            f"arn:aws:budgets::{scope.account_id}:budget/{prefix}-*",
        ),
        allow(
            [
                "chatbot:CreateSlackChannelConfiguration",
                "chatbot:DeleteSlackChannelConfiguration",
                "chatbot:TagResource",
                "chatbot:UntagResource",
                "chatbot:UpdateSlackChannelConfiguration",
            ],
            f"arn:aws:chatbot::{scope.account_id}:chat-configuration/slack-channel/{prefix}-*",
        ),
    ]


def _permissions(scope: Scope, boundary_arn: str) -> list[Statement]:
    roles = scope.iam(f"role/{scope.prefix}-*")
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary_arn}}
    return [
        allow(
            ["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"],
            roles,
            bounded,
        ),
        allow(
            ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
            roles,
            {**bounded, "ArnEquals": {"iam:PolicyARN": MONITORING_POLICY}},
        ),
        # For these AWS knows no condition on the boundary; they give no right.
        allow(["iam:DeleteRole", "iam:ListInstanceProfilesForRole", "iam:TagRole", "iam:UntagRole"], roles),
        allow(["iam:PassRole"], roles, {"StringEquals": {"iam:PassedToService": list(PASSED_TO)}}),
        *(
            allow(
                ["iam:CreateServiceLinkedRole"],
                scope.iam(f"role/aws-service-role/{service}/*"),
                {"StringEquals": {"iam:AWSServiceName": service}},
            )
            for service in LINKED_SERVICES
        ),
    ]
