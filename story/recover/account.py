"""The account behind a provider of the stack."""

from dataclasses import dataclass, field

from aws.client import AwsClient, account_id_of, connect


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account, in a region.

    Attributes:
        id: The account that the credentials belong to.
        aws: Its client.
    """

    id: str
    aws: AwsClient = field(repr=False)


def account_of(region: str | None, profile: str | None) -> Account:
    """The account that the credentials belong to, in a region.

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: There are none, or they are not valid.
    """
    aws = connect(region, profile)
    return Account(id=account_id_of(aws), aws=aws)
