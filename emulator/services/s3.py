"""S3: requests count as sent by TLS, and delete markers can be deleted.

- A bucket's policy may refuse what comes without TLS, which the emulator has none of; moto overlooks the condition, and
  would refuse everything.
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html#bucket-keys
- A bucket with versions is emptied by deleting its delete markers too; moto asks those for their content, and fails.
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/RemDelMarker.html
"""

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket, FakeDeleteMarker

from emulator.serving.patching import replace

WITHOUT_TLS = {"Bool": {"aws:SecureTransport": "false"}}


def install() -> None:
    _take_requests_for_sent_by_tls()
    # A delete marker has no content to let go.
    replace(FakeDeleteMarker, "dispose", lambda _marker: None)


def _take_requests_for_sent_by_tls() -> None:
    def get_permission(self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        policy = json.loads(self.policy)
        met = [one for one in policy["Statement"] if one.get("Condition") != WITHOUT_TLS]
        if not met:
            return PermissionResult.NEUTRAL
        return IAMPolicy(json.dumps({**policy, "Statement": met})).is_action_permitted(action, resource)

    replace(FakeBucket, "get_permission", get_permission)
