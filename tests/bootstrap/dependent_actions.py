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

DEPENDENT = {
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
