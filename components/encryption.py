"""The stack's own key, and who may use it."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component, physical_name
from components.iam import Statement, allow, allow_service, document
from settings.partition import partition_of, regional_host

OWNER_ACTIONS = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
USER_ACTIONS = (
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
PUBLISHERS = ("cloudwatch", "budgets")
"""Services that publish to the stack's encrypted topics."""
TOPIC_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionArgs:
    """What an `Encryption` needs to know.

    Attributes:
        region: AWS region.
        protect: Refuse to delete the key: without it, nothing that it encrypted can be read again.
        alias: Last part of its name: `alias/story-<stack>-data`.
        trail: Name of the CloudTrail trail whose files it encrypts; None for none.
        deletion_window_days: Days between a deletion and its effect, 7 to 30.
    """

    region: str
    protect: bool
    alias: str = "data"
    trail: str | None = None
    deletion_window_days: int = 30


class Encryption(Component):
    """A customer key: in a stack, the one that encrypts stores, secrets, logs, buckets and the alarm topic.

    The account's own policies decide who uses it; of AWS's services only those that act without a person's
    permissions are named: CloudWatch Logs (for this account's groups), CloudWatch alarms, AWS Budgets and EventBridge
    (for its topics), and CloudTrail for the trail that is named.

    Makes: Key, KeyPolicy, Alias.
    """

    key_arn: pulumi.Output[str]
    account_id: pulumi.Output[str]

    def __init__(self, name: str, args: EncryptionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        key = aws.kms.Key(
            name,
            description=f"Everything of {physical_name('*')}",
            enable_key_rotation=True,
            deletion_window_in_days=args.deletion_window_days,
            opts=self.child(protect=args.protect),
        )
        # The account is read from the key itself, so that no preview has to ask AWS for it.
        self.account_id = key.arn.apply(lambda arn: arn.split(":")[4])
        policy = self._let_use(name, key, args)
        aws.kms.Alias(name, name=f"alias/{physical_name(args.alias)}", target_key_id=key.key_id, opts=self.child())

        self.key_arn = pulumi.Output.all(key.arn, policy.id).apply(lambda known: known[0])
        self.register_outputs({"keyArn": self.key_arn, "accountId": self.account_id})

    def _let_use(self, name: str, key: aws.kms.Key, args: EncryptionArgs) -> aws.kms.KeyPolicy:
        region, partition = args.region, partition_of(args.region)
        account_root = pulumi.Output.concat(f"arn:{partition.name}:iam::", self.account_id, ":root")
        log_groups = pulumi.Output.concat(f"arn:{partition.name}:logs:{region}:", self.account_id, ":log-group:*")
        # docs.amazonaws.cn/en_us/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        logs = regional_host(region, "logs")
        ours = {"StringEquals": {"aws:SourceAccount": self.account_id}}
        return aws.kms.KeyPolicy(
            name,
            key_id=key.key_id,
            policy=document(
                {**allow(OWNER_ACTIONS, "*"), "Principal": {"AWS": account_root}},
                {
                    **allow(USER_ACTIONS, "*", {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}}),
                    "Principal": {"Service": logs},
                },
                # They publish to encrypted topics: docs.aws.amazon.com/sns/latest/dg/sns-key-management.html and
                # docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
                *(
                    allow_service(f"{service}.amazonaws.com", TOPIC_ACTIONS, "*", ours)
                    for service in PUBLISHERS
                    # KMS refuses a policy with a service that the partition does not have:
                    # docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
                    if service not in partition.missing_services
                ),
                _for_eventbridge(region, self.account_id),
                *(_for_cloudtrail(region, self.account_id, args.trail) if args.trail else ()),
            ),
            opts=self.child(),
        )


def _for_eventbridge(region: str, account_id: pulumi.Output[str]) -> Statement:
    """EventBridge publishes to encrypted topics without `aws:SourceAccount` and `aws:SourceArn`, so a condition on them
    would refuse every event: docs.aws.amazon.com/sns/latest/dg/sns-key-management.html. The encryption context is
    SNS's own, and limits it to this account's topics:
    docs.aws.amazon.com/gameliftservers/latest/flexmatchguide/queue-notification-sns-sse.html"""
    topics = _arn(region, "sns", account_id, "*")
    return allow_service(
        "events.amazonaws.com", TOPIC_ACTIONS, "*", {"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": topics}}
    )


def _for_cloudtrail(region: str, account_id: pulumi.Output[str], trail: str) -> list[Statement]:
    """CloudTrail reads the key's properties before it takes it, and encrypts for one trail alone:
    docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html (`aws:SourceAccount` is
    not recommended there). The bucket has a bucket key, so it decrypts too, under the same conditions as in
    docs.aws.amazon.com/controltower/latest/userguide/configure-kms-keys.html"""
    ours = {"aws:SourceArn": _arn(region, "cloudtrail", account_id, f"trail/{trail}")}
    any_region = _arn(region, "cloudtrail", account_id, "trail/*", where="*")
    return [
        allow_service(
            "cloudtrail.amazonaws.com",
            [*TOPIC_ACTIONS, "kms:GenerateDataKeyWithoutPlaintext"],
            "*",
            {"StringEquals": ours, "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": any_region}},
        ),
        allow_service("cloudtrail.amazonaws.com", ["kms:DescribeKey"], "*", {"StringEquals": ours}),
    ]


def _arn(
    region: str, service: str, account_id: pulumi.Output[str], what: str, *, where: str | None = None
) -> pulumi.Output[str]:
    return pulumi.Output.concat(f"arn:{partition_of(region).name}:{service}:{where or region}:", account_id, f":{what}")
