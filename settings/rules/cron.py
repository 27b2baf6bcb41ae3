"""Cron expressions of Application Auto Scaling: six fields, one of the two day fields being `?`.

Fields, ranges and wildcards are those of
docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html (read 2026-11-27), to which
docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html refers.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

EXAMPLE = "0 8 ? * MON-FRI *"
ORDER = "minutes hours day-of-month month day-of-week year"
ALLOWED = f"six fields such as {EXAMPLE} ({ORDER})"
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
WRAPPED = re.compile(r"cron\s*\((.*)\)", re.IGNORECASE | re.DOTALL)
OTHER_KIND = re.compile(r"(rate|at)\s*\((.*)\)", re.IGNORECASE | re.DOTALL)
AT = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(:\d{2})?")
NICKNAMES = {
    "@hourly": "0 * * * ? *",
    "@daily": "0 0 * * ? *",
    "@midnight": "0 0 * * ? *",
    "@weekly": "0 0 ? * SUN *",
    "@monthly": "0 0 1 * ? *",
    "@yearly": "0 0 1 1 ? *",
    "@annually": "0 0 1 1 ? *",
}


def _never(item: str) -> bool:
    del item
    return False


def _day_of_month(item: str) -> bool:
    """`L` (the last day), `LW` (the last weekday) and `3W` (the weekday nearest to the third)."""
    match = re.fullmatch(r"L|LW|(\d+)W", item)
    return bool(match) and (match[1] is None or 1 <= int(match[1]) <= 31)


def _day_of_week(item: str) -> bool:
    """`L` (the last day of the week), `6L` or `FRIL` (the last Friday of the month) and `3#2` (the second Tuesday)."""
    match = re.fullmatch(rf"(?P<day>[1-7]|{'|'.join(DAYS)})?L|(?P<nth>[1-7]|{'|'.join(DAYS)})#[1-5]", item)
    return bool(match)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """One of the six fields.

    Attributes:
        name: What AWS calls it.
        low, high: Smallest and largest number.
        names: Names that stand for the numbers, from `low` on.
        special: Whether an item has a form that this field alone knows.
        wildcards: Those special forms, in words.
        longest_step: Largest number behind a `/`.
    """

    name: str
    low: int
    high: int
    longest_step: int
    names: tuple[str, ...] = ()
    special: Callable[[str], bool] = field(default=_never)
    wildcards: str = ""

    @property
    def allowed(self) -> str:
        named = f" or {self.names[0]}-{self.names[-1]}" if self.names else ""
        return f"{self.low}-{self.high}{named}, with , - * /{self.wildcards}"

    def number(self, text: str) -> int | None:
        """The number that a value stands for; None if it is out of range or no value at all."""
        if text in self.names:
            return self.low + self.names.index(text)
        return int(text) if text.isascii() and text.isdigit() and self.low <= int(text) <= self.high else None


FIELDS = (
    _Field(name="minutes", low=0, high=59, longest_step=59),
    _Field(name="hours", low=0, high=23, longest_step=23),
    _Field(name="day-of-month", low=1, high=31, longest_step=31, special=_day_of_month, wildcards=" ? L W"),
    _Field(name="month", low=1, high=12, longest_step=12, names=MONTHS),
    _Field(name="day-of-week", low=1, high=7, longest_step=7, names=DAYS, special=_day_of_week, wildcards=" ? L #"),
    _Field(name="year", low=1970, high=2199, longest_step=229),
)
DAY_OF_MONTH, DAY_OF_WEEK = 2, 4


def canonical_cron(given: str) -> str:
    """The six fields of a cron expression, without `cron(...)` around them, in capitals and with single spaces.

    Args:
        given: As a person writes it: `0 8 ? * MON-FRI *` or `cron(0 8 ? * mon-fri *)`.

    Raises:
        ValueError: AWS would refuse it; says why, and what to write instead where that can be derived.
    """
    text = given.strip()
    if wrapped := WRAPPED.fullmatch(text):
        text = wrapped[1].strip()
    if other := OTHER_KIND.fullmatch(text):
        raise ValueError(_other_kind(other[1].lower(), other[2].strip()))
    if text.lower() in NICKNAMES:
        raise ValueError(f"AWS knows no {text}; write {NICKNAMES[text.lower()]}")
    fields = text.upper().split()
    if len(fields) == 5:
        raise ValueError(_unix(fields))
    if len(fields) != len(FIELDS):
        seconds = "; AWS has no seconds" if len(fields) == len(FIELDS) + 1 else ""
        raise ValueError(f"it has {len(fields)} fields{seconds}; allowed are {ALLOWED}")
    if problem := _problem(fields):
        raise ValueError(problem)
    return " ".join(fields)


def _problem(fields: list[str]) -> str | None:
    """What AWS would not take about six fields in capitals; None if nothing."""
    for index, (text, kind) in enumerate(zip(fields, FIELDS, strict=True)):
        if text == "?" and index in (DAY_OF_MONTH, DAY_OF_WEEK):
            continue
        if problem := _field_problem(text, kind):
            return problem
    marks = [fields[DAY_OF_MONTH], fields[DAY_OF_WEEK]].count("?")
    if marks == 2:
        return "day-of-month and day-of-week are both ?; allowed is ? in one of them, and * or days in the other"
    if marks == 0:
        return f"neither day-of-month nor day-of-week is ?; {_with_one_question_mark(fields)}"
    return None


def _with_one_question_mark(fields: list[str]) -> str:
    if fields[DAY_OF_WEEK] == "*":
        return f"write {' '.join([*fields[:4], '?', fields[5]])}"
    if fields[DAY_OF_MONTH] == "*":
        return f"write {' '.join([*fields[:2], '?', *fields[3:]])}"
    return "AWS takes days of the month or days of the week: write ? for one of them, or two schedules"


def _field_problem(text: str, kind: _Field) -> str | None:
    items = text.split(",")
    if "#" in text and len(items) > 1:
        return f"{kind.name} is {text}; allowed is one day with #, and no list"
    for item in items:
        if problem := _item_problem(item, kind, alone=len(items) == 1):
            return f"{kind.name} is {text}{problem}"
    return None


def _item_problem(item: str, kind: _Field, *, alone: bool) -> str | None:
    base, slash, step = item.partition("/")
    allowed = f"; allowed is {kind.allowed}"
    if kind.special(item):
        return None
    if slash and not (step.isascii() and step.isdigit() and 1 <= int(step) <= kind.longest_step):
        return f"; allowed behind / is a number of 1 to {kind.longest_step}"
    if base == "*":
        return None if alone else "; allowed beside * is nothing else"
    first, dash, last = base.partition("-")
    low, high = kind.number(first), kind.number(last) if dash else None
    if low is None or (dash and high is None):
        hint = ", SUN being 1" if kind.names == DAYS and "0" in (first, last) else ""
        return f"{allowed}{hint}"
    if high is not None and low > high:
        to = kind.names[-1] if kind.names and first in kind.names else kind.high
        begin = kind.names[0] if kind.names and first in kind.names else kind.low
        return f"; allowed is a range that goes up: write {first}-{to},{begin}-{last}"
    return None


def _unix(fields: list[str]) -> str:
    """What to write in place of the five fields of Unix, whose days of the week begin with 0."""
    if "?" in fields:
        return f"it has five fields; the sixth is the year: write {' '.join([*fields, '*'])}"
    minutes, hours, day, month, weekday = fields
    told = "it has the five fields of Unix cron; allowed are AWS's six"
    if day != "*" and weekday != "*":
        return f"{told} ({ORDER}), with ? for one of the two days: write two schedules"
    if weekday == "*":
        written = [minutes, hours, day, month, "?", "*"]
    else:
        written = [minutes, hours, "?", month, _unix_weekday(weekday), "*"]
    return f"{told}: {ALLOWED}" if _problem(written) else f"{told}: write {' '.join(written)}"


def _unix_weekday(text: str) -> str:
    """With names in place of numbers: Sunday is 0 or 7 in Unix, and 1 at AWS."""
    base, slash, step = text.partition("/")
    named = re.sub(r"[0-7]", lambda match: DAYS[int(match[0]) % 7], base.replace("0-7", "0-6"))
    # SAT-SUN, MON-SUN: the range has to go up.
    items = [re.sub(r"^(MON|TUE|WED|THU|FRI|SAT)-SUN$", r"\1-SAT,SUN", item) for item in named.split(",")]
    tidy = ["SUN-SAT" if item == "MON-SAT,SUN" else item.replace("SAT-SAT", "SAT") for item in items]
    return ",".join(tidy) + slash + step


def _other_kind(kind: str, inner: str) -> str:
    if kind == "rate":
        return f"rate({inner}) is no time of day; allowed are {ALLOWED}"
    if match := AT.fullmatch(inner):
        year, month, day, hours, minutes = (int(part) for part in match.groups()[:5])
        written = [str(part) for part in (minutes, hours, day, month)] + ["?", str(year)]
        if not _problem(written):
            return f"at({inner}) happens once; write {' '.join(written)}"
    return f"at({inner}) is no cron expression; allowed are {ALLOWED}"
