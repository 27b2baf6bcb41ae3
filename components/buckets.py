"""What every bucket has: no ACLs, no public access, TLS only, encryption."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.iam import Statement, document, tls_only

ABORT_MULTIPART_AFTER_DAYS = 7


def close_bucket(
    name: str, bucket: aws.s3.Bucket, *, allowed: Sequence[Statement] = (), opts: pulumi.ResourceOptions
) -> aws.s3.BucketPolicy:
    """Takes ACLs and public access from a bucket, and refuses requests without TLS.

    Args:
        name: Logical name of what is made: BucketOwnershipControls, BucketPublicAccessBlock, BucketPolicy.
        bucket: The bucket.
        allowed: Further statements of the bucket's policy.
        opts: Options of what is made.

    Returns:
        The policy; whoever needs the bucket as it should be depends on it.
    """
    ownership = aws.s3.BucketOwnershipControls(
        name,
        bucket=bucket.bucket,
        rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
        opts=opts,
    )
    closed = aws.s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    return aws.s3.BucketPolicy(
        name,
        bucket=bucket.bucket,
        policy=document(*allowed, tls_only(bucket.arn)),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[ownership, closed])),
    )


def encrypt_bucket(
    name: str, bucket: aws.s3.Bucket, *, key_arn: pulumi.Input[str] | None, opts: pulumi.ResourceOptions
) -> aws.s3.BucketServerSideEncryptionConfiguration:
    """Encrypts a bucket, with the key or (None) with S3's own.

    With a bucket key, S3 asks KMS once for a while, and not (for money) for each file:
    docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    return aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.bucket,
        rules=[
            aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                    sse_algorithm="aws:kms" if key_arn else "AES256", kms_master_key_id=key_arn
                ),
                bucket_key_enabled=True if key_arn else None,
            )
        ],
        opts=opts,
    )
