"""Detects drift: changes in AWS that the program did not make, as opposed to edits that no update has applied yet.

A preview with a refresh contains a resource three times: as the last update left it (the step `refresh`), as it is in
AWS now, and as the program defines it (both in the step that would change it). If the first two differ and the update
would change that property, the property has drifted. If they are equal, the program was edited. Properties that AWS
changes by design (`ignore_changes`) are in no step that changes something, so they are not drift.

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
"""A resource's own tags, and all tags including the provider's default tags. Outputs contain secrets in plain text."""
NOT_THERE = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedProperty:
    """One property whose value in AWS differs.

    Attributes:
        path: Path of the property: `policy.Statement.0.Action`.
        aws: The value in AWS, in one line; None if there is none.
        program: The value in the program; None if there is none.
    """

    path: str
    aws: str | None
    program: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftedResource:
    """A resource that was changed outside of the program.

    Attributes:
        name: Type and name: `Service web`.
        urn: URN of the resource.
        op: What the next update does; `create` means that the resource was deleted in AWS.
        moved: Properties that differ; empty if the resource was deleted.
    """

    name: str
    urn: str
    op: Op
    moved: Sequence[ChangedProperty] = ()

    @property
    def is_gone(self) -> bool:
        """Whether the resource was deleted in AWS."""
        return self.op is Op.CREATE


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingChange:
    """A change that is not drift: an edit that no update has applied yet, or a consequence of drift elsewhere.

    Attributes:
        name: Type and name: `TaskDefinition web`.
        op: What the next update does.
        because: Properties that differ.
    """

    name: str
    op: Op
    because: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The drift in a preview.

    Attributes:
        stack: Short name of the stack.
        errors: Why the drift is unknown, line by line; empty if the preview succeeded.
    """

    stack: str
    drifted: Sequence[DriftedResource]
    waiting: Sequence[PendingChange]
    errors: Sequence[str]


def read_drift(text: str, *, stack: str = "", exit_code: int = 0) -> Drift:
    """The drift in the output of `pulumi preview --json --refresh`.

    Args:
        text: The complete output of the command.
        stack: Name of the stack, NAME or ORG/PROJECT/NAME, in case the preview does not contain it.
        exit_code: Exit code of the command. If it is not 0, the preview failed, even if the output names no error.
    """
    found, _ = read_output(text)
    preview = read_preview(text)
    errors = list(preview.errors)
    if not errors and (preview.failed or exit_code):
        errors = [f"pulumi preview ended with exit code {exit_code}"]
    if not errors and not any(as_text(step.get("op")) == "refresh" for step in found.steps):
        errors = ["the preview did not refresh the state from AWS"]
    changed = [] if errors else list(_changed(found.steps))
    return Drift(
        stack=stack.rpartition("/")[2] or preview.stack,
        drifted=sorted(filter(None, map(_drifted, changed)), key=lambda one: (not one.is_gone, one.name)),
        waiting=sorted(filter(None, map(_waiting, changed)), key=lambda one: one.name),
        errors=errors,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ChangedResource:
    """A resource that the next update would change.

    Attributes:
        recorded: The state after the last update; empty if there was none.
        actual: The state in AWS; empty if the resource does not exist.
        wanted: The state in the program; empty if the program does not define the resource.
        because: Properties that differ between the last two.
    """

    urn: str
    op: Op
    recorded: State
    actual: State
    wanted: State
    because: Sequence[str]


def _changed(steps: Sequence[State]) -> Iterator[_ChangedResource]:
    """The resources that the next update would change, each once: a replacement can have three steps."""
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
    """The drift of a resource; None if there is none."""
    if changed.op is Op.CREATE and changed.recorded:
        return DriftedResource(name=label(changed.urn), urn=changed.urn, op=Op.CREATE)
    moved = {one.path: one for key in _looked_at(changed) for one in _moved(changed, key)}
    return (
        DriftedResource(name=label(changed.urn), urn=changed.urn, op=changed.op, moved=list(moved.values()))
        if moved
        else None
    )


def _waiting(changed: _ChangedResource) -> PendingChange | None:
    """The changes of a resource that are not drift; None if there are none."""
    if changed.op is Op.CREATE and changed.recorded:
        return None
    keys = _looked_at(changed)
    still = [key for key in keys if not list(_moved(changed, key))]
    return None if keys and not still else PendingChange(name=label(changed.urn), op=changed.op, because=still)


def _looked_at(changed: _ChangedResource) -> list[str]:
    """The properties because of which a resource would be changed."""
    if changed.op not in (Op.UPDATE, Op.REPLACE):
        return []
    return [key for key in changed.because if key != ALL_TAGS or TAGS not in changed.because]


def _moved(changed: _ChangedResource, key: str) -> Iterator[ChangedProperty]:
    """The parts of a property in which AWS differs both from the last update and from the program."""
    if key in (TAGS, ALL_TAGS):
        yield from _moved_tags(changed)
    recorded, actual, wanted = _values(changed, key)
    since = [one.path for one in _between(key, recorded, actual)]
    for one in _between(key, actual, wanted):
        if any(_within(one.path, path) or _within(path, one.path) for path in since):
            yield ChangedProperty(path=one.path, aws=one.before, program=one.after)


def _moved_tags(changed: _ChangedResource) -> Iterator[ChangedProperty]:
    """The tags that drifted, including default tags; without their values, which can be secrets."""
    recorded, actual = (
        as_map(as_map(state.get("outputs")).get(ALL_TAGS)) for state in (changed.recorded, changed.actual)
    )
    for name in dict.fromkeys([*recorded, *actual]):
        if recorded.get(name) != actual.get(name):
            aws, program = (SECRET if name in tags else None for tags in (actual, recorded))
            yield ChangedProperty(path=f"{TAGS}.{name}", aws=aws, program=program)


def _values(changed: _ChangedResource, key: str) -> tuple[Any, Any, Any]:
    """A property as recorded, in AWS, and in the program.

    If the program sets the property, the inputs are compared. If not, the outputs are, and the value after the last
    update counts as the program's. Outputs of tags are not read.
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
    """A property of the state in AWS; an empty value counts as none."""
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
