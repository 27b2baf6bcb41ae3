"""What all components of a stack share."""

from dataclasses import dataclass

import pulumi

from settings.partition import Partition, partition_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StackContext:
    """The account and the region of a stack, and the rules that hold for everything in it.

    Attributes:
        region: AWS region.
        profile: Profile of the AWS credentials, where the stack's config names one.
        account_id: AWS account.
        key_arn: Key that encrypts data, secrets, logs and topics.
        protect: Refuse to delete what holds data; a part may differ by a `protect` of its own.
        boundary_arn: Policy that limits the rights of every role; None for none.
    """

    region: str
    profile: str | None = None
    account_id: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    protect: bool
    boundary_arn: str | None = None

    @property
    def partition(self) -> Partition:
        """The partition of the region."""
        return partition_of(self.region)
