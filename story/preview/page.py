"""The page of a summary, as blocks of lines without markup.

Names, values and messages that the program did not write are `OutsideText`, so that each renderer can escape them.
Everything else is the program's own text.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from story.cost.cost import Estimate
from story.engine.preview import Op
from story.preview.difference import Difference
from story.preview.migrations import Migration
from story.preview.summary import Detail, Entry, Section, Summary, counted, money
from story.resource_categories import Category

PARTICIPLES = {
    Op.CREATE: "created",
    Op.IMPORT: "imported",
    Op.UPDATE: "updated",
    Op.REPLACE: "replaced",
    Op.DELETE: "deleted",
}
NO_REASON = "preview failed"
MOST_ERRORS = 20
MOST_STATEMENTS = 5
SIGNS = {Op.CREATE: "+", Op.IMPORT: "+", Op.DELETE: "-"}


@dataclass(frozen=True, slots=True)
class OutsideText:
    """Text that the program did not write."""

    text: str


Part = str | OutsideText
Line = Sequence[Part]


class Style(StrEnum):
    """How the lines of a block are rendered."""

    TEXT = "text"
    LIST = "list"
    LOUD = "loud"
    TABLE = "table"
    DIFF = "diff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines under a title.

    Attributes:
        title: Title of the block; empty if the block continues the one above.
        lines: In a table, a part is a cell and the first line is the head.
        folded: Whether the block is collapsed.
    """

    title: str
    lines: Sequence[Line]
    style: Style = Style.LIST
    folded: bool = False


def blocks(summary: Summary) -> Iterator[Block]:
    """The page below its verdict, the most important first."""
    yield Block(title="", lines=[list(_about(summary))], style=Style.TEXT)
    yield from _errors(summary)
    yield from _policies(summary)
    if summary.failed and not summary.violations:
        return
    for section in summary.sections:
        if section.category is Category.DATA:
            yield _section(section)
    yield from _migrations(summary)
    for section in summary.sections:
        if section.category is not Category.DATA:
            yield _section(section)
    yield from _costs(summary)
    if summary.warnings:
        yield Block(title="Warnings of the program", lines=[[OutsideText(line)] for line in summary.warnings])
    if summary.details:
        yield Block(
            title="All differences",
            lines=[line for detail in summary.details for line in _differences(detail)],
            style=Style.DIFF,
            folded=True,
        )


def _about(summary: Summary) -> Iterator[Part]:
    yield from ("Stack ", OutsideText(summary.stack or "unknown"))
    ops = Counter(detail.op for detail in summary.details)
    if ops and not summary.failed:
        yield ": " + ", ".join(f"{ops[op]} {word}" for op, word in PARTICIPLES.items() if ops[op])
    yield "."


def _errors(summary: Summary) -> Iterator[Block]:
    if not summary.failed:
        return
    said = [line for line in summary.errors if line != NO_REASON or not summary.violations]
    lines: list[Line] = [[OutsideText(line)] for line in said[:MOST_ERRORS]]
    if len(said) > MOST_ERRORS:
        lines.append([f"and {len(said) - MOST_ERRORS} more lines"])
    if said == [NO_REASON]:
        lines.append(
            ["The output contains no more. A policy may forbid the update; docs/pull-requests.md shows how to find it."]
        )
    if lines:
        yield Block(title="Why it failed", lines=lines, style=Style.LOUD)


def _policies(summary: Summary) -> Iterator[Block]:
    found = sorted(summary.violations, key=lambda one: (not one.blocks, one.policy, one.resource))
    if found:
        lines: list[Line] = [
            [
                "forbidden by " if one.blocks else "advice of ",
                OutsideText(one.policy),
                " of ",
                OutsideText(one.pack),
                ": ",
                OutsideText(one.resource),
                ": ",
                OutsideText(one.message),
            ]
            for one in found
        ]
        yield Block(title="Policies", lines=lines, style=Style.LOUD if found[0].blocks else Style.LIST)


def _section(section: Section) -> Block:
    style = Style.LOUD if section.category is Category.DATA else Style.LIST
    return Block(title=section.title, lines=[list(_entry(entry)) for entry in section.entries], style=style)


def _entry(entry: Entry) -> Iterator[Part]:
    count = f"{entry.count} " if entry.count > 1 else ""
    yield f"{entry.verb} {count}"
    if entry.what:
        yield from (OutsideText(entry.what), " ")
    for place, name in enumerate(entry.names):
        yield ", " if place else ""
        yield OutsideText(name)
    if entry.count > len(entry.names):
        yield f" and {entry.count - len(entry.names)} more"
    if entry.component:
        yield from (" in ", OutsideText(entry.component))
    for place, reason in enumerate(entry.reasons):
        yield ", " if place else ": "
        yield OutsideText(reason)
    if entry.notes:
        yield "; " + "; ".join(entry.notes)


