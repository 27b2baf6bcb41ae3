"""What becomes of each operation that was cut off: the decisions of a repair, before anything is changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

from aws.client import Client
from aws.errors import reason
from story.recover.lookups import AGAIN, BY_TAGS_ALONE, LOOKUPS
from story.recover.match import Lookup, Match, PendingInputs
from story.recover.state_file import Pending, State

CLOCKS_APART = timedelta(minutes=5)
NOT_IN_AWS = ("pulumi:", "story:", "awsx:")


class Outcome(StrEnum):
    """What becomes of a cut-off operation."""

    ADOPT = "adopt"
    """The object exists; it becomes a resource of the stack."""
    FORGET = "forget"
    """There is nothing to keep; the next update does what is missing."""
    UNSETTLED = "unsettled"
    """A person has to decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What becomes of one cut-off operation.

    Attributes:
        pending: The operation.
        outcome: What becomes of it.
        text: Why, for the reader.
        id: What the provider imports the object by, if it is adopted.
        ready: Whether AWS is done with making it.
    """

    pending: Pending
    outcome: Outcome
    text: str
    id: str = ""
    ready: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a person decided, by name or URN.

    Attributes:
        adopt: Creations whose object is known, with its id.
        forget: Creations that made nothing to keep.
    """

    adopt: Mapping[str, str] = field(default_factory=dict[str, str])
    forget: frozenset[str] = frozenset()

    def unknown(self, state: State) -> list[str]:
        """The names among them that no cut-off creation has."""
        known = {name for pending in state.creates for name in (pending.name, pending.urn)}
        return sorted({*self.adopt, *self.forget} - known)

    def ambiguous(self, state: State) -> list[str]:
        """The names among them that more than one cut-off creation has."""
        names = [pending.name for pending in state.creates]
        return sorted(name for name in {*self.adopt, *self.forget} if names.count(name) > 1)

    def of(self, pending: Pending) -> Finding | None:
        """The decision on an operation, if there is one."""
        for name in (pending.urn, pending.name):
            if name in self.adopt:
                return _adopt(pending, Match(id=self.adopt[name]), "as you said")
            if name in self.forget:
                return Finding(pending=pending, outcome=Outcome.FORGET, text="forgotten, as you said")
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Looks for the objects of cut-off creations.

    Attributes:
        state: The state.
        since: When the killed update began, if its lock tells.
        choices: What a person decided.
        aws_of: The account behind a provider, by its URN.
    """

    state: State
    since: datetime | None
    choices: Choices
    aws_of: Callable[[str], Client]

    def look(self, pending: Pending) -> Finding:
        """What becomes of an operation."""
        if pending.kind != "creating":
            return Finding(pending=pending, outcome=Outcome.FORGET, text=_other(pending.kind))
        chosen = self.choices.of(pending)
        if chosen:
            return chosen
        if pending.type.startswith(NOT_IN_AWS):
            return Finding(pending=pending, outcome=Outcome.FORGET, text="nothing in AWS")
        if pending.type in AGAIN:
            text = f"the next update does it again ({AGAIN[pending.type]})"
            return Finding(pending=pending, outcome=Outcome.FORGET, text=text)
        lookup = LOOKUPS.get(pending.type)
        if lookup is None:
            return _unsettled(pending, f"it is not known how to look for a {pending.type}: look for it by hand")
        aws = self.aws_of(pending.provider)
        try:
            return self._decide(pending, self._matches(aws, pending, lookup))
        except (BotoCoreError, ClientError) as error:
            return _unsettled(pending, f"could not be read from AWS: {reason(error)}")

    def is_ready(self, finding: Finding) -> bool:
        """Whether AWS is done with an object by now; also if it is gone."""
        lookup = LOOKUPS.get(finding.pending.type)
        if finding.ready or lookup is None:
            return True
        found = self._matches(self.aws_of(finding.pending.provider), finding.pending, lookup)
        return all(match.ready for match in found if match.id == finding.id)

    def _matches(self, aws: Client, pending: Pending, lookup: Lookup) -> list[Match]:
        inputs = PendingInputs(inputs=pending.inputs, tags=self.state.tags_of(pending))
        recorded = self.state.recorded
        found = lookup(aws, inputs)
        return [match for match in found if not {match.id, match.arn} & recorded]

    def _decide(self, pending: Pending, found: list[Match]) -> Finding:
        if not found:
            return Finding(pending=pending, outcome=Outcome.FORGET, text="not in AWS; the next update makes it")
        if len(found) > 1:
            ids = ", ".join(sorted(match.id for match in found))
            return _unsettled(pending, f"exists {len(found)} times: {ids}")
        (match,) = found
        if pending.type in BY_TAGS_ALONE and not any(
            pending.stack in tag for tag in self.state.tags_of(pending).values()
        ):
            return _unsettled(pending, f"{match.id} fits, but no tag says that it is of the stack {pending.stack}")
        if self.since and match.created and match.created < self.since - CLOCKS_APART:
            made = f"{match.created:%Y-%m-%d %H:%M %Z}"
            return _unsettled(pending, f"{match.id} exists since {made}, so the killed update did not make it")
        return _adopt(pending, match, "" if match.ready else "AWS is still making it")


def settled(findings: list[Finding]) -> dict[str, str]:
    """The ids of what is adopted, by URN."""
    return {finding.pending.urn: finding.id for finding in findings if finding.outcome is Outcome.ADOPT}


def _adopt(pending: Pending, match: Match, note: str) -> Finding:
    text = f"exists: {match.id}" + (f" ({note})" if note else "")
    return Finding(pending=pending, outcome=Outcome.ADOPT, text=text, id=match.id, ready=match.ready)


def _unsettled(pending: Pending, text: str) -> Finding:
    return Finding(pending=pending, outcome=Outcome.UNSETTLED, text=text)


def _other(kind: str) -> str:
    if kind == "updating":
        return "what AWS has now is read; the next update changes what is missing"
    if kind == "deleting":
        return "if it is gone, it leaves the state; if not, the next update deletes it"
    return "nothing was changed in AWS"
