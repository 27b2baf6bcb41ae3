"""What every check before an update is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aws.caching import CachingClient
from story.doctor.preflight.planned import Owned, Planned

Lookup = Callable[[str, str], Sequence[str]]
"""The records of a name and type in the public DNS; empty if there are none.
Raises `aws.caching.CannotCheckError` where no server answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A stack that is about to be updated.

    Attributes:
        planned: What the program makes of its stack file.
        owned: What the state records already.
        account: Id of the account that the credentials belong to.
        aws: That account, in the stack's region.
        home: The same account in its partition's home region, where AWS answers for the account as a whole.
        lookup: The public DNS.
        now: The time that counts as now.
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
