"""`story plan`, as a picture."""

from screens.prod import STACK, planned
from screens.terminal import steady_terminal, terminal_svg
from story.plan.report import as_text

FIRST_LINES = 30
SUMS_BEGIN = "  total: "
SUMS_END = "  output: "


def plan_screen() -> str:
    """What `story plan --stack prod` shows: where it begins, and the sums.

    Raises:
        LookupError: The stack's settings have mistakes.
    """
    plan, _ = planned()
    with steady_terminal():
        page = as_text([plan], colour=True)
    return terminal_svg("plan", f"story plan --stack {STACK}", shortened(page))


def shortened(page: str) -> str:
    """The page without the middle of its tree and without the stack's outputs."""
    lines = page.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(SUMS_BEGIN))
    end = next(number for number, line in enumerate(lines) if line.startswith(SUMS_END))
    return "\n".join([*lines[:FIRST_LINES], "", f"... {begin - FIRST_LINES} lines more ...", "", *lines[begin:end]])
