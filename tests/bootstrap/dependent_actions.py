"""Actions that AWS demands of whoever makes another call, and that show as no call of their own; each with its page.

Unless another one is named, the page is the service's in
docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html,
whose column of dependent actions names them.
"""

KEY_OF_A_STORE = (
    "whoever makes a store, a secret or a log group with a key must be allowed to use the key: "
    "docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.Encryption.Keys.html"
)

PROVIDER = "github.com/hashicorp/terraform-provider-aws, internal/service/{}"
BUCKET_TAGS = (
    "the provider tags a bucket by it, and by s3:PutBucketTagging where it is denied, as it does on the emulator: "
    "github.com/hashicorp/terraform-provider-aws/pull/45251"
)

DEPENDENT = {
    **dict.fromkeys(("s3:ListTagsForResource", "s3:TagResource", "s3:UntagResource"), BUCKET_TAGS),
    **dict.fromkeys(
        ("chatbot:ListTagsForResource", "chatbot:UntagResource"),
        "an edit of the tags of a Slack channel: the scenario that edits tags moves the channels to another workspace "
        "in the same update, which makes them anew",
    ),
    **dict.fromkeys(
        (
            *("cloudwatch:GetMetricStatistics", "codebuild:BatchGetProjects", "codebuild:ListProjects"),
            *("codeconnections:ListConnections", "codestar-connections:ListConnections"),
            *("ec2:DescribeAvailabilityZones", "ec2:DescribeRegions", "ec2:DescribeVpcEndpointServices"),
            *("elasticache:DescribeCacheEngineVersions", "elasticache:DescribeReservedCacheNodesOfferings"),
            *("freetier:GetAccountPlanState", "iam:GetPolicy", "rds:DescribeOrderableDBInstanceOptions"),
            *("servicequotas:GetAWSDefaultServiceQuota", "servicequotas:GetServiceQuota"),
            "servicequotas:ListServiceQuotas",
        ),
        "`story deploy` reads it before the first update of a stack: docs/preflight.md",
    ),
    **dict.fromkeys(
        (
            *("elasticache:ModifyCacheParameterGroup", "elasticache:ResetCacheParameterGroup"),
            "rds:ResetDBClusterParameterGroup",
        ),
        "a newer version of the program that sets or leaves out a parameter of a live stack; Valkey has none today: "
        + PROVIDER.format("elasticache/parameter_group.go"),
    ),
    "ecs:StopTask": (
        "a migration that takes longer than its timeout is stopped, which no scenario on the engine waits for; "
        "tests/release/test_migrate.py does"
    ),
    "elasticache:CreateSnapshot": (
        "a deletion that takes a final snapshot: "
        "docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteReplicationGroup.html"
    ),
    "ecs:StopServiceDeployment": (
        "a rollout that takes longer than its timeout is stopped, which no scenario on the engine waits for; "
        "tests/release/test_rollout.py does"
    ),
    "iam:CreateServiceLinkedRole": (
        "the first cluster, database or load balancer of an account makes the service's own role: "
        "docs.aws.amazon.com/IAM/latest/UserGuide/create-service-linked-role.html"
    ),
    "iam:PassRole": "docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
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
    "s3:DeleteObject": (
        "a bucket that is destroyed with what is in it is emptied first, in one call for many objects; those of the "
        "scenarios are empty"
    ),
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
