"""Summarizes a preview: a verdict, and sections in the order of importance."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from story.cost.cost import Comparison, compare
from story.engine.preview import Change, Op, Preview, Violation
from story.preview.difference import Difference, differences, inputs_shown
from story.preview.impact import impact, notes, services, unguarded
from story.preview.migrations import Migration
from story.redact import redacted
from story.resource_categories import MARKER, ROLLOUT, SERVICE, TASK_DEFINITION, Category, short

TITLES: dict[Category, str] = {
    Category.DATA: "Replaces or deletes data",
    Category.STORE: "Stores, keys and secrets (the data stays)",
    Category.TASKS: "Tasks and services that restart, start or end",
    Category.NETWORK: "Network",
    Category.ACCESS: "Permissions",
    Category.OTHER: "Everything else",
}
ALIKE = 4
"""Number of similar changes from which they are shown as one line; not for changes that lose data."""
NAMED = 3
REASONS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a section.

    Attributes:
        verb: The operation: `replace`, or `restart` if several changes together restart a service.
        what: Short type of the resource: `ecs Service`; empty for a service as a whole.
        names: Name of the resource; several if the line stands for similar changes.
        component: The component that contains it, unless it has the same name.
        reasons: Properties that differ.
        notes: Notes about the consequences.
        count: Number of changes that the line stands for.
    """

    verb: str
    what: str
    names: Sequence[str]
    component: str = ""
    reasons: Sequence[str] = ()
    notes: Sequence[str] = ()
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Changes of one category."""

    category: Category
    title: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A change with all differences."""

    op: Op
    what: str
    name: str
    component: str
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The content of a page. All but the verdict, the titles and the notes can be text from outside.

    Attributes:
        verdict: The result in one line.
        loud: Whether the update loses data, runs destructive migrations, or is impossible.
        image: The image before and after, if it changes; None before on a new stack.
        migrations: Pending migrations; None if no list was given, or it could not be read.
        list_unread: Why the list of migrations could not be read; "" if it was read, or not given.
        migrates: Whether a migration runs in this update.
        new: Whether the stack has no resources yet.
        failed: Whether the preview failed.
    """

    stack: str
    verdict: str
    loud: bool
    failed: bool
    new: bool
    errors: Sequence[str]
    violations: Sequence[Violation]
    sections: Sequence[Section]
    image: tuple[str | None, str] | None
    migrates: bool
    migrations: Sequence[Migration] | None
    list_unread: str
    cost: Comparison
    warnings: Sequence[str]
    details: Sequence[Detail]

    @property
    def refused(self) -> bool:
        """Whether the update is impossible: the preview failed, or a policy forbids it."""
        return self.failed or any(violation.blocks for violation in self.violations)


def summarise(
    preview: Preview, *, stack: str = "", migrations: Sequence[Migration] | None = None, list_unread: str = ""
) -> Summary:
    """The summary of a preview.

    Args:
        preview: The preview.
        stack: Name of the stack, NAME or ORG/PROJECT/NAME, in case the preview does not contain it.
        migrations: The new image's pending migrations; None if they are unknown.
        list_unread: Why the list of migrations could not be read; "" if it was read, or if there is none.
    """
    sections = list(_sections(preview.changes))
    cost = compare(preview)
    lost = [entry for section in sections if section.category is Category.DATA for entry in section.entries]
    blocked = any(violation.blocks for violation in preview.violations)
    return Summary(
        stack=stack.rpartition("/")[2] or preview.stack,
        verdict=_verdict(preview, cost, sections, migrations, list_unread),
        loud=bool(lost or list_unread or blocked) or preview.failed or any(one.destroys for one in migrations or ()),
        failed=preview.failed,
        new=preview.new,
        errors=[redacted(line) for line in preview.errors],
        violations=[replace(one, message=redacted(one.message)) for one in preview.violations],
        sections=sections,
        image=_image(preview.changes),
        migrates=_step(preview.changes, "migration"),
        migrations=migrations,
        list_unread=list_unread,
        cost=cost,
        warnings=[redacted(line) for line in preview.warnings],
        details=[_detail(change) for change in _ordered(preview.changes)],
    )


def money(amount: Decimal) -> str:
    """An amount with its sign: `+12.40`."""
    return f"{round(amount, 2) + 0:+.2f}"


def price_change(cost: Comparison) -> str:
    """The change of the monthly cost, in words."""
    if not cost.exact:
        return f"{money(cost.difference)} USD a month and items of unknown price"
    if not round(cost.difference, 2):
        return "same costs"
    return f"{money(cost.difference)} USD a month"


def counted(count: int, noun: str, verb: str = "") -> str:
    """`1 service restarts`, `2 services restart`."""
    noun = noun if count == 1 else f"{noun}s"
    verb = f"{verb}s" if verb and count == 1 else verb
    return " ".join(filter(None, [str(count), noun, verb]))


def _verdict(
    preview: Preview,
    cost: Comparison,
    sections: Sequence[Section],
    migrations: Sequence[Migration] | None,
    list_unread: str,
) -> str:
    if any(violation.blocks for violation in preview.violations):
        return "A policy forbids this update"
    if preview.failed:
        return "The preview failed, so the effect of this update is unknown"
    if not preview.changes:
        return "Nothing changes"
    if preview.new:
        known = "" if not cost.after.unknown else "at least "
        return (
            f"A new environment of {counted(len(preview.changes), 'resource')}, {known}{cost.after.usd:.2f} USD a month"
        )
    # A migration that drops a column deletes data as well, in a store that stays.
    destructive = any(migration.destroys for migration in migrations or ())
    counts = {section.category: sum(entry.count for entry in section.entries) for section in sections}
    lost = Counter(entry.verb for section in sections if section.category is Category.DATA for entry in section.entries)
    losses = [f"{lost[op]} {word}" for op, word in ((Op.DELETE, "deleted"), (Op.REPLACE, "replaced")) if lost[op]]
    lifted = sum(map(unguarded, preview.changes))
    parts: list[str] = [
        *([f"DATA WOULD BE LOST ({', '.join(losses)})"] if lost else []),
        *_of_services(preview.changes),
        *(_of_migrations(migrations) if _step(preview.changes, "migration") else []),
        *(["THE LIST OF MIGRATIONS COULD NOT BE READ"] if list_unread else []),
        *([] if lost else [f"no {'store' if destructive else 'data'} is replaced or deleted"]),
        *([f"the protection of {counted(lifted, 'resource')} is removed"] if lifted else []),
        *([f"{counted(counts[Category.NETWORK], 'change')} of the network"] if counts.get(Category.NETWORK) else []),
        *([f"{counted(counts[Category.ACCESS], 'change')} of permissions"] if counts.get(Category.ACCESS) else []),
        price_change(cost),
    ]
    line = ", ".join(parts)
    return line[0].upper() + line[1:]


def _of_services(changes: Sequence[Change]) -> Iterator[str]:
    ops = Counter(change.op for change in services(changes).values())
    restarts = ops[Op.UPDATE] + ops[Op.REPLACE]
    if restarts:
        yield counted(restarts, "service", "restart")
    if ops[Op.CREATE]:
        yield f"{counted(ops[Op.CREATE], 'service')} {'is' if ops[Op.CREATE] == 1 else 'are'} new"
    if ops[Op.DELETE]:
        yield f"{counted(ops[Op.DELETE], 'service')} {'ends' if ops[Op.DELETE] == 1 else 'end'}"
    if not ops:
        yield "no service restarts"


def _of_migrations(migrations: Sequence[Migration] | None) -> Iterator[str]:
    if migrations is None:
        yield "a migration runs"
    elif migrations:
        count = sum(bool(migration.destroys) for migration in migrations)
        yield counted(len(migrations), "migration", "run") + (f" ({count} DESTRUCTIVE)" if count else "")


def _step(changes: Sequence[Change], name: str) -> bool:
    runs = (Op.CREATE, Op.REPLACE)
    return any(change.type == MARKER and change.name == name and change.op in runs for change in changes)


def _image(changes: Sequence[Change]) -> tuple[str | None, str] | None:
    for change in changes:
        if change.type == MARKER and change.name == "migration" and change.after:
            before, after = (_kept_image(inputs) for inputs in (change.before or {}, change.after))
            if after and after != before:
                return before, after
    return None


def _kept_image(inputs: object) -> str | None:
    match inputs:
        case {"keepers": {"image": str() as image}}:
            return image
        case _:
            return None


def _sections(changes: Sequence[Change]) -> Iterator[Section]:
    by_category: dict[Category, list[Change]] = {}
    for change in _ordered(changes):
        by_category.setdefault(impact(change), []).append(change)
    for category, title in TITLES.items():
        if category in by_category:
            yield Section(category=category, title=title, entries=list(_entries(by_category[category], category)))


def _ordered(changes: Sequence[Change]) -> list[Change]:
    """By importance: deleted, changed, then new resources; a service before its parts."""
    categories, ops = list(TITLES), [Op.DELETE, Op.REPLACE, Op.UPDATE, Op.IMPORT, Op.CREATE]
    leads = [MARKER, SERVICE, TASK_DEFINITION]
    return sorted(
        changes,
        key=lambda change: (
            categories.index(impact(change)),
            ops.index(change.op),
            leads.index(change.type) if change.type in leads else len(leads),
            change.type,
            change.component,
            change.name,
        ),
    )


def _entries(changes: Sequence[Change], category: Category) -> Iterator[Entry]:
    rest = list(changes)
    if category is Category.TASKS:
        for place in dict.fromkeys(map(_place, changes)):
            group = [change for change in changes if _place(change) == place]
            if together := _together(group):
                yield together
                rest = [change for change in rest if change not in group]
    alike: dict[tuple[Op, str, tuple[str, ...]], list[Change]] = {}
    for change in rest:
        alike.setdefault((change.op, change.type, tuple(notes(change))), []).append(change)
    for (op, type_, said), group in alike.items():
        if len(group) >= ALIKE and category is not Category.DATA:
            names = [change.name for change in group[:NAMED]]
            yield Entry(verb=op, what=short(type_), names=names, notes=said, count=len(group))
            continue
        for change in group:
            yield Entry(
                verb=op,
                what=short(type_),
                names=[change.name],
                component=_beside(change),
                reasons=list(change.replaced_by or change.because)[:REASONS],
                notes=said,
            )


def _place(change: Change) -> tuple[str, str]:
    return change.component, change.name.removeprefix(ROLLOUT)


def _together(changes: Sequence[Change]) -> Entry | None:
    """Combines task definition, service and marker of one service, or of a step, into one line."""
    leads = [change for change in changes if change.type in (MARKER, SERVICE)]
    lead = next((change for change in leads if change.type == SERVICE), leads[0] if leads else None)
    if lead is None or any(change.type not in (MARKER, SERVICE, TASK_DEFINITION) for change in changes):
        return None
    if lead.type == MARKER and not lead.name.startswith(ROLLOUT):
        verb = "run" if lead.op in (Op.CREATE, Op.REPLACE) else lead.op.value
    else:
        verb = {Op.CREATE: "start", Op.DELETE: "end"}.get(lead.op, "restart")
    parts = [change for change in changes if change.type == TASK_DEFINITION] or [lead]
    paths = [found.path for change in parts if change.op in (Op.UPDATE, Op.REPLACE) for found in differences(change)]
    return Entry(
        verb=verb,
        what="",
        names=[lead.name.removeprefix(ROLLOUT)],
        reasons=list(dict.fromkeys(path.removeprefix("containerDefinitions.") for path in paths))[:REASONS],
        notes=list(dict.fromkeys(note for change in changes for note in notes(change))),
    )


def _beside(change: Change) -> str:
    return "" if change.component.rpartition("/")[2] == change.name else change.component


def _detail(change: Change) -> Detail:
    shown = inputs_shown(change.after or {}) if change.op in (Op.CREATE, Op.IMPORT) else []
    if change.op in (Op.UPDATE, Op.REPLACE):
        shown = differences(change)
    return Detail(op=change.op, what=short(change.type), name=change.name, component=_beside(change), differences=shown)
