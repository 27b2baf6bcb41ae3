"""`story summary`, behind its options."""

import sys
from pathlib import Path

from plan.markdown import comment
from plan.migrations import read_migrations
from plan.plain_text import plain_text
from plan.preview import read_preview
from plan.summary import summarise

REFUSED = 1
USAGE = 2


def run(*, file: str, as_format: str, stack: str, migrations: Path | None) -> int:
    """Reads, summarises and prints; returns the exit code: 1 if the preview failed or a policy forbids the update.

    A page is printed in that case as well. That data would be lost is no failure: whoever reads the page decides.

    Args:
        file: Output of `pulumi preview --json`; `-` is standard input.
        as_format: `markdown` or `text`.
        stack: Name of the stack, for previews that failed before they named it.
        migrations: What artisan lists as pending; None if nobody asked it.
    """
    try:
        output = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        listed = None if migrations is None else read_migrations(migrations.read_bytes().decode("utf-8", "replace"))
    except OSError as error:
        print(f"story summary: {error.filename}: {(error.strerror or 'it can not be read').lower()}", file=sys.stderr)
        return USAGE
    summary = summarise(read_preview(output.decode("utf-8", "replace")), stack=stack, migrations=listed)
    sys.stdout.write(comment(summary) if as_format == "markdown" else plain_text(summary))
    return REFUSED if summary.refused else 0
