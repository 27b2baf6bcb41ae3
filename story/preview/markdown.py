"""A summary as the comment on a pull request: GitHub's Markdown, limited in size, without active content.

Text from outside is always code: a span, or a fenced block. GitHub renders no links, mentions, images or markup in code
(github.github.com/gfm, "Code spans" and "Fenced code blocks"), so the text must only not end the code: it is one line,
the fence is longer than any within, and a table's cell contains no bar. Invisible characters, such as those that change
the direction of writing, are shown as escapes.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from settings.checking import printable
from story.preview.page import Block, Line, OutsideText, Style, blocks
from story.preview.summary import Summary

LIMIT = 60_000
"""GitHub accepts 65,536 characters."""
LONGEST = 240
RESERVED = 600
"""Characters reserved for the lines about omitted parts, and for the marker."""
BACKTICKS = re.compile(r"`+")


def comment(summary: Summary, limit: int = LIMIT) -> str:
    """The comment, shorter than `limit`. If the page is longer, its end is omitted, and the comment says so.

    Its first line is the verdict. Its last one is invisible and the same for each comment on this stack.
    """
    verdict = f"{'⚠️ ' if summary.loud else ''}{summary.verdict}"
    return markdown_page(verdict, blocks(summary), about="story-summary", stack=summary.stack, limit=limit)


def markdown_page(verdict: str, below: Iterable[Block], *, about: str, stack: str, limit: int = LIMIT) -> str:
    """A page, shorter than `limit`. If it is longer, its end is omitted, and the page says so.

    Args:
        verdict: The first line.
        below: The blocks below the verdict, the most important first.
        about: Kind of page. The last line, which is invisible, contains it and the stack.
        stack: Name of the stack; "" if it is unknown.
        limit: In UTF-16 units, as GitHub counts.
    """
    head = f"### {verdict}\n"
    pieces, room = [head], limit - RESERVED - size(head)
    dropped: list[str] = []
    for block in below:
        text, whole = _fitting(block, 0 if dropped else room)
        room -= size(text)
        pieces.append(text)
        if not whole:
            dropped.append(block.title)
    if dropped:
        left = ", ".join(f'"{title}"' for title in dropped if title)
        pieces.append(f"_Truncated to GitHub's limit: {left[:300]}. The log of the build has the full page._\n")
    marker = f"<!-- {about}: {_plain(stack) or 'unknown'} -->"
    return "\n".join([*filter(None, pieces), marker]) + "\n"


def size(text: str) -> int:
    """Its length as GitHub counts: in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def code(text: str, *, cell: bool = False) -> str:
    """Text from outside as a code span of one line."""
    shown = shortened(visible(text))
    if cell:
        # Versions of GitHub's parser read a backslash before a bar differently.
        shown = shown.replace("|", "\\x7c")
    if not shown.strip():
        return "(empty)"
    fence = _fence(shown, 1)
    edge = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{edge}{shown}{edge}{fence}"


def visible(text: str) -> str:
    """One line of visible characters; invisible ones are shown as escapes."""
    return printable(text.encode("utf-8", "backslashreplace").decode("utf-8"))


def shortened(text: str) -> str:
    """The text, shortened if it is long."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _plain(text: str) -> str:
    """Letters, digits and dots only, and dashes that cannot end an HTML comment."""
    return re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9._/]", "-", text)).strip("-")[:200]


def _fence(text: str, least: int) -> str:
    return "`" * max([least, *(len(run) + 1 for run in BACKTICKS.findall(text))])


def _fitting(block: Block, room: int) -> tuple[str, bool]:
    """The part of a block that fits, and whether it is the whole block."""
    lines = [_line(block, line, place) for place, line in enumerate(block.lines)]
    fence = _fence("\n".join(lines), 3) if block.style is Style.DIFF else ""
    before, after = _frame(block, fence)
    more = "and {} more" if block.style is not Style.TEXT else "{}"
    left = room - size(before) - size(after) - len(more) - 20
    kept: list[str] = []
    for line in lines:
        left -= size(line) + 1
        if left < 0:
            break
        kept.append(line)
    missing = len(lines) - len(kept)
    least = 2 if block.style is Style.TABLE else 0
    if missing and len(kept) <= least:
        return "", False
    if missing:
        kept.append(_line(block, [more.format(missing), *[""] * (len(block.lines[0]) - 1)], len(kept)))
    return f"{before}{chr(10).join(kept)}\n{after}", not missing


def _frame(block: Block, fence: str) -> tuple[str, str]:
    if block.style is Style.DIFF:
        opening, closing = f"{fence}diff\n", f"{fence}\n"
    elif block.style is Style.LOUD:
        opening, closing = "> [!CAUTION]\n", ""
    else:
        opening, closing = "", ""
    if block.folded:
        return f"<details><summary>{block.title}</summary>\n\n{opening}", f"{closing}\n</details>\n"
    return (f"**{block.title}**\n\n{opening}" if block.title else opening), closing


def _line(block: Block, line: Line, place: int) -> str:
    match block.style:
        case Style.TABLE:
            rule = "\n|:--|" + "--:|" * (len(line) - 1) if place == 0 else ""
            return "| " + " | ".join(_parts([part], cell=True) for part in line) + " |" + rule
        case Style.DIFF:
            return shortened("".join(visible(part.text) if isinstance(part, OutsideText) else part for part in line))
        case Style.LOUD:
            return f"> - {_parts(line)}"
        case Style.LIST:
            return f"- {_parts(line)}"
        case Style.TEXT:
            return _parts(line)


def _parts(parts: Line, *, cell: bool = False) -> str:
    return "".join(_spans(parts, cell))


def _spans(parts: Sequence[str | OutsideText], cell: bool) -> Iterator[str]:
    for part in parts:
        yield code(part.text, cell=cell) if isinstance(part, OutsideText) else part
