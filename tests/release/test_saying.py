"""What a step says: whole, plain lines, and a sign of life."""

import io
import re
import sys
import threading
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release import saying
from release.saying import LAST_LINES, LONGEST_LINE, LogLines, Saying, plain, print_line
from tests.aws.clock import Clock


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def voice(said: list[str]) -> Saying:
    return Saying(step="migration", output=said.append)


ANY_TEXT = st.text(st.characters(codec=None)) | st.text(
    st.sampled_from("a\x1b[31m;?\r\n\t\x00\x07\x85\u2028\u202e\ud83d")
)


@given(ANY_TEXT)
def test_whatever_is_written_becomes_one_plain_line(text: str) -> None:
    line = plain(text)
    line.encode("utf-8")
    assert len(line.splitlines()) <= 1
    assert not [letter for letter in line if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")]
    assert len(line) <= LONGEST_LINE + 4


@given(ANY_TEXT)
def test_a_plain_line_stays_as_it_is(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("移行しました ✓", "移行しました ✓"),
        ("done\r\n", "done"),
        ("a\r\nb\nc", "a b c"),
        ("half\rover", "half over"),
        ("\x1b[31mred\x1b[0m", " red "),
        ("\x1b[2J\x1b[1;1Hgone", "  gone"),
        ("\x1b]0;title\x07", " ]0;title "),
        ("\x1b\x1b[31m[31m", "  [31m"),
        ("tab\there", "tab here"),
        ("next\x85line\u2028and\u2029another", "next line and another"),
        ("backwards\u202e", "backwards "),
        ("half a \ud83d letter", "half a ? letter"),
        ("x" * LONGEST_LINE, "x" * LONGEST_LINE),
        ("x" * (LONGEST_LINE + 1), "x" * LONGEST_LINE + " ..."),
        ("", ""),
    ],
)
def test_what_moves_a_cursor_or_ends_a_line_is_a_space(text: str, line: str) -> None:
    assert plain(text) == line


def test_a_line_begins_with_the_step_and_the_time_and_an_explanation_stands_below_it(
    voice: Saying, said: list[str]
) -> None:
    voice.say("runs\nnow")
    voice.explain(["as\n1f0c", "in story-prod"])
    assert re.fullmatch(r"migration: +[0-9]+\.[0-9] s  runs now", said[0])
    assert said[1:] == ["migration:           as 1f0c", "migration:           in story-prod"]
    assert said[0].index("runs") == said[1].index("as")


@pytest.mark.parametrize(("after_seconds", "spoken"), [(0, 0), (14.9, 0), (15, 1), (100, 1)])
def test_it_says_what_goes_on_only_after_a_silence(after_seconds: float, spoken: int) -> None:
    said, clock = list[str](), Clock()
    voice = Saying(step="migration", output=said.append, clock=clock)
    clock.sleep(after_seconds)
    voice.still("RUNNING")
    assert len(said) == spoken
    voice.still("RUNNING")
    assert len(said) == spoken, "it was just said"
    clock.sleep(saying.HEARTBEAT_SECONDS)
    voice.still("RUNNING")
    assert said[-1] == f"migration: {after_seconds + 15:6.1f} s  still RUNNING"


def test_a_line_that_was_said_counts_as_a_sign_of_life() -> None:
    said, clock = list[str](), Clock()
    voice = Saying(step="migration", output=said.append, clock=clock)
    clock.sleep(14)
    voice.say("RUNNING")
    clock.sleep(14)
    voice.still("RUNNING")
    assert len(said) == 1


def test_log_lines_are_shown_up_to_the_limit_counted_beyond_it_and_the_last_ones_kept(
    voice: Saying, said: list[str]
) -> None:
    lines = LogLines(saying=voice, shown_at_most=2)
    for number in range(100):
        lines.add(f"line {number}\x07")
    shown = [line.partition(" s  ")[2] for line in said]
    assert shown == ["| line 0 ", "| line 1 ", "| 2 lines were shown; the others are in the log group"]
    assert lines.seen == 100
    assert list(lines.last) == [f"line {number} " for number in range(100 - LAST_LINES, 100)]


@pytest.mark.parametrize("limit", [None, 3])
def test_within_the_limit_every_log_line_is_shown(voice: Saying, said: list[str], limit: int | None) -> None:
    lines = LogLines(saying=voice, shown_at_most=limit)
    for number in range(3):
        lines.add(f"line {number}")
    assert len(said) == lines.seen == 3


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", "移行 ✓\n"), ("ascii", "?? ?\n"), ("euc_jp", "移行 ?\n")])
def test_a_terminal_without_the_letters_shows_a_question_mark_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, encoding: str, shown: str
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    print_line("移行 ✓")
    assert raw.getvalue().decode(encoding) == shown


def test_lines_of_steps_side_by_side_are_printed_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    class Terminal(io.StringIO):
        encoding = "utf-8"

        def write(self, text: str, /) -> int:
            written.append(text)
            return len(text)

    monkeypatch.setattr(sys, "stdout", Terminal())
    threads = [threading.Thread(target=print_line, args=(f"step {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(filter(None, written)) == [f"step {number}\n" for number in range(8)]
