"""The grid of a dashboard."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.observability.dashboard.grid import placed
from components.widgets import COLUMNS, Widget


def widget(width: int, height: int = 6) -> Widget:
    return Widget(type="text", width=width, height=height, properties={"markdown": f"{width} x {height}"})


def places(*rows: list[Widget]) -> list[tuple[int, int]]:
    return [(each["x"], each["y"]) for each in placed(rows)]


def cells(each: dict[str, Any]) -> set[tuple[int, int]]:
    """The cells of the grid that a widget covers."""
    return {(each["x"] + x, each["y"] + y) for x in range(each["width"]) for y in range(each["height"])}


WIDGETS = st.builds(widget, st.integers(1, COLUMNS), st.integers(1, 8))


@given(st.lists(st.lists(WIDGETS, max_size=8), max_size=6))
def test_no_widget_covers_another_or_leaves_the_grid(rows: list[list[Widget]]) -> None:
    every = placed(rows)
    covered: set[tuple[int, int]] = set()
    for each in every:
        assert not covered & cells(each)
        assert all(0 <= x < COLUMNS for x, _ in cells(each))
        covered |= cells(each)
    assert len(every) == sum(map(len, rows))


@given(st.lists(st.lists(WIDGETS, min_size=1, max_size=8), min_size=2, max_size=6))
def test_a_row_begins_below_the_one_before_it(rows: list[list[Widget]]) -> None:
    every, number = placed(rows), 0
    for row in rows:
        above, row_of_it = every[:number], every[number : number + len(row)]
        bottom = max((each["y"] + each["height"] for each in above), default=0)
        assert (row_of_it[0]["x"], row_of_it[0]["y"]) == (0, bottom)
        number += len(row)


def test_neighbours_stand_side_by_side() -> None:
    assert places([widget(8), widget(8), widget(8)]) == [(0, 0), (8, 0), (16, 0)]


def test_what_does_not_fit_goes_below_its_highest_neighbour() -> None:
    assert places([widget(12, 4), widget(12, 6), widget(1)]) == [(0, 0), (12, 0), (0, 6)]


def test_an_empty_row_takes_no_space() -> None:
    assert places([widget(24, 2)], [], [widget(24)]) == [(0, 0), (0, 2)]


@pytest.mark.parametrize("width", [0, 25])
def test_a_widget_that_no_grid_can_hold_is_refused(width: int) -> None:
    with pytest.raises(ValueError, match=f"given a widget of {width} columns; allowed are 1 to 24"):
        placed([[widget(width)]])
