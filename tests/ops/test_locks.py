"""Locks that stand in a bucket; those in files are in test_recover."""

import pytest

from ops.aws_account import Aws
from ops.locks import locks_of
from tests.ops.given_things import make_bucket


@pytest.mark.parametrize(
    ("address", "bucket", "prefix"),
    [("s3://states", "states", ""), ("s3://states-of-all/team?region=ap-northeast-1", "states-of-all", "team/")],
)
def test_locks_in_a_bucket_are_read(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, address: str, bucket: str, prefix: str
) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_REGION", "ap-northeast-1")):
        monkeypatch.setenv(name, value)
    make_bucket(aws, bucket)
    said = b'{"pid": 7, "username": "ci", "hostname": "build-7", "timestamp": "2026-01-02T03:04:05Z"}'
    place = f"{prefix}.pulumi/locks/organization/story"
    for stack in ("dev", "developers"):
        aws.client("s3").put_object(Bucket=bucket, Key=f"{place}/{stack}/1f0c.json", Body=said)
        aws.client("s3").put_object(Bucket=bucket, Key=f"{place}/{stack}/1f0c.json.attrs", Body=b"{}")
    locks = locks_of(address, "story", "dev")
    assert [str(lock) for lock in locks or ()] == ["ci on build-7, process 7, since 2026-01-02 03:04:05 UTC"]


def test_a_store_without_lock_files_says_nothing_of_locks() -> None:
    assert locks_of("https://api.pulumi.com/team", "story", "dev") is None
