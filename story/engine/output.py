"""Finds what `pulumi preview --json` says in what a command wrote, among whatever else stands there."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

State = Mapping[str, Any]
NO_CHANGE = frozenset(
    {"same", "refresh", "read", "read-replacement", "discard", "discard-replaced", "remove-pending-replace"}
)
CHANGES = frozenset(
    {
        *("create", "update", "delete", "replace", "create-replacement", "delete-replaced"),
        *("import", "import-replacement"),
    }
)
"""What the engine does in a step: github.com/pulumi/pulumi/blob/master/sdk/go/common/display/events.go"""
KEYS_NAMED = 5
ENDS_EARLY = "the output of pulumi preview --json ends early"
PREVIEW_BEGINS = re.compile(r'\{\s*"(?:config|steps|diagnostics|duration|changeSummary)"')
ERROR_LINE = re.compile(r"\berror:\s*(.*)", re.IGNORECASE)
SAID_ERROR = re.compile(r'"message":\s*"((?:error|Error): (?:[^"\\]|\\.)*)"')


@dataclass(kw_only=True)
class Found:
    """What was found in the output so far.

    Attributes:
        unread: What stands there and could not be read, a line each; then nothing may be concluded from the rest.
        counted: How many changes the engine says that there are.
        ended: Whether the engine came to its end.
        refused: Whether the engine refuses the update.
    """

    config: State = field(default_factory=dict[str, Any])
    steps: list[State] = field(default_factory=list[State])
    diagnostics: list[State] = field(default_factory=list[State])
    policies: list[State] = field(default_factory=list[State])
    errors: list[str] = field(default_factory=list[str])
    unread: list[str] = field(default_factory=list[str])
    counted: int = 0
    ended: bool = False
    refused: bool = False


def read_output(text: str) -> tuple[Found, Sequence[str]]:
    """What was found, and the lines that belong to none of it."""
    found, beside = Found(), list[str]()
    for document in _documents(text, beside):
        if "steps" in document or "changeSummary" in document or "diagnostics" in document:
            _take_document(document, found)
        elif "error" in document:
            found.errors.append(str(document["error"]))
        else:
            _take_event(document, found)
    if found.ended and _cut_off(beside):
        found.unread.append(ENDS_EARLY)
    found.unread += _odd_steps(found)
    return found, beside


def errors_beside(lines: Sequence[str]) -> Iterator[str]:
    """Errors in lines that are no JSON, or are the beginning of some that was cut off."""
    for match in SAID_ERROR.finditer("\n".join(lines)):
        yield from _unquoted(match[1]).splitlines()
    for line in lines:
        if not line.lstrip().startswith(('"', '{"')) and (match := ERROR_LINE.search(line)):
            yield match[1].strip() or line.strip()


def _documents(text: str, beside: list[str]) -> Iterator[dict[str, Any]]:
    """JSON objects that begin at the start of a line; `beside` gets all lines that are in none.

    After the beginning of a preview that does not end, objects may be parts of it: whole previews and events count.
    """
    decoder, at, cut_off = json.JSONDecoder(), 0, False
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        document: Any = None
        if text.startswith("{", at):
            try:
                document, end = decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                cut_off = cut_off or bool(PREVIEW_BEGINS.match(text, at))
        if isinstance(document, dict) and (not cut_off or _is_whole(cast(State, document))):
            yield cast(dict[str, Any], document)
            at = end
        else:
            beside += text[at:end].splitlines() or [""]
            # What follows an object in its line is read next.
            at = end if document is not None else end + 1


def _is_whole(document: State) -> bool:
    return "changeSummary" in document or any(key.endswith("Event") for key in document)


def _cut_off(lines: Sequence[str]) -> bool:
    return bool(re.search(rf"^{PREVIEW_BEGINS.pattern}", "\n".join(lines), re.MULTILINE))


def _take_document(document: State, found: Found) -> None:
    found.config = found.config or as_map(document.get("config"))
    if not isinstance(document.get("steps", []), list):
        found.unread.append("its steps are no list")
    found.steps += as_maps(document.get("steps"))
    found.diagnostics += as_maps(document.get("diagnostics"))
    found.counted += _counted(document.get("changeSummary"))
    if "changeSummary" in document:
        found.ended = True
    elif not as_maps(document.get("diagnostics")):
        found.unread.append("it has no changeSummary, so an older pulumi or another program wrote it")


def _take_event(event: State, found: Found) -> None:
    if prelude := as_map(event.get("preludeEvent")):
        found.config = as_map(prelude.get("config"))
    if metadata := as_map(as_map(event.get("resourcePreEvent")).get("metadata")):
        step = {"op": metadata.get("op"), "urn": metadata.get("urn")}
        step |= {"oldState": metadata.get("old"), "newState": metadata.get("new")}
        found.steps.append({**step, "diffReasons": metadata.get("diffs"), "replaceReasons": metadata.get("keys")})
    if diagnostic := as_map(event.get("diagnosticEvent")):
        found.diagnostics.append(diagnostic)
    if policy := as_map(event.get("policyEvent")):
        found.policies.append(policy)
    if summary := as_map(event.get("summaryEvent")):
        found.ended = True
        found.refused = found.refused or summary.get("result") == "failed"
        found.counted += _counted(summary.get("resourceChanges"))
    if not any(key.endswith("Event") for key in event):
        keys = ", ".join(sorted(event)[:KEYS_NAMED]) or "none"
        found.unread.append(f"it holds JSON that is not of pulumi preview --json; its keys are {keys}")


def _counted(changes: Any) -> int:
    """The changes in the engine's own count of operations."""
    return sum(count for op, count in as_map(changes).items() if op in CHANGES and isinstance(count, int))


def _odd_steps(found: Found) -> Iterator[str]:
    """Why the steps do not say what the update would do."""
    nameless = sum(not as_text(step.get("op")) or not as_text(step.get("urn")) for step in found.steps)
    if nameless:
        yield f"{nameless} of its {len(found.steps)} steps have no operation or no resource"
    ops = {as_text(step.get("op")) for step in found.steps} - {""}
    if unknown := sorted(ops - NO_CHANGE - CHANGES):
        yield f"it has steps of unknown kinds: {', '.join(unknown[:KEYS_NAMED])}"
    if found.counted and not ops & CHANGES and not nameless:
        yield f"it counts {found.counted} changes and lists none"


def as_map(value: Any) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def as_maps(value: Any) -> list[State]:
    return [as_map(item) for item in cast(list[Any], value)] if isinstance(value, list) else []


def as_texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in cast(list[Any], value)) if isinstance(value, list) else ()


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"')).strip().removeprefix("error: ")
    except ValueError:
        return text
