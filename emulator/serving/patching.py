"""Small tools for changing moto from outside.

moto's classes are changed in place, before the server starts. Everything that a change has to remember is kept on
moto's own backend objects, so that moto's reset empties it together with the rest.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend


def replace(owner: Any, name: str, value: Any) -> Any:
    """Put `value` in place of `owner.name`, and return what was there, for a replacement that calls it."""
    original = getattr(owner, name, None)
    setattr(owner, name, value)
    return original


def add_actions(response_class: Any, *actions: Callable[..., Any]) -> None:
    """Teach a moto response class more API actions; each function's name is the action in snake case."""
    for action in actions:
        setattr(response_class, action.__name__, action)


def kept(backend: Any, name: str) -> dict[Any, Any]:
    """A dictionary that lives exactly as long as the backend's own content: a reset drops it."""
    return backend.__dict__.setdefault(f"_emulator_{name}", {})


def now() -> datetime:
    return datetime.now(UTC)


def zone_names(region: str) -> list[str]:
    """The names of a region's availability zones (they aren't always a, b and c: Tokyo has a, c and d)."""
    return [zone.name for zone in RegionsAndZonesBackend.zones[region]]
