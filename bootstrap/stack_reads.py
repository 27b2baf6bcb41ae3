"""What a look at a stack asks of AWS: every preview refreshes, and so does every update."""

from collections.abc import Callable, Mapping

from bootstrap.scope import Scope
from components.iam import Statement, allow

ANYWHERE = (
    # For none of these AWS knows a resource:
    # docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "application-autoscaling:DescribeScheduledActions",
    "ec2:DescribeAddresses",
    "ec2:DescribeAddressesAttribute",
    "ec2:DescribeFlowLogs",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribePrefixLists",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "ecs:DescribeTaskDefinition",
    "elasticloadbalancing:DescribeCapacityReservation",
    "elasticloadbalancing:DescribeListenerAttributes",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "kms:ListAliases",
    "logs:DescribeLogGroups",
)
DESCRIBES_COMPOSITE_ALARMS = ("cloudwatch:DescribeAlarms",)
"""It is allowed on `*`, or AWS leaves the composite alarms out:
docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"""
BUCKET_READS = (
    *("s3:GetAccelerateConfiguration", "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketLogging"),
    *("s3:GetBucketObjectLockConfiguration", "s3:GetBucketOwnershipControls", "s3:GetBucketPolicy"),
    *("s3:GetBucketPublicAccessBlock", "s3:GetBucketRequestPayment", "s3:GetBucketTagging", "s3:GetBucketVersioning"),
    *("s3:GetBucketWebsite", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration"),
    *("s3:GetReplicationConfiguration", "s3:ListBucket"),
    # The provider asks for tags by it, and by s3:GetBucketTagging where it is denied:
    # github.com/hashicorp/terraform-provider-aws/pull/45251
    "s3:ListTagsForResource",
)


def buckets(scope: Scope) -> list[str]:
    """The stack's own buckets; S3's names are automatic, and begin with those that the program gives."""
    return [scope.without_account("s3", f"{name}-*") for name in ("uploads", "ingress-logs")]


def databases(scope: Scope) -> list[str]:
    """Clusters, instances and groups of Aurora and DocumentDB, which share an API."""
    return [scope.arn("rds", f"{kind}:{scope.prefix}-*") for kind in ("cluster", "db", "subgrp", "cluster-pg")]


def snapshots(scope: Scope) -> str:
    """What deletions of their clusters leave."""
    return scope.arn("rds", f"cluster-snapshot:{scope.prefix}-*")


def caches(scope: Scope) -> list[str]:
    """Replication group, its clusters and groups of Valkey."""
    kinds = ("replicationgroup", "cluster", "subnetgroup", "parametergroup", "snapshot")
    return [scope.arn("elasticache", f"{kind}:{scope.prefix}-*") for kind in kinds]


def read_statements(scope: Scope) -> list[Statement]:
    """What a role needs to see a stack as it is, and no more."""
    prefix, log_groups, keys = scope.prefix, log_groups_of(scope), scope.arn("kms", "key/*")
    return [
        # Without a resource, because AWS has none for them.
        allow(ANYWHERE, "*"),
        allow(["ec2:DescribeVpcAttribute"], scope.arn("ec2", "vpc/*")),
        allow(["acm:DescribeCertificate", "acm:ListTagsForCertificate"], scope.arn("acm", "certificate/*")),
        allow(
            ["application-autoscaling:ListTagsForResource"], scope.arn("application-autoscaling", "scalable-target/*")
        ),
        allow(
            ["ecs:DescribeClusters", "ecs:DescribeServices", "ecs:ListTagsForResource"],
            [scope.arn("ecs", f"cluster/{prefix}"), scope.arn("ecs", f"service/{prefix}/*")],
        ),
        allow(
            [
                "elasticache:DescribeCacheClusters",
                "elasticache:DescribeCacheParameterGroups",
                "elasticache:DescribeCacheParameters",
                "elasticache:DescribeCacheSubnetGroups",
                "elasticache:DescribeReplicationGroups",
                "elasticache:ListTagsForResource",
            ],
            caches(scope),
        ),
        allow(
            ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"],
            scope.iam(f"role/{prefix}-*"),
        ),
        # Of all keys: a condition on the tags of a key that was just made may not hold for five minutes
        # (docs/decisions/0016-rights-on-a-new-key.md).
        allow(["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"], keys),
        allow(["logs:ListTagsForResource"], log_groups),
        allow(
            [
                "rds:DescribeDBClusterParameterGroups",
                "rds:DescribeDBClusterParameters",
                "rds:DescribeDBClusters",
                "rds:DescribeDBInstances",
                "rds:DescribeDBSubnetGroups",
                "rds:ListTagsForResource",
            ],
            databases(scope),
        ),
        allow(["rds:DescribeGlobalClusters"], scope.without_region("rds", "global-cluster:*")),
        allow(
            ["route53:GetHostedZone", "route53:ListResourceRecordSets"],
            scope.without_account("route53", "hostedzone/*"),
        ),
        allow(["route53:GetChange"], scope.without_account("route53", "change/*")),
        allow(BUCKET_READS, buckets(scope)),
        # The provider asks for a version's value to see whether it is there, and keeps nothing of it:
        # github.com/hashicorp/terraform-provider-aws, internal/service/secretsmanager/secret_version.go
        allow(
            ["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy", "secretsmanager:GetSecretValue"],
            scope.arn("secretsmanager", f"secret:{prefix}-*"),
        ),
        allow(["kms:Decrypt"], keys, {**scope.of_no_other_stack, "StringEquals": scope.through("secretsmanager")}),
    ]


def signal_statements(scope: Scope) -> list[Statement]:
    """The same for its alarms, dashboard, events and topics: a policy of its own, or one would be too long."""
    prefix = scope.prefix
    return [
        allow(DESCRIBES_COMPOSITE_ALARMS, "*"),
        allow(["cloudwatch:ListTagsForResource"], scope.arn("cloudwatch", f"alarm:{prefix}-*")),
        allow(["cloudwatch:GetDashboard"], scope.without_region("cloudwatch", f"dashboard/{prefix}")),
        allow(
            ["events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"],
            scope.arn("events", f"rule/{prefix}-*"),
        ),
        allow(
            ["budgets:ListTagsForResource", "budgets:ViewBudget"],
            scope.without_region("budgets", f"budget/{prefix}-*"),
        ),
        # It lists all of the account's: docs.aws.amazon.com/service-authorization/latest/reference/list_awschatbot.html
        allow(["chatbot:DescribeSlackChannelConfigurations", "chatbot:ListTagsForResource"], "*"),
        allow(["logs:DescribeMetricFilters"], log_groups_of(scope)),
        # The policies of all services that write logs are one list, which is no resource of the action.
        allow(["logs:DescribeResourcePolicies"], "*"),
        allow(["sns:GetTopicAttributes", "sns:ListTagsForResource"], scope.arn("sns", "observability-*")),
        # A subscription is no resource of IAM's:
        # docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
        allow(["sns:GetSubscriptionAttributes"], "*"),
    ]


READS: Mapping[str, Callable[[Scope], list[Statement]]] = {"reads": read_statements, "signals": signal_statements}
"""What makes the policies of a look at a stack, by their names."""


def log_groups_of(scope: Scope) -> list[str]:
    """The stack's log groups: its own, and those that AWS would make by itself."""
    names = (
        f"/story/{scope.stack}/*",
        f"/aws/ecs/containerinsights/{scope.prefix}/*",
        f"/aws/rds/cluster/{scope.prefix}-*",
        f"/aws/docdb/{scope.prefix}-*",
    )
    return [scope.arn("logs", f"log-group:{name}") for name in names]
