"""Who called which API of the account: CloudTrail."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from bootstrap.private_bucket import PrivateBucket, PrivateBucketArgs
from components.base import Component, physical_name
from components.iam import Statement, allow_service
from settings.partition import partition_of

CLOUDTRAIL = "cloudtrail.amazonaws.com"
NONCURRENT_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrailArgs:
    """What an `AuditTrail` needs to know.

    Attributes:
        region: Region that the trail belongs to.
        account_id: The account.
        key_arn: Key that encrypts the records; its policy must let CloudTrail use it for `trail_name()`.
        protect: Refuse to delete the records.
        retention_days: How long they are kept, in days.
    """

    region: str
    account_id: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    protect: bool
    retention_days: int


class AuditTrail(Component):
    """A trail of management events in all regions, whose files can be checked for changes, and its bucket.

    Makes: PrivateBucket, Trail.
    """

    def __init__(self, name: str, args: AuditTrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        partition = partition_of(args.region).name
        arn = pulumi.Output.concat(
            f"arn:{partition}:cloudtrail:{args.region}:", args.account_id, f":trail/{trail_name()}"
        )
        records = PrivateBucket(
            f"{name}-records",
            PrivateBucketArgs(
                key_arn=args.key_arn,
                protect=args.protect,
                expire_days=args.retention_days,
                noncurrent_days=NONCURRENT_DAYS,
                allowed=lambda bucket: _may_write(bucket, arn, args.account_id),
            ),
            opts=self.child(),
        )
        aws.cloudtrail.Trail(
            name,
            name=trail_name(),
            s3_bucket_name=records.name,
            kms_key_id=args.key_arn,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            opts=self.child(),
        )
        self.register_outputs({"records": records.name})


def trail_name() -> str:
    """The name of the trail, which the policy of its key has to know before it exists."""
    return physical_name("trail")


def _may_write(
    bucket: pulumi.Output[str], trail: pulumi.Output[str], account_id: pulumi.Input[str]
) -> Sequence[Statement]:
    """docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html"""
    ours = {"aws:SourceArn": trail}
    files = pulumi.Output.concat(bucket, "/AWSLogs/", account_id, "/*")
    owned = {"StringEquals": {**ours, "s3:x-amz-acl": "bucket-owner-full-control"}}
    return [
        allow_service(CLOUDTRAIL, ["s3:GetBucketAcl"], bucket, {"StringEquals": ours}),
        allow_service(CLOUDTRAIL, ["s3:PutObject"], files, owned),
    ]
