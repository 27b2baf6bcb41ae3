"""The pictures of the screens: a dashboard's body as SVG, and what a command prints."""

import io
import os
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from components.observability.dashboard.body import body
from components.observability.dashboard.scene import Scene
from screens.picture import COLUMN, ROW, picture
from screens.samples import RELEASES, series
from screens.terminal import steady_terminal, terminal_svg
from tests.components.observability.dashboard_scenes import EVERY_KIND, scene

SVG = "{http://www.w3.org/2000/svg}"


def words(svg: str) -> list[str]:
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def graph(title: str) -> dict[str, Any]:
    (found,) = [each["properties"] for each in body(scene())["widgets"] if each["properties"].get("title") == title]
    return found


@pytest.mark.parametrize("drawn", EVERY_KIND.values(), ids=EVERY_KIND)
def test_every_widget_is_drawn_at_its_place_with_its_title(drawn: Scene) -> None:
    widgets = body(drawn)["widgets"]
    svg = picture(body(drawn))
    places = [each.get("transform") for each in ElementTree.fromstring(svg).iter(f"{SVG}g")]
    assert places == [f"translate({each['x'] * COLUMN},{each['y'] * ROW})" for each in widgets]
    titles = {each["properties"]["title"] for each in widgets if "title" in each["properties"]}
    assert titles <= set(words(svg))


def test_the_same_body_gives_the_same_picture() -> None:
    assert picture(body(scene())) == picture(body(scene()))


def test_thresholds_and_names_of_lines_are_written_into_a_graph() -> None:
    shown = words(picture(body(scene())))
    assert {"site-latency", "p95", "rollout of web", "default"} <= set(shown)


def test_a_line_is_drawn_for_each_visible_metric_and_each_thing_found() -> None:
    assert [line.label for line in series(graph("web: CPU, in percent"))] == [
        "average of all tasks",
        "3f0c9a17",
        "b81d44e2",
    ]
    assert [(line.label, line.right) for line in series(graph("Errors, in percent of the answers"))] == [
        ("5xx: our mistakes", False),
        ("4xx: the visitors'", False),
        ("migration", True),
        ("rollout of web", True),
    ]


def test_a_release_is_a_peak_at_its_moment() -> None:
    (migration, _) = [line for line in series(graph("Errors, in percent of the answers")) if line.right]
    assert [at for at, seconds in enumerate(migration.values) if seconds] == list(RELEASES)


def test_text_from_a_stack_cannot_break_the_picture() -> None:
    document = {
        "widgets": [
            {
                "type": "text",
                "x": 0,
                "y": 0,
                "width": 24,
                "height": 2,
                "properties": {"markdown": "## <b> & co\nif 1 < 2"},
            }
        ]
    }
    assert words(picture(document)) == ["<b> & co", "if 1 < 2"]


def test_no_picture_loads_anything_from_a_host() -> None:
    for svg in (picture(body(scene())), terminal_svg("x", "story plan", "one")):
        assert set(re.findall(r"https?://[^\s\"')<]+", svg)) == {"http://www.w3.org/2000/svg"}
        assert "@font-face" not in svg


def test_a_terminal_shows_the_command_and_what_it_wrote_in_colour() -> None:
    svg = terminal_svg("x", "story plan", "plain\n\x1b[1;31mred\x1b[0m")
    shown = [text.replace("\xa0", " ") for text in words(svg)]
    assert "$ story plan" in shown
    assert "plain" in shown
    assert "red" in shown
    assert "\x1b" not in svg


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb"), ("COLUMNS", "40")])
def test_a_picture_does_not_depend_on_whose_terminal_it_is_made_in(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    usual = terminal_svg("x", "story plan", "\x1b[31m" + "wide " * 30)
    monkeypatch.setenv(name, value)
    assert terminal_svg("x", "story plan", "\x1b[31m" + "wide " * 30) == usual


@pytest.mark.parametrize("name", ["NO_COLOR", "COLUMNS"])
def test_what_a_command_prints_does_not_depend_on_it_either(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "40")
    with steady_terminal():
        console = Console(force_terminal=True, file=io.StringIO())
        assert not console.no_color
        assert console.width != 40


def test_the_environment_is_as_before_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "mine")
    monkeypatch.delenv("COLORTERM", raising=False)
    before = dict(os.environ)
    with steady_terminal():
        assert dict(os.environ) != before
    assert dict(os.environ) == before
