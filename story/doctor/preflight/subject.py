"""What every check before an update is given: the planned stack, its state and its account."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aws.caching import CachingClient
from story.doctor.preflight.planned import Owned, Planned

Lookup = Callable[[str, str], Sequence[str]]
"""The records of a name and type in the public DNS; empty if there are none.
Raises `story.doctor.finding.CannotCheckError` if no server responds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A stack before an update.

    Attributes:
        planned: What the program registers for its stack file.
        owned: The resources in its state.
        account: ID of the account of the credentials.
        aws: Client for that account in the stack's region.
        home: Client for the account in its partition's home region, which serves the APIs for the whole account.
        lookup: Looks up records in the public DNS.
        now: The current time.
    """

    planned: Planned
    owned: Owned
    account: str
    aws: CachingClient
    home: CachingClient
    lookup: Lookup
    now: datetime

    @property
    def region(self) -> str:
        """AWS region of the stack."""
        return self.planned.region
