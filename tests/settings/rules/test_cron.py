"""Cron expressions of schedules: what AWS takes, and what a person is told to write instead."""

import datetime
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.rules.cron import DAYS, FIELDS, MONTHS, canonical_cron


@pytest.mark.parametrize(
    "cron",
    [
        # docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html (examples)
        "0 10 * * ? *",
        "15 12 * * ? *",
        "0 18 ? * MON-FRI *",
        "0 8 1 * ? *",
        "0/15 * * * ? *",
        "0/10 * ? * MON-FRI *",
        "0/5 8-17 ? * MON-FRI *",
        "0 9 ? * 2#1 *",
        "0/30 20-23,0-2 ? * MON-FRI *",
        # docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
        "30 6 ? * MON *",
        # its wildcards
        "0 8 L * ? *",
        "0 8 3W * ? *",
        "0 8 LW * ? *",
        "0 8 ? * L *",
        "0 8 ? * 6L *",
        "0 8 ? * FRIL *",
        "0 8 ? * TUE#2 *",
        "0 8 15,L * ? *",
        "5-30/5 0,12 ? JAN-MAR,DEC 2,4,6 2026-2028",
        "59 23 31 12 ? 2199",
        "0 0 1 1 ? 1970",
        "*/59 */23 */31 */12 ? */229",
    ],
)
def test_aws_s_expressions_are_taken_as_they_are(cron: str) -> None:
    assert canonical_cron(cron) == cron
    assert canonical_cron(f"cron({cron})") == cron


@pytest.mark.parametrize(
    "cron", ["cron(0 8 ? * MON-FRI *)", " CRON ( 0  8 ?\t* mon-fri * ) ", "0 8 ? * Mon-Fri *\n", "0  8 ? * MON-FRI *"]
)
def test_other_ways_to_write_one_end_in_one_form(cron: str) -> None:
    assert canonical_cron(cron) == "0 8 ? * MON-FRI *"


@pytest.mark.parametrize(
    ("cron", "written"),
    [
        ("0 22 * * * *", "0 22 * * ? *"),
        ("0 22 1 * * *", "0 22 1 * ? *"),
        ("0 22 * * MON-FRI *", "0 22 ? * MON-FRI *"),
        ("0 8 ? * MONDAY-FRIDAY *", "MON-FRI"),
        ("0 8 1 SEPT ? *", "SEP"),
        # Unix
        ("0 8 * * *", "0 8 * * ? *"),
        ("*/5 * * * *", "*/5 * * * ? *"),
        ("0 8 1 * *", "0 8 1 * ? *"),
        ("0 8 * * 1-5", "0 8 ? * MON-FRI *"),
        ("0 8 * * 0", "0 8 ? * SUN *"),
        ("0 8 * * 7", "0 8 ? * SUN *"),
        ("0 8 * * 0,6", "0 8 ? * SUN,SAT *"),
        ("0 8 * * 6-7", "0 8 ? * SAT,SUN *"),
        ("0 8 * * 5-7", "0 8 ? * FRI-SAT,SUN *"),
        ("0 8 * * 1-7", "0 8 ? * SUN-SAT *"),
        ("0 8 * * 0-7", "0 8 ? * SUN-SAT *"),
        ("0 8 * * mon-fri", "0 8 ? * MON-FRI *"),
        ("0 8 ? * MON-FRI", "0 8 ? * MON-FRI *"),
        ("cron(0 8 * * *)", "0 8 * * ? *"),
        ("@daily", "0 0 * * ? *"),
        ("@hourly", "0 * * * ? *"),
        ("at(2026-12-01T08:30:00)", "30 8 1 12 ? 2026"),
        # Ranges that go down
        ("0 22-2 ? * * *", "0-2,22,23"),
        ("0 8 ? * SAT-MON *", "SUN,MON,SAT"),
        ("0 8 ? * FRI-MON *", "SUN,MON,FRI,SAT"),
        ("0 8 ? * THU-TUE *", "SUN-TUE,THU-SAT"),
        ("0 8 ? * 6-2 *", "1,2,6,7"),
        ("0 8 ? NOV-FEB * *", "JAN,FEB,NOV,DEC"),
        ("0 8 25-5 * ? *", "1-5,25-31"),
        ("0 22-3/2 ? * * *", "0,2,22"),
        ("0 12,22-2 ? * * *", "0-2,22,23 in place of 22-2"),
        ("0 8 ? * * 2030-2028", "2028-2030"),
        # AWS takes no steps of days of the week
        ("0 8 ? * */2 *", "1,3,5,7"),
        ("0 8 ? * 2/2 *", "2,4,6"),
        ("0 8 ? * MON-FRI/2 *", "MON,WED,FRI"),
        ("0 8 ? * SAT,2-6/2 *", "2,4,6 in place of 2-6/2"),
        ("0 8 * * SAT-MON", "0 8 ? * SUN,MON,SAT *"),
        ("0 8 * * WED,FRI-MON", "0 8 ? * WED,SUN,MON,FRI,SAT *"),
        ("0 8 * * 5-1", "0 8 ? * SUN,MON,FRI,SAT *"),
        ("0 8 * * 1-5/2", "0 8 ? * MON,WED,FRI *"),
        ("0 8 * * */3", "0 8 ? * SUN,WED,SAT *"),
        ("0 8 * * 6,1-3/2", "0 8 ? * MON,WED,SAT *"),
    ],
)
def test_what_is_meant_is_written_out(cron: str, written: str) -> None:
    with pytest.raises(ValueError, match=f"write {re.escape(written)}$"):
        canonical_cron(cron)


