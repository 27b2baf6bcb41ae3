"""Differences between the inputs of a resource before and after an update, by property, with secrets hidden."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from story.engine.preview import DEEPEST, Change
from story.plan.recorder import SECRET, UNKNOWN
from story.redact import hidden, named_like_a_secret

LONGEST_VALUE = 200
MOST = 40
AFTER = "known after the update"
_NOTHING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One property that differs.

    Attributes:
        path: Path of the property: `containerDefinitions.app.image`.
        before: The old value in one line; None if there was none.
        after: The new value in one line; None if it is removed.
    """

    path: str
    before: str | None
    after: str | None


def differences(change: Change) -> list[Difference]:
    """The differences of a change, at most `MOST` properties.

    The engine compares values of the provider, which can be more than the program's inputs: a property that the engine
    names, and whose inputs are equal, is listed without values.
    """
    before, after = change.before or {}, change.after or {}
    found = list(_between(before, after, ()))
    named = {difference.path.partition(".")[0] for difference in found}
    both = change.before is not None and change.after is not None
    silent = [key for key in map(str, change.because) if re.split(r"[.\[]", key)[0] not in named]
    found += [_silent(key, before, after) for key in silent if both]
    more = len(found) - MOST
    rest = [Difference(path=f"and {more} more", before=None, after=None)] if more > 0 else []
    return [*found[:MOST], *rest]


def _between(before: Any, after: Any, path: tuple[str, ...], called: str = "") -> Iterator[Difference]:
    """The differences below `path`; `called` is the name of the pair to which a `value` belongs."""
    if _same(before, after):
        return
    before, after = _read(before), _read(after)
    if len(path) < DEEPEST and isinstance(before, dict) and isinstance(after, dict):
        old, new = cast(dict[str, Any], before), cast(dict[str, Any], after)
        name = str(new.get("name", old.get("name", "")))
        for key in dict.fromkeys([*old, *new]):
            of = name if key == "value" else ""
            yield from _between(old.get(key, _NOTHING), new.get(key, _NOTHING), (*path, str(key)), of)
        return
    if len(path) < DEEPEST and isinstance(before, list) and isinstance(after, list):
        old, new = _keyed(cast(list[Any], before)), _keyed(cast(list[Any], after))
        for key in dict.fromkeys([*old, *new]):
            yield from _between(old.get(key, _NOTHING), new.get(key, _NOTHING), (*path, key))
        return
    key = next(filter(named_like_a_secret, [called, *path]), path[-1] if path else "")
    old, new = _shown(before, key), _shown(after, key)
    if SECRET in (old, new):
        # If one of the two values is a secret, the other one is hidden too.
        old, new = (SECRET if old is not None else None), (SECRET if new is not None else None)
    yield Difference(path=".".join(path), before=old, after=new)


def _silent(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference:
    """A property that the engine names, and whose inputs are equal."""
    if SECRET in (before.get(key), after.get(key)):
        return Difference(path=key, before=SECRET, after=SECRET)
    if key == "protect":
        return Difference(path="Pulumi's protection", before=None, after=None)
    return Difference(path=key, before=None, after="differs in values that the provider adds")


def _same(before: Any, after: Any) -> bool:
    if before is _NOTHING or after is _NOTHING:
        return before is after
    return bool(before == after)


def _read(value: Any) -> Any:
    """Parses values that are JSON text, such as container definitions and policies."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _keyed(items: Sequence[Any]) -> dict[str, Any]:
    """The items by name, if all names are different; otherwise by index."""
    maps = [cast(dict[str, Any], item) for item in items if isinstance(item, dict)]
    names = [item.get("name") for item in maps]
    if len(maps) == len(items) == len({str(name) for name in names}) and all(isinstance(name, str) for name in names):
        return {str(name): item for name, item in zip(names, items, strict=True)}
    return {str(place): item for place, item in enumerate(items)}


def _shown(value: Any, key: str) -> str | None:
    if value is _NOTHING:
        return None
    if value == UNKNOWN:
        return AFTER
    safe = hidden(value, key)
    if safe == SECRET:
        return SECRET
    text = json.dumps(safe, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def inputs_shown(inputs: Mapping[str, Any]) -> list[Difference]:
    """All inputs of a new resource."""
    found = [Difference(path=key, before=None, after=_shown(_read(value), key)) for key, value in inputs.items()]
    return found[:MOST]
