"""The findings as text, as a page for a terminal, and as a JSON document."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from release.contract import StackLocation
from story.doctor.finding import ORDER, Finding, Severity, exit_code

VERSION = 2
"""Version of the JSON document; it changes when a field is removed or changes its meaning. 2: `cure` became `fix`."""
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
    Severity.UNKNOWN: ("not checked", "not checked"),
    Severity.NOTE: ("note", "notes"),
    Severity.OK: ("ok", "ok"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the page.

    Attributes:
        severity: Severity of the finding.
        label: `error` and so on; "" for a line that belongs to the one before.
        subject: Area and subject, or `why` and `fix`.
        text: The text of the line.
    """

    severity: Severity
    label: str
    subject: str
    text: str


def document(location: StackLocation, findings: Sequence[Finding]) -> str:
    """The findings as a JSON document, in the given order."""
    content: dict[str, Any] = {
        "version": VERSION,
        "stack": location.stack,
        "cluster": location.cluster,
        "region": location.region,
        "exitCode": exit_code(findings),
        "findings": [asdict(finding) for finding in findings],
    }
    return json.dumps(content, indent=2)


def plain(location: StackLocation, findings: Sequence[Finding]) -> list[str]:
    """The findings as lines for a log, which are not wrapped."""
    rows = list(_rows(findings))
    width = max((len(row.subject) for row in rows), default=0)
    lines = [f"{row.label:8} {row.subject:{width}}  {row.text}".rstrip() for row in rows]
    return [headline(location, findings), *lines]


def page(location: StackLocation, findings: Sequence[Finding]) -> RenderableType:
    """The same for a terminal: in colours, and wrapped within the columns."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(max_width=34, overflow="fold")
    table.add_column(overflow="fold")
    for row in _rows(findings):
        style = STYLES[row.severity]
        faint = "" if row.label else "dim"
        subject = Text(row.subject, style=faint, justify="left" if row.label else "right")
        table.add_row(Text(row.label, style=style), subject, Text(row.text, style=faint))
    return Group(Text(headline(location, findings), style="bold"), Text(), table)


def headline(location: StackLocation, findings: Sequence[Finding]) -> str:
    """The stack, and the number of findings of each severity."""
    counted = Counter(finding.severity for finding in findings)
    counts = [f"{counted[one]} {PLURALS[one][counted[one] != 1]}" for one in ORDER if counted[one]]
    # There is no region if the settings cannot be read.
    where = f", cluster {location.cluster} in {location.region}" if location.region else ""
    return f"Stack {location.stack}{where}: {', '.join(counts) or 'nothing was checked'}"


def _rows(findings: Sequence[Finding]) -> Iterator[Row]:
    for finding in findings:
        if finding.severity is Severity.OK:
            continue
        subject = f"{finding.area} {finding.subject}".rstrip()
        yield Row(severity=finding.severity, label=finding.severity.value, subject=subject, text=finding.what)
        for label, text in (("why", finding.why), ("fix", finding.fix)):
            if text:
                yield Row(severity=finding.severity, label="", subject=label, text=text)
    passed = Counter(finding.area for finding in findings if finding.severity is Severity.OK)
    for area in sorted(passed):
        yield Row(severity=Severity.OK, label=Severity.OK.value, subject=area, text=_passed(findings, area))


def _passed(findings: Sequence[Finding], area: str) -> str:
    """The number of checks without a problem in an area, and their subjects; the JSON document has all of them."""
    passed = [finding for finding in findings if finding.severity is Severity.OK and finding.area == area]
    subjects = sorted({finding.subject for finding in passed if finding.subject})
    names = f": {', '.join(subjects)}" if subjects else ""
    return f"{len(passed)} check{'' if len(passed) == 1 else 's'}{names}"
