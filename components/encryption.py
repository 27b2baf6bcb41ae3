"""The stack's own key, and who may use it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component, physical_name
from components.iam import allow, allow_service, document
from specs.partition import partition_of

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
PUBLISHERS = ("cloudwatch.amazonaws.com", "budgets.amazonaws.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionArgs:
    """What an `Encryption` needs to know.

    Attributes:
        protect: Refuse to delete the key: without it, nothing that it encrypted can be read again.
        alias: Last part of its name: `alias/story-<stack>-data`.
        services: Further services of AWS that may encrypt with it, for this account.
        deletion_window_days: Days between a deletion and its effect, 7 to 30.
    """

    protect: bool
    alias: str = "data"
    services: Sequence[str] = ()
    deletion_window_days: int = 30


class Encryption(Component):
    """A customer key: in a stack, the one that encrypts stores, secrets, logs, buckets and the alarm topic.

    The account's own policies decide who uses it; of AWS's services only those that act without a person's
    permissions are named: CloudWatch Logs (for this account's groups), CloudWatch alarms and AWS Budgets
    (for its topics), and those in `services`.

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
        policy = self._let_use(name, key, args.services)
        aws.kms.Alias(name, name=f"alias/{physical_name(args.alias)}", target_key_id=key.key_id, opts=self.child())

        self.key_arn = pulumi.Output.all(key.arn, policy.id).apply(lambda known: known[0])
        self.register_outputs({"keyArn": self.key_arn, "accountId": self.account_id})

    def _let_use(self, name: str, key: aws.kms.Key, services: Sequence[str]) -> aws.kms.KeyPolicy:
        region = key.arn.apply(lambda arn: arn.split(":")[3])
        partition = region.apply(partition_of)
        account_root = pulumi.Output.concat("arn:", partition.name, ":iam::", self.account_id, ":root")
        log_groups = pulumi.Output.concat(
            "arn:", partition.name, ":logs:", region, ":", self.account_id, ":log-group:*"
        )
        # docs.amazonaws.cn/en_us/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        logs = pulumi.Output.concat("logs.", region, ".", partition.dns_suffix)
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
                *(allow_service(service, ["kms:Decrypt", "kms:GenerateDataKey"], "*", ours) for service in PUBLISHERS),
                # CloudTrail looks at a key before it takes it:
                # docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
                *(
                    allow_service(service, ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], "*", ours)
                    for service in services
                ),
            ),
            opts=self.child(),
        )
