"""What a command prints, as a picture of a terminal."""

import io
import os
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

WIDTH = 118
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
font-family: "Fira Code", monospace;
font-size: {char_height}px;
line-height: {line_height}px;
font-variant-east-asian: full-width;
}}
.{unique_id}-title {{
font-size: 18px;
font-weight: bold;
font-family: sans-serif;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Rich's own, but for the fonts that a viewer would fetch from another host."""
OF_A_USER = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


def terminal_svg(name: str, command: str, printed: str) -> str:
    """The picture: the command, and what it printed, in as many lines as it needs; longer ones are broken.

    Args:
        name: Tells this picture's styles from those of others on the same page.
        command: What was typed.
        printed: What it wrote, with escape sequences for colours.
    """
    with steady_terminal():
        console = Console(record=True, file=io.StringIO(), width=WIDTH, force_terminal=True, legacy_windows=False)
        console.print(Text(f"$ {command}", style="bold green"))
        for line in printed.splitlines():
            console.print(Text.from_ansi(line))
        return _tidy(console.export_svg(title=command, unique_id=name, code_format=FORMAT))


@contextmanager
def steady_terminal() -> Generator[None]:
    """The same terminal everywhere: what rich writes depends on the variables of whoever runs it."""
    before = dict(os.environ)
    os.environ.update(TERMINAL)
    for name in OF_A_USER:
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _tidy(svg: str) -> str:
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"
