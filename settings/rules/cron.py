"""Cron expressions of Application Auto Scaling: six fields, one of the two day fields being `?`.

Fields, ranges and wildcards are those of
docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html (read 2026-11-27), to which
docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html refers. The table of
docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based is the same.
"""

import calendar
import re
from collections.abc import Callable, Sequence
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


LAST_OF_A_CYCLE = 59
"""Fields with larger numbers do not begin again: the year."""


def _never(item: str) -> bool:
    del item
    return False


NTH = re.compile(rf"([1-7]|{'|'.join(DAYS)})#([1-5])")


def _day_of_month(item: str) -> bool:
    """`L` (the last day), `LW` (the last weekday) and `3W` (the weekday nearest to the third)."""
    match = re.fullmatch(r"L|LW|(\d+)W", item)
    return bool(match) and (match[1] is None or 1 <= int(match[1]) <= 31)


def _day_of_week(item: str) -> bool:
    """`L` (the last day of the week), `6L` or `FRIL` (the last Friday of the month) and `3#2` (the second Tuesday)."""
    return bool(NTH.fullmatch(item) or re.fullmatch(rf"([1-7]|{'|'.join(DAYS)})?L", item))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """One of the six fields.

    Attributes:
        name: What AWS calls it.
        low, high: Smallest and largest number.
        names: Names that stand for the numbers, from `low` on.
        special: Whether an item has a form that this field alone knows.
        wildcards: Those special forms, in words.
        longest_step: Largest number behind a `/`; 0 where AWS takes none.
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
        steps = " /" if self.longest_step else ""
        return f"{self.low}-{self.high}{named}, with , - *{steps}{self.wildcards}"

    def number(self, text: str) -> int | None:
        """The number that a value stands for; None if it is out of range or no value at all."""
        if text in self.names:
            return self.low + self.names.index(text)
        return int(text) if text.isascii() and text.isdigit() and self.low <= int(text) <= self.high else None

    def numbers(self, item: str) -> Sequence[int]:
        """The numbers that one item of a field stands for: a value, a range, `*`, with or without a step. A range that
        goes down passes the end of the field. Empty for special forms."""
        base, slash, step = item.partition("/")
        first, dash, last = base.partition("-")
        low = self.low if base == "*" else self.number(first)
        high = self.number(last) if dash else (self.high if slash or base == "*" else low)
        if low is None or high is None:
            return ()
        if low > high:
            around = [*range(low, self.high + 1), *range(self.low, high + 1)]
            return around[:: int(step or 1)]
        return range(low, high + 1, int(step or 1))

    def written(self, numbers: Sequence[int], like: str) -> str:
        """The numbers as a list that goes up, with names where `like` begins with one.

        Args:
            numbers: What to write.
            like: The item that it stands for.
        """
        runs: list[list[int]] = []
        for number in sorted(set(numbers)):
            if runs and number == runs[-1][-1] + 1:
                runs[-1].append(number)
            else:
                runs.append([number])
        is_named = re.match(r"[A-Z]", like) is not None
        shown = [[self.names[number - self.low] if is_named else str(number) for number in run] for run in runs]
        return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(run) for run in shown)


FIELDS = (
    _Field(name="minutes", low=0, high=59, longest_step=59),
    _Field(name="hours", low=0, high=23, longest_step=23),
    _Field(name="day-of-month", low=1, high=31, longest_step=31, special=_day_of_month, wildcards=" ? L W"),
    _Field(name="month", low=1, high=12, longest_step=12, names=MONTHS),
    _Field(name="day-of-week", low=1, high=7, longest_step=0, names=DAYS, special=_day_of_week, wildcards=" ? L #"),
    _Field(name="year", low=1970, high=2199, longest_step=229),
)
DAY_OF_MONTH, MONTH, DAY_OF_WEEK, YEAR = 2, 3, 4, 5


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
        raise ValueError(f"it has {len(fields)} field{'' if len(fields) == 1 else 's'}{seconds}; allowed are {ALLOWED}")
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
    return _never_comes(fields)


def _never_comes(fields: Sequence[str]) -> str | None:
    """That no day is what the fields ask for, such as 30 February; the years that are over are left to AWS."""
    months, years = (
        [number for item in fields[index].split(",") for number in FIELDS[index].numbers(item)]
        for index in (MONTH, YEAR)
    )
    lengths = ((year, month, calendar.monthrange(year, month)[1]) for year in years for month in months)
    day, weekday = fields[DAY_OF_MONTH], fields[DAY_OF_WEEK]
    if nth := NTH.fullmatch(weekday):
        wanted = FIELDS[DAY_OF_WEEK].number(nth[1]) or 1
        # The calendar counts from Monday, 0; AWS from Sunday, 1.
        firsts = ((1 + (wanted - 2 - calendar.weekday(year, month, 1)) % 7, last) for year, month, last in lengths)
        if any(first + 7 * (int(nth[2]) - 1) <= last for first, last in firsts):
            return None
        told = f"day-of-week {weekday} never comes with month {fields[MONTH]} and year {fields[YEAR]}"
        return f"{told}; for the last one of a month write {nth[1]}L"
    days = [FIELDS[DAY_OF_MONTH].numbers(item) for item in day.split(",")]
    # L and W are days of every month.
    if day == "?" or not all(days) or any(min(map(min, days)) <= last for _, _, last in lengths):
        return None
    return (
        f"day-of-month {day} never comes with month {fields[MONTH]}"
        f"{'' if fields[YEAR] == '*' else f' and year {fields[YEAR]}'}; for the last day of a month write L"
    )


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
    if slash and kind.longest_step and not _is_step(step, kind.longest_step):
        return f"; allowed behind / is a number of 1 to {kind.longest_step}"
    if base == "*" and not slash:
        return None if alone else "; allowed beside * is nothing else"
    first, dash, last = base.partition("-")
    low, high = kind.number(first), kind.number(last) if dash else None
    if base != "*" and (low is None or (dash and high is None)):
        hint = ", SUN being 1" if kind.names == DAYS and "0" in (first, last) else ""
        return f"{allowed}{hint or _short_names(base, kind)}"
    instead = "" if alone else f" in place of {item}"
    if slash and not kind.longest_step:
        listed = f"; write {kind.written(kind.numbers(item), item)}{instead}" if _is_step(step, kind.high) else ""
        return f"{allowed}{listed}"
    if base == "*":
        return None if alone else "; allowed beside * is nothing else"
    if low is not None and high is not None and low > high:
        # No year comes after the last one.
        up = f"{last}-{first}{slash}{step}" if kind.high > LAST_OF_A_CYCLE else kind.written(kind.numbers(item), item)
        return f"; allowed is a range that goes up: write {up}{instead}"
    return None


def _short_names(text: str, kind: _Field) -> str:
    """What to write for whole names: MON for MONDAY."""
    parts = [next((name for name in kind.names if re.match(rf"{name}[A-Z]", part)), part) for part in text.split("-")]
    written = "-".join(parts)
    return f"; write {written}" if written != text and all(kind.number(part) for part in parts) else ""


def _is_step(text: str, longest: int) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= longest


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
    if "/" in text:
        # AWS takes no steps of days of the week.
        items = [_unix_days(item) for item in text.split(",")]
        return FIELDS[DAY_OF_WEEK].written([day for item in items for day in item], "SUN") if all(items) else text
    named = re.sub(r"[0-7]", lambda match: DAYS[int(match[0]) % 7], text.replace("0-7", "0-6"))
    # SAT-SUN, MON-SUN: the range has to go up.
    items = [re.sub(r"^(MON|TUE|WED|THU|FRI|SAT)-SUN$", r"\1-SAT,SUN", item) for item in named.split(",")]
    tidy = ["SUN-SAT" if item == "MON-SAT,SUN" else item.replace("SAT-SAT", "SAT") for item in items]
    kind = FIELDS[DAY_OF_WEEK]
    return ",".join(kind.written(kind.numbers(item), item) if _goes_down(item, kind) else item for item in tidy)


def _goes_down(item: str, kind: _Field) -> bool:
    low, high = (kind.number(part) for part in f"{item}-{item}".split("-")[:2])
    return low is not None and high is not None and low > high


def _unix_days(item: str) -> Sequence[int]:
    """The days of an item of Unix's field in AWS's numbers; empty if it is none, or has names in it."""
    match = re.fullmatch(r"(\*|[0-7](-[0-7])?)(/[1-7])?", item)
    if not match:
        return ()
    first, _, last = ("0-6" if match[1] == "*" else match[1]).partition("-")
    end = int(last or ("6" if match[3] else first))
    return [day % 7 + 1 for day in range(int(first), end + 1, int((match[3] or "/1")[1:]))]


def _other_kind(kind: str, inner: str) -> str:
    if kind == "rate":
        return f"rate({inner}) is no time of day; allowed are {ALLOWED}"
    if match := AT.fullmatch(inner):
        year, month, day, hours, minutes = (int(part) for part in match.groups()[:5])
        written = [str(part) for part in (minutes, hours, day, month)] + ["?", str(year)]
        if not _problem(written):
            return f"at({inner}) happens once; write {' '.join(written)}"
    return f"at({inner}) is no cron expression; allowed are {ALLOWED}"
