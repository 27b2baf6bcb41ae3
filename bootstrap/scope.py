"""ARNs of what one stack is made of."""

from dataclasses import dataclass

PROJECT = "story"


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

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something in this region."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    def iam(self, resource: str) -> str:
        """The ARN of something of IAM, which has no region."""
        return f"arn:aws:iam::{self.account_id}:{resource}"

    @property
    def of_this_stack(self) -> dict[str, dict[str, str]]:
        """A condition: the thing bears the tags of this stack (`aws:defaultTags` in its stack file)."""
        return {"StringEquals": {"aws:ResourceTag/Project": PROJECT, "aws:ResourceTag/Environment": self.stack}}

    @property
    def for_this_stack(self) -> dict[str, dict[str, str]]:
        """A condition: the request gives the thing the tags of this stack."""
        return {"StringEquals": {"aws:RequestTag/Project": PROJECT, "aws:RequestTag/Environment": self.stack}}
