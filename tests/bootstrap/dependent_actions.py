"""Actions that AWS demands of whoever makes another call, and that show as no call of their own; each with its page.

Unless another one is named, the page is the service's in
docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html,
whose column of dependent actions names them.
"""

TAGS_OF_A_CREATION = "a creation that gives tags needs it beside its own action"
TAGS_TAKEN_AWAY = "an edit of tags; the edits on record are those of dev, which has no certificate and no autoscaling"
KEY_OF_A_STORE = (
    "whoever makes a store, a secret or a log group with a key must be allowed to use the key: "
    "docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.Encryption.Keys.html"
)
NOT_IN_THE_RECORDED_STACKS = "a setting that neither committed stack has: {}"

PROVIDER = "github.com/hashicorp/terraform-provider-aws, internal/service/{}"
EDITS = {
    "ec2:ModifySecurityGroupRules": ("a port or a range of a rule", "ec2/vpc_security_group_ingress_rule.go"),
    "ec2:ModifyVpcEndpoint": ("network.zones, which gives interface endpoints a subnet more", "ec2/vpc_endpoint.go"),
    "ec2:ReplaceRoute": ("network.nat, which leads routes to another gateway", "ec2/vpc_route.go"),
    "elasticache:DecreaseReplicaCount": ("valkey.replicas", "elasticache/replication_group.go"),
    "elasticache:IncreaseReplicaCount": ("valkey.replicas", "elasticache/replication_group.go"),
    "elasticache:ModifyCacheSubnetGroup": ("network.zones", "elasticache/subnet_group.go"),
    "elasticloadbalancing:ModifyListener": ("ingress.domain, ingress.tls_policy", "elbv2/listener.go"),
    "elasticloadbalancing:ModifyRule": ("web.port, which replaces the target group", "elbv2/listener_rule.go"),
    "elasticloadbalancing:SetSubnets": ("network.zones", "elbv2/load_balancer.go"),
    "rds:ModifyDBSubnetGroup": ("network.zones", "rds/subnet_group.go"),
}
"""What an edit of a setting calls that no recorded life of a stack has: the setting, and where the provider does."""
BUCKET_TAGS = (
    "the provider tags a bucket by it, and by s3:PutBucketTagging where it is denied, as it does on the emulator: "
    "github.com/hashicorp/terraform-provider-aws/pull/45251"
)

DEPENDENT = {
    **{action: f"an edit of {setting} calls it: {PROVIDER.format(file)}" for action, (setting, file) in EDITS.items()},
    **dict.fromkeys(("s3:ListTagsForResource", "s3:TagResource", "s3:UntagResource"), BUCKET_TAGS),
    "acm:AddTagsToCertificate": TAGS_OF_A_CREATION,
    "acm:RemoveTagsFromCertificate": TAGS_TAKEN_AWAY,
    "application-autoscaling:TagResource": TAGS_OF_A_CREATION,
    "application-autoscaling:UntagResource": TAGS_TAKEN_AWAY,
    **dict.fromkeys(
        (
            *("budgets:ListTagsForResource", "budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"),
            "budgets:ViewBudget",
        ),
        NOT_IN_THE_RECORDED_STACKS.format("observability.monthly_budget_usd"),
    ),
    **dict.fromkeys(
        (
            *("chatbot:CreateSlackChannelConfiguration", "chatbot:DeleteSlackChannelConfiguration"),
            *("chatbot:DescribeSlackChannelConfigurations", "chatbot:ListTagsForResource", "chatbot:TagResource"),
            *("chatbot:UntagResource", "chatbot:UpdateSlackChannelConfiguration"),
        ),
        NOT_IN_THE_RECORDED_STACKS.format("observability.slack, which the emulator does not know either"),
    ),
    **dict.fromkeys(
        ("logs:DeleteMetricFilter", "logs:DescribeMetricFilters", "logs:PutMetricFilter"),
        NOT_IN_THE_RECORDED_STACKS.format("observability.laravel_metrics, web.nginx"),
    ),
    "ecs:StopTask": (
        "a migration that takes longer than its timeout is stopped, which no scenario on the engine waits for; "
        "tests/ops/test_migrate.py does"
    ),
    "elasticache:CreateSnapshot": (
        "a deletion that takes a final snapshot: "
        "docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteReplicationGroup.html"
    ),
    "ecs:StopServiceDeployment": (
        "a rollout that takes longer than its timeout is stopped, which no scenario on the engine waits for; "
        "tests/ops/test_rollout.py does"
    ),
    "iam:CreateServiceLinkedRole": (
        "the first cluster, database or load balancer of an account makes the service's own role: "
        "docs.aws.amazon.com/IAM/latest/UserGuide/create-service-linked-role.html"
    ),
    "iam:PassRole": "docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    "iam:PutRolePermissionsBoundary": "a role that was made before the boundary was named gets it by this call alone",
    "iam:UpdateAssumeRolePolicy": (
        "a newer version of the program that changes who takes on a role of a live stack; "
        + PROVIDER.format("iam/role.go")
    ),
    "kms:CreateGrant": (
        "RDS, ElastiCache and DocumentDB go on using the key by grants: "
        "docs.aws.amazon.com/kms/latest/developerguide/services-rds.html"
    ),
    "kms:Decrypt": KEY_OF_A_STORE,
    "kms:Encrypt": KEY_OF_A_STORE,
    "kms:GenerateDataKey": KEY_OF_A_STORE,
    "kms:GenerateDataKeyWithoutPlaintext": KEY_OF_A_STORE,
    "kms:ReEncryptFrom": KEY_OF_A_STORE,
    "kms:ReEncryptTo": KEY_OF_A_STORE,
    "logs:AssociateKmsKey": (
        "a log group with a key: docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
    ),
    "rds:CreateDBClusterSnapshot": (
        "a deletion that takes a final snapshot: "
        "docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBCluster.html"
    ),
    "route53:AssociateVPCWithHostedZone": (
        "an interface endpoint with private DNS names: "
        "docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html"
    ),
    "s3:DeleteObject": "a bucket that is destroyed with what is in it is emptied first, in one call for many objects",
    "s3:DeleteObjectVersion": "the same, for objects with versions",
    "s3:ListBucketVersions": "the same: what is to be emptied is listed first",
}

NOT_NEEDED = {
    "ecs:ListTaskDefinitions": "`story rollback` lists earlier images by it, for a person with rights of their own",
    "iam:GetUser": (
        "the provider asks it for the account's number only where the check of credentials is switched off, as it is "
        "for the emulator: github.com/hashicorp/aws-sdk-go-base, account.go"
    ),
}
"""What is on record, and no role of the pipeline needs."""
