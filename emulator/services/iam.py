"""IAM: AWS's own managed policies, read once instead of at every reset.

moto makes more than a thousand policies from JSON whenever an account's IAM begins anew, for several partitions, which
takes most of a second: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from typing import Any

from moto.iam.models import IAMBackend

from emulator.patching import replace


def install() -> None:
    original_read: Any = IAMBackend._init_aws_policies
    read_before: dict[tuple[str, str], list[Any]] = {}

    def init_aws_policies(self: Any) -> list[Any]:
        key = (self.account_id, self.partition)
        if key not in read_before:
            read_before[key] = original_read(self)
        for policy in read_before[key]:
            policy.attachment_count = 0
        return read_before[key]

    replace(IAMBackend, "_init_aws_policies", init_aws_policies)
