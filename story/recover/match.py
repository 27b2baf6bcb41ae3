"""What a lookup in AWS gets, and what it finds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from aws.client import Client, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A thing in AWS that fits a creation that was cut off.

    Attributes:
        id: What the provider imports it by.
        arn: Its ARN or id, by which the state knows what is recorded already.
        created: When it was made, where AWS says so.
        ready: Whether AWS is done with making it.
    """

    id: str
    arn: str = ""
    created: datetime | None = None
    ready: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingInputs:
    """What a creation that was cut off asked for.

    Attributes:
        inputs: As the provider was asked.
        tags: All tags that it asked for, the provider's own among them.
    """

    inputs: Json
    tags: Mapping[str, str]

    def text(self, name: str) -> str:
        """An input that is a text; empty if it was left out."""
        value = self.inputs.get(name)
        return value if isinstance(value, str) else ""

    def tagged(self, tags: object) -> bool:
        """Whether a thing's tags, as a list of keys and values, hold all that was asked for."""
        pairs = {
            (tag.get("Key", tag.get("TagKey")), tag.get("Value", tag.get("TagValue")))
            for tag in cast(list[dict[str, str]], tags or [])
        }
        return bool(self.tags) and pairs >= set(self.tags.items())


Lookup = Callable[[Client, PendingInputs], list[Match]]
