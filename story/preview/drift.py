"""What AWS has that the program did not make so, told apart from edits that no update has applied yet.

A preview that refreshes tells of a thing three times: as the last update left it (the step `refresh`), as AWS has it
now, and as the program wants it (both in the step that would change it). Where the first two differ and the update
would change that property, something moved behind the program's back. Where they are the same, the program moved.
What AWS moves by design (`ignore_changes`) is in no step that changes something, and so it is no drift.

www.pulumi.com/docs/iac/cli/commands/pulumi_preview
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from story.engine.output import State, as_map, as_text, as_texts, read_output
from story.engine.preview import OPS, Change, Op, is_component, label, plain, read_preview
from story.plan.recorder import SECRET
from story.preview.difference import Difference, differences

TAGS, ALL_TAGS = "tags", "tagsAll"
"""A thing's own tags, and these with those that every resource gets. The outputs hold secrets in plain text."""
NOT_THERE = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedProperty:
    """One property that AWS has otherwise.

    Attributes:
        path: Where it is: `policy.Statement.0.Action`.
        aws: What AWS has, in one line; None if it does not have it.
        program: What the program wants; None if it does not want it.
    """

    path: str
    aws: str | None
    program: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftedResource:
    """A thing that changed behind the program's back.

    Attributes:
        name: As people call it: `Service web`.
        urn: As the engine calls it.
        op: What the next update does about it; to create is to make again what is gone from AWS.
        moved: Properties that differ; none of a thing that is gone.
    """

    name: str
    urn: str
    op: Op
    moved: Sequence[ChangedProperty] = ()

    @property
    def is_gone(self) -> bool:
        """Whether AWS does not have it any more."""
        return self.op is Op.CREATE


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingChange:
    """A change that is no drift: an edit that no update has applied yet, or what follows from drift elsewhere.

    Attributes:
        name: As people call it: `TaskDefinition web`.
        op: What the next update does.
        because: Properties that differ.
    """

    name: str
    op: Op
    because: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What a preview says about drift.

    Attributes:
        stack: Short name of the stack.
        errors: Why nobody can tell, line by line; empty if the preview came to its end.
    """

    stack: str
    drifted: Sequence[DriftedResource]
    waiting: Sequence[PendingChange]
    errors: Sequence[str]


def read_drift(text: str, *, stack: str = "", exit_code: int = 0) -> Drift:
    """The drift in the output of `pulumi preview --json --refresh`.

    Args:
        text: All that the command said.
        stack: Name of the stack, short or in full, if the preview may not say it.
        exit_code: Of the command; a preview that failed without saying why is not taken for one that found nothing.
    """
    found, _ = read_output(text)
    preview = read_preview(text)
    errors = list(preview.errors)
    if not errors and (preview.failed or exit_code):
        errors = [f"pulumi preview ended with exit code {exit_code}"]
    if not errors and not any(as_text(step.get("op")) == "refresh" for step in found.steps):
        errors = ["the preview did not look at what AWS has"]
    changed = [] if errors else list(_changed(found.steps))
    return Drift(
        stack=stack.rpartition("/")[2] or preview.stack,
        drifted=sorted(filter(None, map(_drifted, changed)), key=lambda one: (not one.is_gone, one.name)),
        waiting=sorted(filter(None, map(_waiting, changed)), key=lambda one: one.name),
        errors=errors,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ChangedResource:
    """A thing that the next update would change.

    Attributes:
        recorded: Its state as the last update left it; empty if there was none.
        actual: As AWS has it; empty if it does not.
        wanted: As the program wants it; empty if it does not.
        because: Properties that differ between the last two.
    """

    urn: str
    op: Op
    recorded: State
    actual: State
    wanted: State
    because: Sequence[str]


def _changed(steps: Sequence[State]) -> Iterator[_ChangedResource]:
    """What the next update would change, each thing once: a replacement may be told in three steps."""
    recorded: dict[str, State] = {}
    later: dict[str, list[State]] = {}
    for step in steps:
        urn, op = as_text(step.get("urn")), as_text(step.get("op"))
        if op == "refresh":
            recorded[urn] = as_map(step.get("oldState"))
        elif op in OPS:
            later.setdefault(urn, []).append(step)
    for urn, told in later.items():
        actual, wanted = (_first(as_map(step.get(key)) for step in told) for key in ("oldState", "newState"))
        if is_component(urn, wanted or actual):
            continue
        reasons = [reason for step in told for reason in as_texts(step.get("diffReasons"))]
        yield _ChangedResource(
            urn=urn,
            op=OPS[as_text(told[0].get("op"))],
            recorded=recorded.get(urn, {}),
            actual=actual,
            wanted=wanted,
            because=list(dict.fromkeys(re.split(r"[.\[]", reason)[0] for reason in reasons)),
        )


def _first(states: Iterable[State]) -> State:
    nothing: State = {}
    return next((state for state in states if state), nothing)


def _drifted(changed: _ChangedResource) -> DriftedResource | None:
    """What moved of a thing; None if nothing did."""
    if changed.op is Op.CREATE and changed.recorded:
        return DriftedResource(name=label(changed.urn), urn=changed.urn, op=Op.CREATE)
    moved = {one.path: one for key in _looked_at(changed) for one in _moved(changed, key)}
    return (
        DriftedResource(name=label(changed.urn), urn=changed.urn, op=changed.op, moved=list(moved.values()))
        if moved
        else None
    )


def _waiting(changed: _ChangedResource) -> PendingChange | None:
    """What differs of a thing without having moved; None if that is nothing."""
    if changed.op is Op.CREATE and changed.recorded:
        return None
    keys = _looked_at(changed)
    still = [key for key in keys if not list(_moved(changed, key))]
    return None if keys and not still else PendingChange(name=label(changed.urn), op=changed.op, because=still)


def _looked_at(changed: _ChangedResource) -> list[str]:
    """The properties that tell why a thing would be changed."""
    if changed.op not in (Op.UPDATE, Op.REPLACE):
        return []
    return [key for key in changed.because if key != ALL_TAGS or TAGS not in changed.because]


def _moved(changed: _ChangedResource, key: str) -> Iterator[ChangedProperty]:
    """What AWS has otherwise within one property than the last update left it, and the program wants otherwise."""
    if key in (TAGS, ALL_TAGS):
        yield from _moved_tags(changed)
    recorded, actual, wanted = _values(changed, key)
    since = [one.path for one in _between(key, recorded, actual)]
    for one in _between(key, actual, wanted):
        if any(_within(one.path, path) or _within(path, one.path) for path in since):
            yield ChangedProperty(path=one.path, aws=one.before, program=one.after)


def _moved_tags(changed: _ChangedResource) -> Iterator[ChangedProperty]:
    """The tags that moved, those that every resource gets included; without their values, which may be secrets."""
    recorded, actual = (
        as_map(as_map(state.get("outputs")).get(ALL_TAGS)) for state in (changed.recorded, changed.actual)
    )
    for name in dict.fromkeys([*recorded, *actual]):
        if recorded.get(name) != actual.get(name):
            aws, program = (SECRET if name in tags else None for tags in (actual, recorded))
            yield ChangedProperty(path=f"{TAGS}.{name}", aws=aws, program=program)


def _values(changed: _ChangedResource, key: str) -> tuple[Any, Any, Any]:
    """A property as it was recorded, as AWS has it and as the program wants it.

    Inputs say it, where the program sets it. Where it does not, only the outputs do, and what the last update left is
    what the program wants. No outputs of tags are read.
    """
    states = (changed.recorded, changed.actual, changed.wanted)
    inputs = [as_map(state.get("inputs")) for state in states]
    if any(key in one for one in inputs):
        recorded, actual, wanted = (plain(one[key]) if key in one else NOT_THERE for one in inputs)
        return recorded, actual, wanted
    if key in (TAGS, ALL_TAGS):
        return NOT_THERE, NOT_THERE, NOT_THERE
    recorded, actual = (_output(state, key) for state in states[:2])
    return recorded, actual, recorded


def _output(state: State, key: str) -> Any:
    """A property of what AWS answered; one without content is as good as none."""
    value = plain(as_map(state.get("outputs")).get(key))
    return NOT_THERE if value in (None, "", [], {}) else value


def _between(key: str, before: Any, after: Any) -> Iterator[Difference]:
    change = Change(op=Op.UPDATE, type="", name="", component="", before=_held(key, before), after=_held(key, after))
    for one in differences(change):
        if one.before is not None or one.after is not None:
            yield one


def _held(key: str, value: Any) -> Mapping[str, Any]:
    return {} if value is NOT_THERE else {key: value}


def _within(path: str, other: str) -> bool:
    return path == other or path.startswith(f"{other}.")
