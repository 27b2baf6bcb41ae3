"""`story drift`."""

import sys

from story.exit_codes import ExitCode
from story.preview.drift import Drift, read_drift
from story.preview.drift_page import drift_json, drift_markdown, drift_text

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
        return ExitCode.FAILED
    sys.stdout.write(PAGES[as_format](drift))
    return ExitCode.FOUND if drift.drifted else ExitCode.OK


def _why(drift: Drift) -> str:
    """Why the drift is unknown, in one line."""
    return f"stack {drift.stack}: the preview failed, so the drift is unknown: {'; '.join(drift.errors)}"
