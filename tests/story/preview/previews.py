"""Previews for tests: those that were recorded from the engine, and small ones in the same shape."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from story.engine.preview import Preview, read_preview

RECORDED = Path(__file__).parent / "recorded_previews"
NAMES = sorted(path.stem for path in RECORDED.glob("*.json"))
ROOT = "urn:pulumi:test::story::pulumi:pulumi:Stack::story-test"


def recorded_text(name: str) -> str:
    """What the engine wrote."""
    return (RECORDED / f"{name}.json").read_text("utf-8")


def recorded(name: str) -> Preview:
    """What the engine wrote, as it is read."""
    return read_preview(recorded_text(name))


def urn(type_: str, name: str) -> str:
    """The engine's name of a resource."""
    return f"urn:pulumi:test::story::{type_}::{name}"


def step(
    op: str,
    type_: str,
    name: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    parent: str = ROOT,
    because: Sequence[str] = (),
    **old: Any,
) -> dict[str, Any]:
    """A step; `old` are further fields of the old state, such as `protect`."""
    held = {"urn": urn(type_, name), "type": type_, "custom": not type_.startswith("story:"), "parent": parent}
    made: dict[str, Any] = {"op": op, "urn": held["urn"], "diffReasons": list(because)}
    if before is not None:
        made["oldState"] = {**held, "inputs": before, **old}
    if after is not None:
        made["newState"] = {**held, "inputs": after}
    return made


def document(*steps: Mapping[str, Any], **more: Any) -> str:
    """The engine's document."""
    whole = {"config": {"aws:region": "ap-northeast-1"}, "steps": list(steps), "changeSummary": {}, "diagnostics": []}
    return json.dumps({**whole, **more}, indent=4)


def preview(*steps: Mapping[str, Any], **more: Any) -> Preview:
    """A preview of a stack that has something already."""
    there = step("refresh", "aws:iam/role:Role", "there", before={}, after={})
    return read_preview(document(there, *steps, **more))
