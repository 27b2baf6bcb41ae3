"""Decides what to do with each interrupted operation, before the repair changes anything."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

from aws.client import Client
from aws.errors import reason
from story.recover.lookups import AGAIN, BY_TAGS_ALONE, LOOKUPS
from story.recover.match import Lookup, Match, PendingInputs
from story.recover.state_file import Pending, StateFile

CLOCKS_APART = timedelta(minutes=5)
NOT_IN_AWS = ("pulumi:", "story:", "awsx:")


class Outcome(StrEnum):
    """What to do with an interrupted operation."""

    ADOPT = "adopt"
    """The object exists in AWS and becomes a resource of the stack."""
    FORGET = "forget"
    """There is nothing to keep; the next update creates or changes what is missing."""
    UNDECIDED = "undecided"
    """The user has to decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The decision on one interrupted operation.

    Attributes:
        pending: The operation.
        outcome: What to do with it.
        text: The reason, for the user.
        id: The id by which the provider imports the object, if it is adopted; otherwise "".
        ready: Whether AWS has finished creating it.
    """

    pending: Pending
    outcome: Outcome
    text: str
    id: str = ""
    ready: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the user decided, by name or URN.

    Attributes:
        adopt: Interrupted creations whose object is known, with its id.
        forget: Interrupted creations that created nothing to keep.
    """

    adopt: Mapping[str, str] = field(default_factory=dict[str, str])
    forget: frozenset[str] = frozenset()

    def unknown(self, state: StateFile) -> list[str]:
        """The given names that are not those of an interrupted creation."""
        known = {name for pending in state.creates for name in (pending.name, pending.urn)}
        return sorted({*self.adopt, *self.forget} - known)

    def ambiguous(self, state: StateFile) -> list[str]:
        """The given names that more than one interrupted creation has."""
        names = [pending.name for pending in state.creates]
        return sorted(name for name in {*self.adopt, *self.forget} if names.count(name) > 1)

    def of(self, pending: Pending) -> Decision | None:
        """The user's decision on an operation; None without one."""
        for name in (pending.urn, pending.name):
            if name in self.adopt:
                return _adopt(pending, Match(id=self.adopt[name]), "chosen with --adopt")
            if name in self.forget:
                return Decision(pending=pending, outcome=Outcome.FORGET, text="dropped with --forget")
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLookups:
    """Looks up the objects of interrupted creations in AWS.

    Attributes:
        state: The state.
        since: When the killed update began, from its lock; None if unknown.
        choices: What the user decided.
        aws_of: The client for a provider, by its URN.
    """

    state: StateFile
    since: datetime | None
    choices: Choices
    aws_of: Callable[[str], Client]

    def decide(self, pending: Pending) -> Decision:
        """The decision on an operation."""
        if pending.kind != "creating":
            return Decision(pending=pending, outcome=Outcome.FORGET, text=_other(pending.kind))
        chosen = self.choices.of(pending)
        if chosen:
            return chosen
        if pending.type.startswith(NOT_IN_AWS):
            return Decision(pending=pending, outcome=Outcome.FORGET, text="has no object in AWS")
        if pending.type in AGAIN:
            text = f"the next update repeats it ({AGAIN[pending.type]})"
            return Decision(pending=pending, outcome=Outcome.FORGET, text=text)
        lookup = LOOKUPS.get(pending.type)
        if lookup is None:
            return _undecided(pending, f"story cannot look up a {pending.type}: check in AWS yourself")
        aws = self.aws_of(pending.provider)
        try:
            return self._decision_on(pending, self._matches(aws, pending, lookup))
        except (BotoCoreError, ClientError) as error:
            return _undecided(pending, f"could not read it from AWS: {reason(error)}")

    def is_ready(self, decision: Decision) -> bool:
        """Whether AWS has finished creating an object, or no longer has it."""
        lookup = LOOKUPS.get(decision.pending.type)
        if decision.ready or lookup is None:
            return True
        found = self._matches(self.aws_of(decision.pending.provider), decision.pending, lookup)
        return all(match.ready for match in found if match.id == decision.id)

    def _matches(self, aws: Client, pending: Pending, lookup: Lookup) -> list[Match]:
        inputs = PendingInputs(inputs=pending.inputs, tags=self.state.tags_of(pending))
        recorded = self.state.recorded
        found = lookup(aws, inputs)
        return [match for match in found if not {match.id, match.arn} & recorded]

    def _decision_on(self, pending: Pending, found: list[Match]) -> Decision:
        if not found:
            return Decision(
                pending=pending, outcome=Outcome.FORGET, text="not found in AWS; the next update creates it"
            )
        if len(found) > 1:
            ids = ", ".join(sorted(match.id for match in found))
            return _undecided(pending, f"exists {len(found)} times: {ids}")
        (match,) = found
        if pending.type in BY_TAGS_ALONE and not any(
            pending.stack in tag for tag in self.state.tags_of(pending).values()
        ):
            return _undecided(pending, f"{match.id} matches, but no tag of it names the stack {pending.stack}")
        if self.since and match.created and match.created < self.since - CLOCKS_APART:
            made = f"{match.created:%Y-%m-%d %H:%M %Z}"
            return _undecided(pending, f"{match.id} exists since {made}, so the killed update did not create it")
        return _adopt(pending, match, "" if match.ready else "AWS is still creating it")


def adopted_ids(decisions: list[Decision]) -> dict[str, str]:
    """The ids of the objects to adopt, by URN."""
    return {decision.pending.urn: decision.id for decision in decisions if decision.outcome is Outcome.ADOPT}


def _adopt(pending: Pending, match: Match, note: str) -> Decision:
    text = f"exists: {match.id}" + (f" ({note})" if note else "")
    return Decision(pending=pending, outcome=Outcome.ADOPT, text=text, id=match.id, ready=match.ready)


def _undecided(pending: Pending, text: str) -> Decision:
    return Decision(pending=pending, outcome=Outcome.UNDECIDED, text=text)


def _other(kind: str) -> str:
    if kind == "updating":
        return "the refresh reads its current values; the next update makes the remaining changes"
    if kind == "deleting":
        return "if it no longer exists, the refresh removes it from the state; otherwise the next update deletes it"
    return "nothing was changed in AWS"
