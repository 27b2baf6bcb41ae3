"""What the pipeline's role for one stack may do: what `pulumi up`, the steps of a release and `destroy` ask for.

Resources are limited by name where the name of a thing is known before it exists, else by account and region. Each
part is a policy of its own, since one takes 6,144 characters:
docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from collections.abc import Mapping, Sequence

from bootstrap.preflight_reads import preflight_statements
from bootstrap.scope import Scope
from bootstrap.stack_reads import READS, buckets, caches, databases, log_groups_of, snapshots
from components.iam import Statement, allow
from settings.project import PROJECT

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
CHAT = "management.chatbot.amazonaws.com"
"""It makes its service-linked role with an account's first channel:
docs.aws.amazon.com/chatbot/latest/adminguide/slr-permissions.html"""
OF_A_NETWORK = (
    *("elastic-ip", "internet-gateway", "natgateway", "network-interface", "route-table", "security-group"),
    *("security-group-rule", "subnet", "vpc", "vpc-endpoint", "vpc-flow-log"),
)
MONITORING_POLICY = "service-role/AmazonRDSEnhancedMonitoringRole"

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
        "data": [*_data(scope), *_keys(scope)],
        "compute": _compute(scope),
        "observability": _observability(scope),
        "permissions": [*_permissions(scope, boundary_arn), *preflight_statements(scope, boundary_arn)],
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
                *("ec2:DisassociateAddress", "ec2:DisassociateRouteTable", "ec2:ModifySecurityGroupRules"),
                *("ec2:ModifySubnetAttribute", "ec2:ModifyVpcAttribute", "ec2:ModifyVpcEndpoint"),
                *("ec2:ReleaseAddress", "ec2:ReplaceRoute", "ec2:RevokeSecurityGroupEgress"),
                *("ec2:RevokeSecurityGroupIngress",),
            ],
            [scope.arn("ec2", f"{kind}/*") for kind in OF_A_NETWORK],
        ),
        allow(
            [
                *("elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener"),
                *("elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateRule"),
                *("elasticloadbalancing:CreateTargetGroup", "elasticloadbalancing:DeleteListener"),
                *("elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteRule"),
                *("elasticloadbalancing:DeleteTargetGroup", "elasticloadbalancing:ModifyListener"),
                *("elasticloadbalancing:ModifyLoadBalancerAttributes", "elasticloadbalancing:ModifyRule"),
                *("elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes"),
                *("elasticloadbalancing:RemoveTags", "elasticloadbalancing:SetSubnets"),
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
        # An interface endpoint with private DNS names needs AssociateVPCWithHostedZone:
        # docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html (CreateVpcEndpoint)
        allow(
            ["route53:AssociateVPCWithHostedZone", "route53:ChangeResourceRecordSets"],
            scope.without_account("route53", "hostedzone/*"),
        ),
    ]


def _data(scope: Scope) -> list[Statement]:
    return [
        # Clusters and instances have groups of AWS's too, where the program gives none of its own.
        allow(
            ["rds:CreateDBCluster", "rds:CreateDBInstance", "rds:ModifyDBCluster", "rds:ModifyDBInstance"],
            [*databases(scope), scope.arn("rds", "og:default:*"), scope.arn("rds", "pg:default.*")],
        ),
        # CreateDBClusterSnapshot is asked for with a deletion that takes a final snapshot:
        # docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBCluster.html
        allow(
            [
                *("rds:AddTagsToResource", "rds:CreateDBClusterParameterGroup", "rds:CreateDBClusterSnapshot"),
                *("rds:CreateDBSubnetGroup", "rds:DeleteDBCluster", "rds:DeleteDBClusterParameterGroup"),
                *("rds:DeleteDBInstance", "rds:DeleteDBSubnetGroup", "rds:ModifyDBClusterParameterGroup"),
                *("rds:ModifyDBSubnetGroup", "rds:RemoveTagsFromResource", "rds:ResetDBClusterParameterGroup"),
            ],
            [*databases(scope), snapshots(scope)],
        ),
        # So is CreateSnapshot:
        # docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteReplicationGroup.html
        allow(
            [
                *("elasticache:AddTagsToResource", "elasticache:CreateCacheParameterGroup"),
                *("elasticache:CreateCacheSubnetGroup", "elasticache:CreateReplicationGroup"),
                *("elasticache:CreateSnapshot", "elasticache:DecreaseReplicaCount"),
                *("elasticache:DeleteCacheParameterGroup", "elasticache:DeleteCacheSubnetGroup"),
                *("elasticache:DeleteReplicationGroup", "elasticache:IncreaseReplicaCount"),
                *("elasticache:ModifyCacheParameterGroup", "elasticache:ModifyCacheSubnetGroup"),
                *("elasticache:ModifyReplicationGroup", "elasticache:RemoveTagsFromResource"),
                "elasticache:ResetCacheParameterGroup",
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
                *("s3:TagResource", "s3:UntagResource"),
            ],
            [arn for bucket in buckets(scope) for arn in (bucket, f"{bucket}/*")],
        ),
    ]


def _keys(scope: Scope) -> list[Statement]:
    """What is done with a key that was just made has a condition that holds at once; what takes a key away from
    somebody has one on its tags: docs/decisions/0016-rights-on-a-new-key.md."""
    keys = scope.arn("kms", "key/*")
    return [
        allow(["kms:CreateKey"], "*", scope.for_this_stack),
        # A creation with tags needs it; no key that belongs to somebody can be tagged into this stack:
        # docs.aws.amazon.com/kms/latest/developerguide/tag-permissions.html
        allow(
            ["kms:TagResource"],
            keys,
            {
                **scope.for_this_stack,
                "Null": {"aws:ResourceTag/Project": "true", "aws:ResourceTag/Environment": "true"},
            },
        ),
        allow(["kms:EnableKeyRotation"], keys),
        allow(
            [
                *("kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:PutKeyPolicy"),
                *("kms:ReEncryptFrom", "kms:ReEncryptTo"),
            ],
            keys,
            scope.of_no_other_stack,
        ),
        # An alias has no tags, so the condition is about the key.
        allow(
            ["kms:CreateAlias", "kms:DeleteAlias"],
            [keys, scope.arn("kms", f"alias/{scope.prefix}-*")],
            scope.of_no_other_stack,
        ),
        # For AWS's services only: they keep on using the key for what they encrypted with it.
        allow(
            ["kms:CreateGrant"],
            keys,
            {**scope.of_no_other_stack, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
        allow(["kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource"], keys, scope.of_this_stack),
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
                *("ecs:StopTask",),
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
        # The second ones are those of target tracking, which Application Auto Scaling makes in the caller's name:
        # docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html
        allow(
            [
                *("cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"),
                *("cloudwatch:UntagResource",),
            ],
            [
                scope.arn("cloudwatch", f"alarm:{name}")
                for name in (f"{prefix}-*", f"TargetTracking-service/{prefix}/*")
            ],
        ),
        # It is allowed on `*` or not at all:
        # docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
        allow(["cloudwatch:PutCompositeAlarm"], "*"),
        # A dashboard's ARN has no region:
        # docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
        allow(
            ["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"],
            scope.without_region("cloudwatch", f"dashboard/{prefix}"),
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
                *("sns:UntagResource",),
            ],
            scope.arn("sns", "observability-*"),
        ),
        # A subscription is no resource of IAM's:
        # docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
        allow(["sns:Unsubscribe"], "*"),
        allow(
            ["budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"],
            scope.without_region("budgets", f"budget/{prefix}-*"),
        ),
        # A configuration has no name yet when it is made and gets its tags, and tags know no resource of it:
        # docs.aws.amazon.com/service-authorization/latest/reference/list_awschatbot.html
        allow(["chatbot:CreateSlackChannelConfiguration", "chatbot:TagResource", "chatbot:UntagResource"], "*"),
        allow(
            ["chatbot:DeleteSlackChannelConfiguration", "chatbot:UpdateSlackChannelConfiguration"],
            scope.without_region("chatbot", f"chat-configuration/slack-channel/{prefix}-*"),
        ),
    ]


def _permissions(scope: Scope, boundary_arn: str) -> list[Statement]:
    roles = scope.iam(f"role/{scope.prefix}-*")
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary_arn}}
    return [
        allow(
            [
                *("iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"),
                *("iam:UpdateAssumeRolePolicy",),
            ],
            roles,
            bounded,
        ),
        allow(
            ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
            roles,
            {**bounded, "ArnEquals": {"iam:PolicyARN": scope.managed_policy(MONITORING_POLICY)}},
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
            for service in (*LINKED_SERVICES, CHAT)
        ),
    ]