@pytest.mark.parametrize(
    ("cron", "problem"),
    [
        ("60 8 ? * * *", "minutes is 60; allowed is 0-59, with , - * /"),
        ("0 24 ? * * *", "hours is 24; allowed is 0-23, with , - * /"),
        ("0 8 0 * ? *", "day-of-month is 0; allowed is 1-31, with , - * / ? L W"),
        ("0 8 32 * ? *", "day-of-month is 32; allowed is 1-31, with , - * / ? L W"),
        ("0 8 32W * ? *", "day-of-month is 32W; allowed is 1-31, with , - * / ? L W"),
        ("0 8 ? 13 * *", "month is 13; allowed is 1-12 or JAN-DEC, with , - * /"),
        ("0 8 ? JUNE * *", "month is JUNE; allowed is 1-12 or JAN-DEC, with , - * /; write JUN"),
        ("0 8 ? * 8 *", "day-of-week is 8; allowed is 1-7 or SUN-SAT, with , - * ? L #"),
        ("0 8 ? * 0 *", "day-of-week is 0; allowed is 1-7 or SUN-SAT, with , - * ? L #, SUN being 1"),
        ("0 8 ? * MONDAY *", "day-of-week is MONDAY; allowed is 1-7 or SUN-SAT, with , - * ? L #; write MON"),
        ("0 8 ? * 3#6 *", "day-of-week is 3#6; allowed is 1-7 or SUN-SAT, with , - * ? L #"),
        ("0 8 ? * 3#1,6#3 *", "day-of-week is 3#1,6#3; allowed is one day with #, and no list"),
        ("0 8 ? * 5#6 *", "day-of-week is 5#6; allowed is 1-7 or SUN-SAT, with , - * ? L #"),
        ("0 8 ? * */0 *", "day-of-week is */0; allowed is 1-7 or SUN-SAT, with , - * ? L #"),
        ("0 8 ? * MON/8 *", "day-of-week is MON/8; allowed is 1-7 or SUN-SAT, with , - * ? L #"),
        ("0 8 ? * L-1 *", "day-of-week is L-1; allowed is 1-7 or SUN-SAT, with , - * ? L #"),
        ("0 8 L-3 * ? *", "day-of-month is L-3; allowed is 1-31, with , - * / ? L W"),
        ("0 8 W * ? *", "day-of-month is W; allowed is 1-31, with , - * / ? L W"),
        ("0 8 ? * 3W *", "day-of-week is 3W; allowed is 1-7 or SUN-SAT, with , - * ? L #"),
        ("0 8 ? * * 1969", "year is 1969; allowed is 1970-2199, with , - * /"),
        ("0 8 ? * * 2200", "year is 2200; allowed is 1970-2199, with , - * /"),
        ("L 8 ? * * *", "minutes is L; allowed is 0-59, with , - * /"),
        ("? 8 ? * * *", "minutes is ?; allowed is 0-59, with , - * /"),
        ("*/0 8 ? * * *", "minutes is */0; allowed behind / is a number of 1 to 59"),
        ("*/60 8 ? * * *", "minutes is */60; allowed behind / is a number of 1 to 59"),
        ("*/ 8 ? * * *", "minutes is */; allowed behind / is a number of 1 to 59"),
        ("*,5 8 ? * * *", "minutes is *,5; allowed beside * is nothing else"),
        ("1, 8 ? * * *", "minutes is 1,; allowed is 0-59, with , - * /"),
        ("1-2-3 8 ? * * *", "minutes is 1-2-3; allowed is 0-59, with , - * /"),
        ("-1 8 ? * * *", "minutes is -1; allowed is 0-59, with , - * /"),
        ("٣ 8 ? * * *", "minutes is ٣; allowed is 0-59, with , - * /"),
        (
            "0 8 ? * ? *",
            "day-of-month and day-of-week are both ?; allowed is ? in one of them, and * or days in the other",
        ),
        (
            "0 8 1 * 2 *",
            "neither day-of-month nor day-of-week is ?; AWS takes days of the month or days of the week: "
            "write ? for one of them, or two schedules",
        ),
    ],
)
def test_a_field_that_aws_would_refuse_is_named(cron: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}$"):
        canonical_cron(cron)


