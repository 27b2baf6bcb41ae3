"""The output of a step: whole, plain lines, and a heartbeat while it waits."""

import io
import re
import sys
import threading
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.step_output import HEARTBEAT_SECONDS, LAST_LINES, LONGEST_LINE, LogLines, StepOutput, plain, print_line
from tests.aws.clock import Clock


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def step_output(said: list[str]) -> StepOutput:
    return StepOutput(step="migration", output=said.append)


ANY_TEXT = st.text(st.characters(codec=None)) | st.text(
    st.sampled_from("a\x1b[31m;?\r\n\t\x00\x07\x85\u2028\u202e\ud83d")
)


@given(ANY_TEXT)
def test_every_text_becomes_one_plain_line(text: str) -> None:
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
def test_control_characters_and_line_breaks_become_spaces(text: str, line: str) -> None:
    assert plain(text) == line


def test_a_line_begins_with_the_step_and_the_time_and_details_are_aligned_below_it(
    step_output: StepOutput, said: list[str]
) -> None:
    step_output.line("runs\nnow")
    step_output.details(["as\n1f0c", "in story-prod"])
    assert re.fullmatch(r"migration: +[0-9]+\.[0-9] s  runs now", said[0])
    assert said[1:] == ["migration:           as 1f0c", "migration:           in story-prod"]
    assert said[0].index("runs") == said[1].index("as")


@pytest.mark.parametrize(("after_seconds", "printed"), [(0, 0), (14.9, 0), (15, 1), (100, 1)])
def test_a_heartbeat_is_printed_only_after_15_seconds_without_output(after_seconds: float, printed: int) -> None:
    said, clock = list[str](), Clock()
    step_output = StepOutput(step="migration", output=said.append, clock=clock)
    clock.sleep(after_seconds)
    step_output.heartbeat("RUNNING")
    assert len(said) == printed
    step_output.heartbeat("RUNNING")
    assert len(said) == printed, "a heartbeat was just printed"
    clock.sleep(HEARTBEAT_SECONDS)
    step_output.heartbeat("RUNNING")
    assert said[-1] == f"migration: {after_seconds + 15:6.1f} s  still RUNNING"


def test_a_line_restarts_the_time_until_the_next_heartbeat() -> None:
    said, clock = list[str](), Clock()
    step_output = StepOutput(step="migration", output=said.append, clock=clock)
    clock.sleep(14)
    step_output.line("RUNNING")
    clock.sleep(14)
    step_output.heartbeat("RUNNING")
    assert len(said) == 1


def test_log_lines_are_shown_up_to_the_limit_counted_beyond_it_and_the_last_ones_kept(
    step_output: StepOutput, said: list[str]
) -> None:
    lines = LogLines(step_output=step_output, shown_at_most=2)
    for number in range(100):
        lines.add(f"line {number}\x07")
    shown = [line.partition(" s  ")[2] for line in said]
    assert shown == ["| line 0 ", "| line 1 ", "| 2 lines were printed; the others are in the log group"]
    assert lines.seen == 100
    assert list(lines.last) == [f"line {number} " for number in range(100 - LAST_LINES, 100)]


@pytest.mark.parametrize("limit", [None, 3])
def test_within_the_limit_every_log_line_is_shown(step_output: StepOutput, said: list[str], limit: int | None) -> None:
    lines = LogLines(step_output=step_output, shown_at_most=limit)
    for number in range(3):
        lines.add(f"line {number}")
    assert len(said) == lines.seen == 3


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", "移行 ✓\n"), ("ascii", "?? ?\n"), ("euc_jp", "移行 ?\n")])
def test_a_terminal_that_cannot_encode_a_character_shows_a_question_mark(
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
