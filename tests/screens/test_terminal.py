"""The pictures of what a command prints."""

import io
import os
import re
from xml.etree import ElementTree

import pytest
from rich.console import Console

from screens.terminal import steady_terminal, terminal_svg

SVG = "{http://www.w3.org/2000/svg}"


def words(svg: str) -> list[str]:
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_no_picture_loads_anything_from_a_host() -> None:
    svg = terminal_svg("x", "story plan", "one")
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