def _migrations(summary: Summary) -> Iterator[Block]:
    lines: list[Line] = []
    if summary.image:
        before, after = summary.image
        came = [" in place of ", OutsideText(_short(before, after))] if before else []
        lines.append(["image ", OutsideText(_short(after, before)), *came])
    if summary.list_unread:
        lines.append(["the list of migrations could not be read: ", OutsideText(summary.list_unread)])
    elif summary.migrations is None:
        if summary.image and summary.migrates and not summary.new:
            lines.append(["no list of migrations was given (story summary --migrations FILE)"])
    elif not summary.migrates and summary.migrations:
        lines.append([f"{counted(len(summary.migrations), 'migration')} in the list, but this update runs none"])
    elif not summary.migrations:
        lines.append(["no migration is pending"])
    listed = sorted(summary.migrations or (), key=lambda one: not one.destroys)
    for migration in listed:
        lines += _migration(migration)
    loud = bool(summary.list_unread) or any(migration.destroys for migration in listed)
    if lines:
        yield Block(title="Image and migrations", lines=lines, style=Style.LOUD if loud else Style.LIST)


def _migration(migration: Migration) -> Iterator[Line]:
    line: list[Part] = [OutsideText(migration.name)]
    if migration.destroys:
        line.append(f": DESTRUCTIVE, it {', '.join(migration.destroys)}")
        line.append(" (judged by its name: the list has no SQL)" if migration.by_name else "")
        line.append("; the old code runs with the new schema for some minutes (docs/migrations.md)")
    yield line
    for statement in migration.statements[:MOST_STATEMENTS]:
        yield ["SQL: ", OutsideText(statement)]
    more = len(migration.statements) - MOST_STATEMENTS
    if more > 0:
        yield [f"and {counted(more, 'statement')} more"]


def _short(image: str, other: str | None) -> str:
    """An image with a short digest, unless both digests begin with the same characters."""
    end = image.rfind("@sha256:") + len("@sha256:") + 12
    return image[:end] if "@sha256:" in image and image[:end] != (other or "")[:end] else image


def _costs(summary: Summary) -> Iterator[Block]:
    cost = summary.cost
    if not cost.before.items and not cost.after.items:
        return
    scope = "USD a month" if cost.complete else "USD a month, for the resources that change"
    rows: list[Line] = [["part", "before", "after", "change"]]
    before, after = cost.before.components, cost.after.components
    none = Estimate(region=cost.after.region, items=())
    for name in sorted({*before, *after}):
        old, new = before.get(name, none), after.get(name, none)
        rows.append([OutsideText(name or "stack"), _sum(old), _sum(new), money(new.usd - old.usd)])
    rows.append(["all", _sum(cost.before), _sum(cost.after), money(cost.difference)])
    folded = not any(old != new for _, old, new, _ in rows[1:])
    yield Block(title=f"Costs ({scope})", lines=rows, style=Style.TABLE, folded=folded)
    unknown: list[Line] = [
        [
            OutsideText(f"{item.component or 'stack'}: {item.resource}"),
            ": ",
            OutsideText(item.what),
            ": unknown; " if item.note else ": unknown",
            OutsideText(item.note) if item.note else "",
        ]
        for item in cost.after.unknown
    ]
    if unknown:
        yield Block(title="Unknown prices, not included in the totals", lines=unknown, folded=True)
    assumed = dict.fromkeys([*cost.before.assumptions, *cost.after.assumptions])
    yield Block(title="Assumptions of the estimate", lines=[[text] for text in assumed], folded=True)


def _sum(estimate: Estimate) -> str:
    return f"{estimate.usd:.2f}" + (" + unknown" if estimate.unknown else "")


def _differences(detail: Detail) -> Iterator[Line]:
    where = f" in {detail.component}" if detail.component else ""
    yield ["@@ ", OutsideText(f"{detail.op} {detail.what} {detail.name}{where}"), " @@"]
    for difference in detail.differences:
        yield from _both(difference, SIGNS.get(detail.op, ""))


def _both(difference: Difference, sign: str) -> Iterator[Line]:
    path = difference.path
    if difference.before is None and difference.after is None:
        yield ["  ", OutsideText(path)]
    if difference.before is not None:
        yield ["- ", OutsideText(f"{path}: {difference.before}")]
    if difference.after is not None:
        yield [f"{sign or '+'} ", OutsideText(f"{path}: {difference.after}")]
