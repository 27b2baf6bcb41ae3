"""What a check finds."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

HEALTHY, NOT_CHECKED, WARNINGS, ERRORS = 0, 1, 3, 4
"""Exit codes; 2 is wrong usage, as everywhere in the command."""


class CannotCheckError(Exception):
    """AWS's answer is not enough to check something; the message says what is missing."""


class ServiceGoneError(CannotCheckError):
    """A service does not exist. One check reports that, and the others report nothing."""


class Severity(StrEnum):
    """How much a finding matters, the worst first."""

    ERROR = "error"
    """Visitors, data or the next release suffer."""
    WARNING = "warning"
    """It will, or a tool that people rely on does not work."""
    UNKNOWN = "unknown"
    """It could not be checked."""
    NOTE = "note"
    """Good to know; nothing has to be done."""
    OK = "ok"
    """Well."""


ORDER = list(Severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        area: What it belongs to: `exec`, `image`, `secrets` and so on.
        subject: The service, alarm, secret or quota; "" for the stack.
        severity: How much it matters.
        what: What is so, in one line.
        why: Why it matters; errors and warnings say it.
        fix: Command or setting that fixes it; errors and warnings name it.

    Raises:
        ValueError: An error or a warning without reason or fix.
    """

    area: str
    subject: str = ""
    severity: Severity
    what: str
    why: str = ""
    fix: str = ""

    def __post_init__(self) -> None:
        if self.severity in (Severity.ERROR, Severity.WARNING) and not (self.why and self.fix):
            raise ValueError(f"{self.area} {self.subject}: {self.what}: a {self.severity} needs why and fix")


def ok(area: str, subject: str, what: str) -> Finding:
    """Something that is well."""
    return Finding(area=area, subject=subject, severity=Severity.OK, what=what)


def unknown(area: str, subject: str, what: str) -> Finding:
    """Something that could not be checked.

    Args:
        area: As in `Finding`.
        subject: As in `Finding`.
        what: What could not be checked, and why: `the DNS record: these credentials may not ...`.
    """
    return Finding(area=area, subject=subject, severity=Severity.UNKNOWN, what=f"could not be checked: {what}")


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, the worst first, each of them once."""
    once = dict.fromkeys(findings)
    return sorted(once, key=lambda one: (ORDER.index(one.severity), one.area, one.subject, one.what))


def exit_code(findings: Sequence[Finding]) -> int:
    """0 with nothing worse than notes, 3 with warnings, 4 with errors; 1 if most of it could not be checked."""
    found = Counter(finding.severity for finding in findings)
    if found[Severity.ERROR]:
        return ERRORS
    if found[Severity.WARNING]:
        return WARNINGS
    return NOT_CHECKED if found[Severity.UNKNOWN] > found[Severity.OK] else HEALTHY
