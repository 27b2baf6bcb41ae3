"""Finds what `pulumi preview --json` says in what a command wrote, among whatever else stands there."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

State = Mapping[str, Any]
ERROR_LINE = re.compile(r"\berror:\s*(.*)", re.IGNORECASE)
SAID_ERROR = re.compile(r'"message":\s*"((?:error|Error): (?:[^"\\]|\\.)*)"')


@dataclass(kw_only=True)
class Found:
    """What was found in the output so far."""

    config: State = field(default_factory=dict[str, Any])
    steps: list[State] = field(default_factory=list[State])
    diagnostics: list[State] = field(default_factory=list[State])
    policies: list[State] = field(default_factory=list[State])
    errors: list[str] = field(default_factory=list[str])
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
    return found, beside


def errors_beside(lines: Sequence[str]) -> Iterator[str]:
    """Errors in lines that are no JSON, or are the beginning of some that was cut off."""
    for match in SAID_ERROR.finditer("\n".join(lines)):
        yield from _unquoted(match[1]).splitlines()
    for line in lines:
        if not line.lstrip().startswith('"') and (match := ERROR_LINE.search(line)):
            yield match[1].strip() or line.strip()


def _documents(text: str, beside: list[str]) -> Iterator[dict[str, Any]]:
    """JSON objects that begin at the start of a line; `beside` gets all lines that are in none."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        document: Any = None
        if text.startswith("{", at):
            try:
                document, end = decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                document = None
        if isinstance(document, dict):
            yield cast(dict[str, Any], document)
            at = end
        else:
            beside.append(text[at:end])
            at = end + 1


def _take_document(document: State, found: Found) -> None:
    found.config = found.config or as_map(document.get("config"))
    found.steps += as_maps(document.get("steps"))
    found.diagnostics += as_maps(document.get("diagnostics"))
    found.ended = found.ended or "changeSummary" in document


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
