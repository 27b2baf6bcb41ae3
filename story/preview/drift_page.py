"""The page of `story drift`: a line for each resource, for terminals, for an issue on GitHub, and for tools."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from story.engine.preview import Op
from story.preview.drift import ChangedProperty, Drift, DriftedResource, PendingChange
from story.preview.markdown import markdown_page
from story.preview.page import PARTICIPLES, Block, Line, OutsideText, Part, Style
from story.preview.plain_text import text_page
from story.preview.summary import counted

MOST_PROPERTIES = 4
MOST_WAITING = 20
LONGEST_VALUE = 100
"""Characters of a value that are shown, so that it fits into one line; the JSON has all."""


def drift_text(drift: Drift) -> str:
    """The page for a terminal or the log of a build; its first line is the verdict."""
    return text_page(_verdict(drift), _blocks(drift))


def drift_markdown(drift: Drift) -> str:
    """The page for the body of an issue; its last line is invisible and always the same for a stack."""
    return markdown_page(_verdict(drift), _blocks(drift), about="story-drift", stack=drift.stack)


def drift_json(drift: Drift) -> str:
    """For tools."""
    drifted = [{**asdict(one), "gone": one.is_gone} for one in drift.drifted]
    waiting = [asdict(one) for one in drift.waiting]
    return json.dumps({"stack": drift.stack, "drifted": drifted, "waiting": waiting}, indent=2) + "\n"


def _verdict(drift: Drift) -> str:
    if not drift.drifted:
        return "No drift: AWS matches the last update"
    return f"{counted(len(drift.drifted), 'resource')} changed outside of the program"


def _blocks(drift: Drift) -> Iterator[Block]:
    yield Block(title="", lines=[["Stack ", OutsideText(drift.stack or "unknown"), "."]], style=Style.TEXT)
    if drift.drifted:
        yield Block(title="Drift", lines=[list(_drifted(one)) for one in drift.drifted])
    if drift.waiting:
        lines: list[Line] = [list(_waiting(one)) for one in drift.waiting[:MOST_WAITING]]
        if (more := len(drift.waiting) - MOST_WAITING) > 0:
            lines.append([f"and {more} more"])
        also = ", or follow from the drift above" if drift.drifted else ""
        yield Block(
            title=f"Not drift: the next update also makes these changes; they were edited but not applied yet{also}",
            lines=lines,
        )


def _drifted(one: DriftedResource) -> Iterator[Part]:
    yield from (OutsideText(one.name), ": ")
    if one.is_gone:
        yield "was deleted in AWS"
        return
    for place, moved in enumerate(one.moved[:MOST_PROPERTIES]):
        yield "; " if place else ""
        yield from _moved(moved)
    if (more := len(one.moved) - MOST_PROPERTIES) > 0:
        yield f"; and {more} more {'property' if more == 1 else 'properties'}"
    if one.op is Op.REPLACE:
        yield "; the next update replaces the resource"


def _moved(moved: ChangedProperty) -> Iterator[Part]:
    yield OutsideText(moved.path)
    if moved.aws is None:
        yield " is missing in AWS"
    else:
        yield from (" is ", _value(moved.aws), " in AWS")
    if moved.program is None:
        yield ", and not set in the program"
    else:
        yield from (", in the program ", _value(moved.program))


def _waiting(one: PendingChange) -> Iterator[Part]:
    yield from (OutsideText(one.name), f": would be {PARTICIPLES[one.op]}")
    for place, reason in enumerate(one.because):
        yield ", " if place else ", because of "
        yield OutsideText(reason)


def _value(value: str) -> OutsideText:
    return OutsideText(value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}...")
