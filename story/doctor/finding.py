"""The findings of checks, and the exit code for them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from story.exit_codes import ExitCode


class CannotCheckError(Exception):
    """Something cannot be checked with the response of AWS; the message says what is missing."""


class ServiceGoneError(CannotCheckError):
    """A service does not exist. One check reports that, and the others report nothing."""


class Severity(StrEnum):
    """The severity of a finding, the highest first."""

    ERROR = "error"
    """It affects visitors, data or the next release."""
    WARNING = "warning"
    """It may become an error, or a tool does not work."""
    UNKNOWN = "unknown"
    """It could not be checked."""
    NOTE = "note"
    """Information; no action is needed."""
    OK = "ok"
    """No problem."""


ORDER = list(Severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of a check.

    Attributes:
        area: Area of the stack: `exec`, `image`, `secrets` and so on.
        subject: The service, alarm, secret or quota; "" for the stack.
        severity: Its severity.
        what: What was found, in one line.
        why: Why it matters; required for errors and warnings.
        fix: Command or setting that fixes it; required for errors and warnings.

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
    """A finding without a problem."""
    return Finding(area=area, subject=subject, severity=Severity.OK, what=what)


def unknown(area: str, subject: str, what: str) -> Finding:
    """A finding for something that could not be checked.

    Args:
        area: As in `Finding`.
        subject: As in `Finding`.
        what: What could not be checked, and why: `the DNS record: these credentials may not ...`.
    """
    return Finding(area=area, subject=subject, severity=Severity.UNKNOWN, what=f"could not be checked: {what}")


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The findings without duplicates, the most severe first."""
    once = dict.fromkeys(findings)
    return sorted(once, key=lambda one: (ORDER.index(one.severity), one.area, one.subject, one.what))


def exit_code(findings: Sequence[Finding]) -> int:
    """0 with nothing worse than notes, 3 with warnings, 4 with errors; 1 if most of it could not be checked."""
    found = Counter(finding.severity for finding in findings)
    if found[Severity.ERROR]:
        return ExitCode.ERRORS
    if found[Severity.WARNING]:
        return ExitCode.FOUND
    return ExitCode.FAILED if found[Severity.UNKNOWN] > found[Severity.OK] else ExitCode.OK
