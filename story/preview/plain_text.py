"""A summary as plain text of any length, for a terminal or the log of a build."""

from collections.abc import Iterable, Iterator, Sequence

from story.preview.markdown import visible
from story.preview.page import Block, Line, OutsideText, Style, blocks
from story.preview.summary import Summary

BEFORE = {Style.TEXT: "", Style.LIST: "  - ", Style.LOUD: "  - ", Style.TABLE: "  | ", Style.DIFF: "  "}
"""Prefixes of lines. No line begins with text from outside: GitHub Actions would run `::error::` as a command.
"""


def plain_text(summary: Summary) -> str:
    """The page; its first line is the verdict."""
    return text_page(f"{'!! ' if summary.loud else ''}{summary.verdict}", blocks(summary))


def text_page(verdict: str, below: Iterable[Block]) -> str:
    """A page: the verdict as the first line, and the blocks below it."""
    return "\n".join([verdict, *_lines(below)]) + "\n"


def _lines(below: Iterable[Block]) -> Iterator[str]:
    for block in below:
        if block.title:
            yield ""
            yield block.title if block.style is not Style.LOUD else f"!! {block.title}"
        before = BEFORE[block.style]
        for line in _table(block.lines) if block.style is Style.TABLE else map(_text, block.lines):
            yield (before + line).rstrip()


def _table(rows: Sequence[Line]) -> Iterator[str]:
    cells = [[_text([part]) for part in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        first, *rest = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join([first.strip().ljust(widths[0]), *rest])


def _text(line: Line) -> str:
    return "".join(visible(part.text) if isinstance(part, OutsideText) else part for part in line)
