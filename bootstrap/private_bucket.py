"""A bucket of the account's foundation: for state, artifacts or records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.buckets import ABORT_MULTIPART_AFTER_DAYS, close_bucket, encrypt_bucket
from components.iam import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateBucketArgs:
    """What a `PrivateBucket` needs to know.

    Attributes:
        key_arn: Key that encrypts it.
        protect: Refuse to delete it.
        expire_days: Days after which an object goes; None keeps all.
        noncurrent_days: Days that an overwritten or deleted object can be brought back.
        allowed: Further statements of its policy, of its ARN.
    """

    key_arn: pulumi.Input[str]
    protect: bool
    expire_days: int | None = None
    noncurrent_days: int
    allowed: Callable[[pulumi.Output[str]], Sequence[Statement]] = lambda _arn: ()


class PrivateBucket(Component):
    """A bucket with versions, encrypted, without ACLs and public access, TLS only.

    Makes: Bucket, BucketVersioning, BucketServerSideEncryptionConfiguration, BucketLifecycleConfiguration,
    BucketOwnershipControls, BucketPublicAccessBlock, BucketPolicy.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        bucket = aws.s3.Bucket(name, force_destroy=not args.protect, opts=self.child(protect=args.protect))
        versioning = aws.s3.BucketVersioning(
            name,
            bucket=bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self.child(),
        )
        encrypted = encrypt_bucket(name, bucket, key_arn=args.key_arn, opts=self.child())
        self._expire(name, args, bucket, versioning)
        closed = close_bucket(name, bucket, allowed=args.allowed(bucket.arn), opts=self.child())

        # Given out when it is as it should be.
        ready = pulumi.Output.all(bucket.bucket, bucket.arn, closed.id, encrypted.id, versioning.id)
        self.name = ready.apply(lambda known: str(known[0]))
        self.arn = ready.apply(lambda known: str(known[1]))
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _expire(
        self, name: str, args: PrivateBucketArgs, bucket: aws.s3.Bucket, versioning: aws.s3.BucketVersioning
    ) -> None:
        rule = aws.s3.BucketLifecycleConfigurationRuleArgs
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                rule(
                    id="expire",
                    status="Enabled",
                    filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                    expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=args.expire_days)
                    if args.expire_days
                    else None,
                    noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                        noncurrent_days=args.noncurrent_days
                    ),
                    abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                        days_after_initiation=ABORT_MULTIPART_AFTER_DAYS
                    ),
                )
            ],
            opts=self.child(depends_on=[versioning]),
        )
