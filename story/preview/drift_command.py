"""`story drift`."""

import sys

from story.preview.drift import Drift, read_drift
from story.preview.drift_page import drift_json, drift_markdown, drift_text

NONE, NOBODY_KNOWS, FOUND = 0, 1, 3
"""Exit codes of `story drift`. 2 is wrong usage, as with every command."""
PAGES = {"text": drift_text, "json": drift_json, "markdown": drift_markdown}


def run(*, preview: tuple[int, str], stack: str, as_format: str) -> int:
    """Reads a preview and prints its drift; returns the exit code.

    If the preview failed, no page is printed, because an incomplete page could look like one without drift.

    Args:
        preview: Exit code and output of `pulumi preview --json --refresh`.
        stack: Name of the stack: NAME or ORG/PROJECT/NAME.
        as_format: `text`, `json` or `markdown`.
    """
    exit_code, output = preview
    drift = read_drift(output, stack=stack, exit_code=exit_code)
    if drift.errors:
        print(f"story drift: {_why(drift)}", file=sys.stderr)
        return NOBODY_KNOWS
    sys.stdout.write(PAGES[as_format](drift))
    return FOUND if drift.drifted else NONE


def _why(drift: Drift) -> str:
    """Why the drift is unknown, in one line."""
    return f"stack {drift.stack}: the preview failed, so the drift is unknown: {'; '.join(drift.errors)}"