@pytest.mark.parametrize(
    ("cron", "problem"),
    [
        ("", "it has 0 fields; allowed are six"),
        ("0 8", "it has 2 fields; allowed are six"),
        ("8", "it has 1 field; allowed are six"),
        ("0 0 8 ? * MON-FRI *", "it has 7 fields; AWS has no seconds; allowed are six"),
        ("rate(5 minutes)", "rate(5 minutes) is no time of day; allowed are six"),
        ("at(tomorrow)", "at(tomorrow) is no cron expression; allowed are six"),
        ("0 8 1 * 1", "it has the five fields of Unix cron; allowed are AWS's six"),
        ("0 99 * * *", "it has the five fields of Unix cron; allowed are AWS's six"),
    ],
)
def test_what_is_no_such_expression_is_told_the_form(cron: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}") as told:
        canonical_cron(cron)
    assert "minutes hours day-of-month month day-of-week year" in str(told.value)


@pytest.mark.parametrize(
    ("cron", "problem"),
    [
        ("0 8 30 2 ? *", "day-of-month 30 never comes with month 2"),
        ("0 8 30 FEB ? *", "day-of-month 30 never comes with month FEB"),
        ("0 8 31 4 ? *", "day-of-month 31 never comes with month 4"),
        ("0 8 31 2,APR,6,9,NOV ? *", "day-of-month 31 never comes with month 2,APR,6,9,NOV"),
        ("0 8 30-31 2 ? *", "day-of-month 30-31 never comes with month 2"),
        ("0 8 30/1 2 ? *", "day-of-month 30/1 never comes with month 2"),
        ("0 8 31 4-6/2 ? *", "day-of-month 31 never comes with month 4-6/2"),
        ("0 8 29 2 ? 2027", "day-of-month 29 never comes with month 2 and year 2027"),
        ("0 8 29 2 ? 2029-2031", "day-of-month 29 never comes with month 2 and year 2029-2031"),
        ("0 8 29 2 ? 2100", "day-of-month 29 never comes with month 2 and year 2100"),
    ],
)
def test_a_date_that_no_year_has_is_refused(cron: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}; for the last day of a month write L$"):
        canonical_cron(cron)


def test_a_fifth_weekday_that_a_month_lacks_is_refused() -> None:
    told = "day-of-week MON#5 never comes with month 2 and year 2027; for the last one of a month write MONL"
    with pytest.raises(ValueError, match=f"^{told}$"):
        canonical_cron("0 8 ? 2 MON#5 2027")


@pytest.mark.parametrize(
    "cron",
    [
        "0 8 29 2 ? *",
        "0 8 29 2 ? 2027-2028",
        "0 8 29 2 ? 2000",
        "0 8 31 4-6 ? *",
        "0 8 30-31 4 ? *",
        "0 8 15,30 2 ? *",
        "0 8 31 * ? *",
        "0 8 */31 2 ? *",
        "0 8 30,L 2 ? *",
        "0 8 L 2 ? *",
        "0 8 ? 2 MON#5 *",
        # 29 February 2032 is a Sunday.
        "0 8 ? 2 SUN#5 2032",
        "0 8 ? 2 1#5 2032",
        # Years that are over are AWS's to judge.
        "0 8 1 1 ? 1999",
    ],
)
def test_a_date_that_comes_now_and_then_is_taken(cron: str) -> None:
    assert canonical_cron(cron) == cron


@given(st.integers(1, 7), st.integers(1, 5), st.integers(1, 12), st.integers(1970, 2199))
def test_the_nth_weekday_of_a_month_is_taken_if_the_calendar_has_it(day: int, nth: int, month: int, year: int) -> None:
    dates = (datetime.date(year, month, 1) + datetime.timedelta(days=passed) for passed in range(31))
    # Sunday is 7 for Python, and 1 for AWS.
    found = [date for date in dates if date.month == month and date.isoweekday() % 7 + 1 == day]
    cron = f"0 8 ? {month} {day}#{nth} {year}"
    if nth <= len(found):
        assert canonical_cron(cron) == cron
    else:
        with pytest.raises(ValueError, match="never comes"):
            canonical_cron(cron)


