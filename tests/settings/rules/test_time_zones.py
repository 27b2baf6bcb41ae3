"""Time zones of schedules."""

import importlib.resources
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.rules.time_zones import OLD_NAMES, TIME_ZONES, time_zone


@pytest.mark.parametrize(
    "name",
    ["UTC", "Etc/UTC", "Asia/Tokyo", "Etc/GMT+9", "Pacific/Tahiti", "America/Argentina/Buenos_Aires", "Europe/Oslo"],
)
def test_canonical_names_are_taken(name: str) -> None:
    assert time_zone(name) == name


@pytest.mark.parametrize(
    "names", [("Europe/Kyiv", "Europe/Kiev"), ("America/Nuuk", "America/Godthab")], ids=["Kyiv", "Nuuk"]
)
def test_a_name_that_iana_changed_lately_is_taken_in_both_forms(names: tuple[str, str]) -> None:
    assert [time_zone(name) for name in names] == [*names]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Tokyo", "Asia/Tokyo"),
        ("asia/tokyo", "Asia/Tokyo"),
        ("Asia/Tokio", "Asia/Tokyo"),
        ("JST", "Asia/Tokyo"),
        ("Japan", "Asia/Tokyo"),
        ("US/Eastern", "America/New_York"),
        ("New York", "America/New_York"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("utc", "UTC"),
        ("GMT", "UTC"),
        ("+09:00", "Etc/GMT-9"),
        ("UTC+9", "Etc/GMT-9"),
        ("GMT-05:00", "Etc/GMT+5"),
        ("UTC+0", "UTC"),
    ],
)
def test_another_name_is_told_the_canonical_one(name: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"^it is not a canonical name of a time zone; write {re.escape(meant)}$"):
        time_zone(name)


@pytest.mark.parametrize("name", ["", "Mars/Phobos", "UTC+15", "+05:30", "Factory", "x" * 5000])
def test_a_name_like_no_other_is_told_an_example(name: str) -> None:
    with pytest.raises(ValueError, match=r"allowed is UTC, or an IANA time zone such as Asia/Tokyo$"):
        time_zone(name)


def test_each_old_name_leads_to_a_canonical_one() -> None:
    assert {name for name in OLD_NAMES.values() if name not in TIME_ZONES} == set()
    assert set(OLD_NAMES) & TIME_ZONES == set()


def test_the_list_has_every_zone_of_the_release_of_the_time_zone_database_that_it_names() -> None:
    published = (importlib.resources.files("tzdata") / "zones").read_text("utf-8").split()
    known = {name for name in published if "/" in name}
    assert TIME_ZONES - known == {"UTC"}
    assert known - TIME_ZONES - set(OLD_NAMES) == set()


@given(st.text(max_size=40))
def test_any_text_is_a_zone_or_one_line(text: str) -> None:
    if text in TIME_ZONES:
        assert time_zone(text) == text
    else:
        with pytest.raises(ValueError, match=r"^it is not a canonical name"):
            time_zone(text)
