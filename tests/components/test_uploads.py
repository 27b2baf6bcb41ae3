"""Uploads, under the recorder."""

import json
from typing import Any

import pytest

from components.uploads import Uploads, UploadsArgs
from settings.site import UploadsSpec
from story.plan.recorder import Record, record
from tests.components.given import stack

KEY = "arn:aws:kms:ap-northeast-1:123456789012:key/1"


def uploads(*, protect: bool = True, preview: bool = False, **changes: Any) -> Record:
    args = UploadsArgs(spec=UploadsSpec(**changes), stack=stack(protect=protect))
    return record(lambda: Uploads("uploads", args), preview=preview)


def lifecycle_rule(made: Record, rule_id: str) -> dict[str, Any]:
    (rule,) = [rule for rule in made.one("BucketLifecycleConfiguration").inputs["rules"] if rule["id"] == rule_id]
    return rule


def test_the_token_never_changes() -> None:
    assert uploads().one("Uploads").type == "story:index:Uploads", "a changed token replaces the bucket and loses files"


def test_every_child_belongs_to_the_uploads() -> None:
    assert {resource.parent for resource in uploads().resources if resource.custom} == {"uploads"}


def test_a_preview_shows_everything_that_an_update_makes() -> None:
    preview, update = uploads(preview=True), uploads()
    assert {(r.type, r.name) for r in preview.resources} == {(r.type, r.name) for r in update.resources}


@pytest.mark.parametrize("protect", [True, False])
def test_the_bucket_is_protected_as_the_stack_says(protect: bool) -> None:
    made = uploads(protect=protect)
    assert {(r.kind, r.name) for r in made.resources if r.protect} == ({("Bucket", "uploads")} if protect else set())


@pytest.mark.parametrize("protect", [True, False])
def test_files_die_with_the_bucket_only_after_its_protection_was_lifted(protect: bool) -> None:
    assert uploads(protect=protect).one("Bucket").inputs["forceDestroy"] is not protect


def test_its_name_is_automatic_because_all_of_aws_shares_them() -> None:
    assert "bucket" not in uploads().one("Bucket").inputs


def test_files_are_encrypted_with_the_stacks_key_without_a_call_for_each() -> None:
    (rule,) = uploads().one("BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}
    assert rule["bucketKeyEnabled"] is True


def test_nobody_outside_reads_a_file() -> None:
    block = uploads().one("BucketPublicAccessBlock").inputs
    doors = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert [block[door] for door in doors] == [True] * 4
    assert uploads().one("BucketOwnershipControls").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


def test_files_travel_over_tls_only_and_the_policy_allows_nobody() -> None:
    made = uploads().one("BucketPolicy")
    (refusal,) = json.loads(made.inputs["policy"])["Statement"]
    assert refusal["Effect"] == "Deny"
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert refusal["Resource"] == ["arn:aws:s3:::uploads-bucket", "arn:aws:s3:::uploads-bucket/*"]
    assert "BucketPublicAccessBlock uploads" in made.depends_on, "S3 refuses two changes of a bucket at the same time"


def test_a_deleted_file_can_be_brought_back_as_long_as_the_spec_says() -> None:
    made = uploads(noncurrent_version_days=90)
    assert made.one("BucketVersioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    rule = lifecycle_rule(made, "expire-old-versions")
    assert (rule["status"], rule["filter"]) == ("Enabled", {"prefix": ""})
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 90}
    assert "BucketVersioning uploads" in made.one("BucketLifecycleConfiguration").depends_on


def test_a_current_file_never_expires_but_the_marker_of_a_deleted_one_does() -> None:
    assert lifecycle_rule(uploads(), "expire-old-versions")["expiration"] == {"expiredObjectDeleteMarker": True}


def test_parts_of_an_upload_that_broke_off_are_not_paid_for() -> None:
    rule = lifecycle_rule(uploads(), "abort-incomplete-uploads")
    assert (rule["status"], rule["filter"]) == ("Enabled", {"prefix": ""})
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


def test_name_and_arn_are_given_out() -> None:
    assert uploads().registered_outputs["uploads"] == {
        "bucketName": "uploads-bucket",
        "bucketArn": "arn:aws:s3:::uploads-bucket",
    }
