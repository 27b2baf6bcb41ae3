"""What was found, for people and for tools."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from release.contract import Place
from story.doctor.finding import ORDER, Finding, Severity, exit_code

VERSION = 1
"""Of the JSON document; a field that goes or changes its meaning makes it 2."""
STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "bold yellow",
    Severity.UNKNOWN: "magenta",
    Severity.NOTE: "cyan",
    Severity.OK: "green",
}
PLURALS = {
    Severity.ERROR: ("error", "errors"),
    Severity.WARNING: ("warning", "warnings"),
    Severity.UNKNOWN: ("could not be checked", "could not be checked"),
    Severity.NOTE: ("note", "notes"),
    Severity.OK: ("well", "well"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the page.

    Attributes:
        severity: Of what the line tells of.
        label: `error` and so on; "" for a line that belongs to the one before.
        subject: Area and subject, or `why` and `fix`.
        text: What there is to say.
    """

    severity: Severity
    label: str
    subject: str
    text: str


def document(place: Place, findings: Sequence[Finding]) -> str:
    """The findings as JSON, in the order in which they are given."""
    content: dict[str, Any] = {
        "version": VERSION,
        "stack": place.stack,
        "cluster": place.cluster,
        "region": place.region,
        "exitCode": exit_code(findings),
        "findings": [asdict(finding) for finding in findings],
    }
    return json.dumps(content, indent=2)


def plain(place: Place, findings: Sequence[Finding]) -> list[str]:
    """Lines for a log: whole, however long."""
    rows = list(_rows(findings))
    width = max((len(row.subject) for row in rows), default=0)
    lines = [f"{row.label:8} {row.subject:{width}}  {row.text}".rstrip() for row in rows]
    return [headline(place, findings), *lines]


def page(place: Place, findings: Sequence[Finding]) -> RenderableType:
    """The same for a terminal: in colours, and wrapped within its columns."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(max_width=34, overflow="fold")
    table.add_column(overflow="fold")
    for row in _rows(findings):
        style = STYLES[row.severity]
        faint = "" if row.label else "dim"
        subject = Text(row.subject, style=faint, justify="left" if row.label else "right")
        table.add_row(Text(row.label, style=style), subject, Text(row.text, style=faint))
    return Group(Text(headline(place, findings), style="bold"), Text(), table)


def headline(place: Place, findings: Sequence[Finding]) -> str:
    """The stack, and how many findings there are of each kind."""
    counted = Counter(finding.severity for finding in findings)
    told = [f"{counted[one]} {PLURALS[one][counted[one] != 1]}" for one in ORDER if counted[one]]
    # Settings that cannot be read name no region.
    where = f", cluster {place.cluster} in {place.region}" if place.region else ""
    return f"Stack {place.stack}{where}: {', '.join(told) or 'nothing was checked'}"


def _rows(findings: Sequence[Finding]) -> Iterator[Row]:
    for finding in findings:
        if finding.severity is Severity.OK:
            continue
        subject = f"{finding.area} {finding.subject}".rstrip()
        yield Row(severity=finding.severity, label=finding.severity.value, subject=subject, text=finding.what)
        for label, text in (("why", finding.why), ("fix", finding.fix)):
            if text:
                yield Row(severity=finding.severity, label="", subject=label, text=text)
    well = Counter(finding.area for finding in findings if finding.severity is Severity.OK)
    for area in sorted(well):
        yield Row(severity=Severity.OK, label=Severity.OK.value, subject=area, text=_well(findings, area))


def _well(findings: Sequence[Finding], area: str) -> str:
    """How much is well in an area, and of what; the document says it in full."""
    well = [finding for finding in findings if finding.severity is Severity.OK and finding.area == area]
    subjects = sorted({finding.subject for finding in well if finding.subject})
    told = f": {', '.join(subjects)}" if subjects else ""
    return f"{len(well)} check{'' if len(well) == 1 else 's'}{told}"
