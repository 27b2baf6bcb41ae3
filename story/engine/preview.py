"""Reads what `pulumi preview --json` wrote: the one document, or the events that it streams.

Read are names, types, inputs, options and messages; never outputs (`tagsAll` holds secrets there in plain text) and
never the config beyond the region. Nothing here raises: output that is cut off, mixed with other lines or of another
shape becomes a preview that failed, with what can be said about it.

www.pulumi.com/docs/iac/cli/commands/pulumi_preview
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from settings.project import PROJECT
from story.engine.output import ENDS_EARLY, Found, State, as_map, as_text, as_texts, errors_beside, read_output
from story.plan.recorder import SECRET, SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN
from story.redact import redacted

UNKNOWNS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""Placeholders of the engine for values that are known only after the update:
github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go"""
STACK_TYPE = "pulumi:pulumi:Stack"
COMPONENTS_ARE = ("story:index:", "awsx:")
PROJECTS = (PROJECT, "bootstrap")
"""The Pulumi projects of this repository: the summary of a preview is only valid for these."""
DEEPEST = 60
"""Maximum depth of a value that is read; no input of AWS is half as deep."""


class Op(StrEnum):
    """What happens to a resource."""

    CREATE = "create"
    IMPORT = "import"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


OPS: Mapping[str, Op] = {
    "create": Op.CREATE,
    "import": Op.IMPORT,
    "update": Op.UPDATE,
    "delete": Op.DELETE,
    # A replacement has up to three steps in a stream of events, and one in the document.
    "replace": Op.REPLACE,
    "create-replacement": Op.REPLACE,
    "delete-replaced": Op.REPLACE,
    "import-replacement": Op.REPLACE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StackResource:
    """A resource of a stack, before or after the update.

    Attributes:
        component: Names of the components that contain it, from the top, at most two: `stores/aurora`.
        inputs: Its inputs; `<unknown>` and `[secret]` stand for unknown values and for secrets.
    """

    type: str
    name: str
    component: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a resource; a replacement is one change.

    Attributes:
        before: Inputs before the update; None if the resource is new.
        after: Inputs after the update; None if the resource is deleted.
        because: Properties that differ.
        replaced_by: Properties whose change requires a replacement.
        protected: Pulumi rejects its deletion.
        was_protected: Whether it was protected before the update.
        kept: Pulumi removes it only from the state, and it stays in AWS (`retainOnDelete`).
    """

    op: Op
    type: str
    name: str
    component: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    because: Sequence[str] = ()
    replaced_by: Sequence[str] = ()
    protected: bool = False
    was_protected: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A policy that a resource violates."""

    policy: str
    pack: str
    resource: str
    message: str
    blocks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The result of a preview.

    Attributes:
        stack: Name of the stack; empty if the output does not contain it.
        region: Region of the stack; empty as above.
        before: Resources before the update.
        after: Resources after the update.
        new: The stack has no resources yet.
        complete: Whether `before` and `after` contain all resources of the stack, and not only those that change.
        errors: Why the preview failed, line by line.
        failed: The preview did not complete, or the engine rejects the update.
    """

    stack: str
    region: str
    changes: Sequence[Change]
    before: Sequence[StackResource]
    after: Sequence[StackResource]
    new: bool
    complete: bool
    errors: Sequence[str]
    warnings: Sequence[str]
    violations: Sequence[Violation]
    failed: bool


def read_preview(text: str, *, stack: str = "") -> Preview:
    """Reads the output of `pulumi preview --json`, which can contain other lines.

    Args:
        text: The output.
        stack: Name of the stack that the preview must be of, NAME or ORG/PROJECT/NAME; "" accepts any.
    """
    found, beside = read_output(text)
    beside = redacted("\n".join(beside)).splitlines()
    said = [*found.errors, *_messages(found.diagnostics, "error"), *found.unread, *_of_another(found.steps, stack)]
    if not found.ended:
        said += errors_beside(beside)
        if found.steps or any('"' in line or line.startswith("{") for line in beside):
            said.append(ENDS_EARLY)
        said = said or _no_output(beside)
    return _preview(found, [line for line in dict.fromkeys(said) if line.strip()])


def _no_output(beside: Sequence[str]) -> list[str]:
    said = [line for line in beside if line.strip()]
    return [f"the input contains no output of pulumi preview --json{', but other lines' if said else ''}", *said]


def _of_another(steps: Sequence[State], stack: str) -> Iterator[str]:
    """The error for a preview of another stack or project."""
    urns = [as_text(step.get("urn")).split("::") for step in steps]
    places = dict.fromkeys((parts[0].rpartition(":")[2], parts[1]) for parts in urns if len(parts) == 4)
    wanted = stack.rpartition("/")[2]
    for name, project in list(places)[:1]:
        if project not in PROJECTS:
            yield f"the preview is of the project {project}; allowed are {' and '.join(PROJECTS)}"
        elif wanted and name != wanted:
            yield f"the preview is of the stack {name}, not of {wanted}"


def _preview(found: Found, errors: Sequence[str]) -> Preview:
    parents: dict[str, str] = {}
    for state in _states(found.steps):
        parents.setdefault(as_text(state.get("urn")), as_text(state.get("parent")))
    before: dict[str, StackResource] = {}
    after: dict[str, StackResource] = {}
    changes: dict[str, Change] = {}
    refreshed = False
    for step in found.steps:
        urn, op = as_text(step.get("urn")), as_text(step.get("op"))
        old, new = as_map(step.get("oldState")), as_map(step.get("newState"))
        if op == "refresh":
            refreshed = True
        if _type(urn) == STACK_TYPE or op.startswith("read"):
            continue
        if old:
            before.setdefault(urn, _stack_resource(urn, old, parents))
        # A deletion is the last step; in a replacement, that step has no new state.
        if new and op != "delete-replaced":
            after[urn] = _stack_resource(urn, new, parents)
        if op == "delete":
            after.pop(urn, None)
        if op == "same" and old and new and bool(old.get("protect")) != bool(new.get("protect")):
            # The engine counts this as no change; for reviewers, it is the first step of a deletion.
            step, op = {**step, "diffReasons": ["protect"]}, "update"
        if op in OPS and not is_component(urn, new or old):
            change = _change(OPS[op], urn, old, new, step, parents)
            changes[urn] = _joined(changes[urn], change) if urn in changes else change
    # A preview without refresh does not list unchanged resources, so an empty list does not mean a new stack.
    roots = [as_text(step.get("op")) for step in found.steps if _type(as_text(step.get("urn"))) == STACK_TYPE]
    new = "create" in roots if roots else not before
    return Preview(
        stack=next((as_text(step.get("urn")).split("::")[0].rpartition(":")[2] for step in found.steps), ""),
        region=as_text(found.config.get("aws:region")),
        changes=tuple(changes.values()),
        before=tuple(before.values()),
        after=tuple(after.values()),
        new=new,
        complete=refreshed or new,
        errors=tuple(errors),
        warnings=tuple(line for line in _messages(found.diagnostics, "warning") if "from $PATH at" not in line),
        violations=tuple(_violation(event) for event in found.policies),
        failed=found.refused or not found.ended or bool(errors),
    )


def _change(op: Op, urn: str, old: State, new: State, step: State, parents: Mapping[str, str]) -> Change:
    goes = op is Op.DELETE
    return Change(
        op=op,
        type=_type(urn),
        name=_name(urn),
        component=_component(urn, parents),
        before=_inputs(old) if old else None,
        after=_inputs(new) if new and not goes else None,
        because=as_texts(step.get("diffReasons")),
        replaced_by=as_texts(step.get("replaceReasons")),
        protected=bool(old.get("protect")) if goes else bool(new.get("protect")),
        was_protected=bool(old.get("protect")),
        kept=bool(old.get("retainOnDelete")),
    )


def _joined(first: Change, then: Change) -> Change:
    """Combines two steps of a replacement into one change."""
    return Change(
        op=Op.REPLACE,
        type=first.type,
        name=first.name,
        component=first.component,
        before=first.before if first.before is not None else then.before,
        after=first.after if first.after is not None else then.after,
        because=first.because or then.because,
        replaced_by=first.replaced_by or then.replaced_by,
        protected=first.protected or then.protected,
        was_protected=first.was_protected or then.was_protected,
        kept=first.kept or then.kept,
    )


def _stack_resource(urn: str, state: State, parents: Mapping[str, str]) -> StackResource:
    return StackResource(type=_type(urn), name=_name(urn), component=_component(urn, parents), inputs=_inputs(state))


def _component(urn: str, parents: Mapping[str, str]) -> str:
    names: list[str] = []
    holder = parents.get(urn, "")
    for _ in range(DEEPEST):
        if not holder or _type(holder) == STACK_TYPE:
            break
        if _type(holder).startswith(COMPONENTS_ARE):
            names.append(_name(holder))
        holder = parents.get(holder, "")
    return "/".join(list(dict.fromkeys(reversed(names)))[:2])


def _inputs(state: State) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], plain(as_map(state.get("inputs"))))


def plain(value: Any, depth: int = 0) -> Any:
    """A value with `[secret]` and `<unknown>` in place of secrets and unknown values."""
    if depth > DEEPEST:
        return "..."
    match value:
        case dict():
            fields = cast(dict[str, Any], value)
            if fields.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
                return SECRET
            return {key: plain(item, depth + 1) for key, item in fields.items() if key != "__defaults"}
        case list():
            return [plain(item, depth + 1) for item in cast(list[Any], value)]
        case str() if value in UNKNOWNS:
            return UNKNOWN
        case _:
            return value


def _violation(event: State) -> Violation:
    lines = [line for line in as_text(event.get("message")).splitlines() if line.strip()]
    return Violation(
        policy=as_text(event.get("policyName")),
        pack=as_text(event.get("policyPackName")),
        resource=label(as_text(event.get("resourceUrn"))),
        # The first line is the policy's description, which repeats its name.
        message=" ".join(lines[1:] or lines),
        blocks=event.get("enforcementLevel") == "mandatory",
    )


def _messages(diagnostics: Sequence[State], severity: str) -> list[str]:
    """Lines of this severity; of a traceback only the last line, which is the error."""
    lines: list[str] = []
    for diagnostic in diagnostics:
        if diagnostic.get("severity") != severity:
            continue
        said = [line.strip() for line in redacted(as_text(diagnostic.get("message"))).splitlines() if line.strip()]
        if any(line.startswith("Traceback ") for line in said):
            said = [said[-1]]
        if severity == "warning":
            said = [" ".join(said)] if said else []
        urn = as_text(diagnostic.get("urn"))
        said_of = f"{label(urn)}: " if urn else ""
        lines += [f"{said_of}{line.removeprefix(f'{severity}: ')}" for line in said[:1]] + said[1:]
    # The engine adds this to every failure.
    real = [line for line in lines if line not in ("preview failed", "update failed")]
    return list(dict.fromkeys(real or lines))


def is_component(urn: str, state: State) -> bool:
    """Whether it is not a resource of AWS: a component, a provider, or the stack itself."""
    return state.get("custom") is False or _type(urn).startswith(("pulumi:", *COMPONENTS_ARE))


def label(urn: str) -> str:
    """Type and name of a resource: `LogGroup web`."""
    return f"{_type(urn).rpartition(':')[2]} {_name(urn)}".strip()


def _type(urn: str) -> str:
    parts = urn.split("::", 3)
    return parts[2].rpartition("$")[2] if len(parts) == 4 else ""


def _name(urn: str) -> str:
    return urn.split("::", 3)[3] if urn.count("::") >= 3 else urn


def _states(steps: Sequence[State]) -> Iterator[State]:
    for step in steps:
        for key in ("newState", "oldState"):
            if state := as_map(step.get(key)):
                yield state
