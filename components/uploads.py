"""The bucket behind `FILESYSTEM_DISK=s3`."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.buckets import ABORT_MULTIPART_AFTER_DAYS, close_bucket, encrypt_bucket
from components.context import StackContext
from settings.site import UploadsSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadsArgs:
    """What an `Uploads` needs to know.

    Attributes:
        spec: How long deleted files can be brought back.
        stack: Key that encrypts the files, and whether to refuse to delete the bucket. Without protection a destroy
            deletes the bucket with all files in it.
    """

    spec: UploadsSpec
    stack: StackContext


class Uploads(Component):
    """A private, encrypted, versioned bucket for what visitors upload.

    Makes: Bucket, BucketVersioning, BucketServerSideEncryptionConfiguration, BucketPublicAccessBlock,
    BucketOwnershipControls, BucketLifecycleConfiguration, BucketPolicy.
    """

    bucket_name: pulumi.Output[str]
    bucket_arn: pulumi.Output[str]

    def __init__(self, name: str, args: UploadsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        protect = args.spec.protected(args.stack.protect)
        # AWS deletes no bucket that holds a file or an old version of one, so a stack whose protection was lifted
        # could never be destroyed; while it is protected, no destroy gets as far as this setting.
        bucket = aws.s3.Bucket(name, force_destroy=not protect, opts=self.child(protect=protect))
        close_bucket(name, bucket, opts=self.child())
        encrypt_bucket(name, bucket, key_arn=args.stack.key_arn, opts=self.child())
        self._keep_versions(name, args.spec.noncurrent_version_days, bucket)

        self.bucket_name = bucket.bucket
        self.bucket_arn = bucket.arn
        self.register_outputs({"bucketName": self.bucket_name, "bucketArn": self.bucket_arn})

    def _keep_versions(self, name: str, noncurrent_version_days: int, bucket: aws.s3.Bucket) -> None:
        """A deleted file leaves a delete marker, which outlives its versions unless it is told to expire as well:
        docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configuration-examples.html"""
        versioning = aws.s3.BucketVersioning(
            name,
            bucket=bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self.child(),
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                aws.s3.BucketLifecycleConfigurationRuleArgs(
                    id="expire-old-versions",
                    status="Enabled",
                    filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                    noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                        noncurrent_days=noncurrent_version_days
                    ),
                    expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True),
                ),
                aws.s3.BucketLifecycleConfigurationRuleArgs(
                    id="abort-incomplete-uploads",
                    status="Enabled",
                    filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                    abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                        days_after_initiation=ABORT_MULTIPART_AFTER_DAYS
                    ),
                ),
            ],
            opts=self.child(depends_on=[versioning]),
        )