def numbers(low: int, high: int, names: tuple[str, ...] = (), *, has_steps: bool = True) -> st.SearchStrategy[str]:
    """A field of one kind, without special forms: single values, ranges, steps and lists of them."""
    number = st.integers(low, high)
    value = number.map(str) | st.sampled_from(names) if names else number.map(str)
    ranges = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    step = st.integers(1, high - low).map(str)
    stepped = st.tuples(value | ranges, step).map("/".join)
    items = value | ranges | stepped if has_steps else value | ranges
    one = st.lists(items, min_size=1, max_size=4).map(",".join) | st.just("*")
    return one | step.map(lambda size: f"*/{size}") if has_steps else one


MINUTES, HOURS, MONTH, YEAR = numbers(0, 59), numbers(0, 23), numbers(1, 12, MONTHS), numbers(1970, 2199)
# Up to the 28th: these days come in every month.
DAY_OF_MONTH = numbers(1, 28) | st.just("L") | st.integers(1, 31).map(lambda day: f"{day}W")
DAY_OF_WEEK = (
    numbers(1, 7, DAYS, has_steps=False)
    | st.tuples(st.integers(1, 7), st.integers(1, 4)).map(lambda nth: f"{nth[0]}#{nth[1]}")
    | st.integers(1, 7).map(lambda day: f"{day}L")
)
DAY_FIELDS = DAY_OF_MONTH.map(lambda day: (day, "?")) | DAY_OF_WEEK.map(lambda day: ("?", day))


@st.composite
def expressions(draw: st.DrawFn) -> list[str]:
    day, weekday = draw(DAY_FIELDS)
    return [draw(MINUTES), draw(HOURS), day, draw(MONTH), weekday, draw(YEAR)]


@given(expressions())
def test_whatever_the_table_of_aws_allows_is_taken(fields: list[str]) -> None:
    assert canonical_cron(" ".join(fields)) == " ".join(fields)
    assert canonical_cron(f"cron({' '.join(fields).lower()})") == " ".join(fields)


@given(expressions(), st.sampled_from(range(6)), st.sampled_from(["low", "high", "text", "step"]))
def test_one_field_out_of_its_range_spoils_the_expression(fields: list[str], index: int, how: str) -> None:
    kind = FIELDS[index]
    wrong = {"low": f"{kind.low - 1}", "high": f"{kind.high + 1}", "text": "X", "step": f"*/{kind.longest_step + 1}"}
    broken = [*fields[:index], wrong[how], *fields[index + 1 :]]
    with pytest.raises(ValueError, match=f"^{kind.name} is "):
        canonical_cron(" ".join(broken))


@given(st.sampled_from(range(6)), expressions())
def test_a_question_mark_stands_in_exactly_one_day_field(index: int, fields: list[str]) -> None:
    both = [*fields[:2], "?", fields[3], "?", fields[5]]
    neither = ["1" if field == "?" else field for field in fields]
    for wrong in (both, neither):
        with pytest.raises(ValueError, match="day-of-month"):
            canonical_cron(" ".join(wrong))
    if index not in (2, 4):
        with pytest.raises(ValueError, match=rf"^{FIELDS[index].name} is \?"):
            canonical_cron(" ".join([*fields[:index], "?", *fields[index + 1 :]]))


UNIX_WEEKDAYS = st.integers(0, 7).map(str) | st.tuples(st.integers(0, 7), st.integers(0, 7)).map(
    lambda ends: f"{min(ends)}-{max(ends)}"
)


def unix_days(text: str) -> set[str]:
    """The days of the week that a Unix field without names and steps means."""
    first, _, last = text.partition("-")
    return {DAYS[day % 7] for day in range(int(first), int(last or first) + 1)}


def aws_days(text: str) -> set[str]:
    """The same for AWS's field, with names."""
    days: set[str] = set()
    for item in text.split(","):
        first, _, last = item.partition("-")
        days |= set(DAYS[DAYS.index(first) : DAYS.index(last or first) + 1])
    return days


@given(numbers(0, 59), numbers(0, 23), numbers(1, 12), UNIX_WEEKDAYS)
def test_what_stands_in_place_of_unix_s_form_means_the_same_days(
    minutes: str, hours: str, month: str, weekday: str
) -> None:
    with pytest.raises(ValueError, match="five fields of Unix") as told:
        canonical_cron(f"{minutes} {hours} * {month} {weekday}")
    written = str(told.value).partition(": write ")[2]
    assert canonical_cron(written) == written
    assert written.split()[:4] == [minutes, hours, "?", month]
    assert aws_days(written.split()[4]) == unix_days(weekday)


@given(st.text(alphabet="0123456789*/?,-#LWcron()atJANMON \t@", max_size=30) | st.text(max_size=20))
def test_any_text_is_refused_or_has_a_form_that_is_taken_again(text: str) -> None:
    try:
        found = canonical_cron(text)
    except ValueError:
        return
    assert canonical_cron(found) == found
