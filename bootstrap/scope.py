"""ARNs of what one stack is made of."""

from dataclasses import dataclass

from settings.partition import Partition, partition_of, via_service_values
from settings.project import PROJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One stack in one account and region.

    Attributes:
        account_id: The account, 12 digits.
        region: AWS region.
        stack: Name of the stack.
    """

    account_id: str
    region: str
    stack: str

    @property
    def prefix(self) -> str:
        """What the names of its roles, secrets and databases begin with."""
        return f"{PROJECT}-{self.stack}"

    @property
    def partition(self) -> Partition:
        """AWS's partition of the region."""
        return partition_of(self.region)

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something in this region."""
        return f"arn:{self.partition.name}:{service}:{self.region}:{self.account_id}:{resource}"

    def without_region(self, service: str, resource: str) -> str:
        """The ARN of something of this account that belongs to no region, such as a dashboard."""
        return f"arn:{self.partition.name}:{service}::{self.account_id}:{resource}"

    def without_account(self, service: str, resource: str) -> str:
        """The ARN of something whose ARN names neither region nor account, such as a bucket."""
        return f"arn:{self.partition.name}:{service}:::{resource}"

    def iam(self, resource: str) -> str:
        """The ARN of something of IAM, which has no region."""
        return self.without_region("iam", resource)

    def managed_policy(self, name: str) -> str:
        """The ARN of a policy that AWS manages, such as `service-role/AmazonRDSEnhancedMonitoringRole`."""
        return f"arn:{self.partition.name}:iam::aws:policy/{name}"

    def through(self, service: str) -> dict[str, list[str]]:
        """A condition on the KMS key: a service of AWS in this region uses it for the caller.

        Args:
            service: First part of the service's host name, such as `secretsmanager`.
        """
        return {"kms:ViaService": via_service_values(self.region, service)}

    @property
    def of_this_stack(self) -> dict[str, dict[str, str]]:
        """A condition: the thing has the tags of this stack (`aws:defaultTags` in its stack file)."""
        return {"StringEquals": self._tags}

    @property
    def of_no_other_stack(self) -> dict[str, dict[str, str]]:
        """A condition: the thing has the tags of this stack, or has neither of them.

        It holds for a key that was just made, whose tags count for permissions only after up to five minutes:
        docs.aws.amazon.com/kms/latest/developerguide/tag-authorization.html
        """
        return {"StringEqualsIfExists": self._tags}

    @property
    def _tags(self) -> dict[str, str]:
        return {"aws:ResourceTag/Project": PROJECT, "aws:ResourceTag/Environment": self.stack}

    @property
    def for_this_stack(self) -> dict[str, dict[str, str]]:
        """A condition: the request gives the thing the tags of this stack."""
        return {"StringEquals": {"aws:RequestTag/Project": PROJECT, "aws:RequestTag/Environment": self.stack}}
