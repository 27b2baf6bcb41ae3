"""`story summary`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from story.engine.preview import read_preview
from story.exit_codes import ExitCode
from story.preview.given_text import NoTextError, decoded
from story.preview.markdown import comment
from story.preview.migrations import Migration, UnreadableListError, read_migrations
from story.preview.plain_text import plain_text
from story.preview.summary import summarise


def run(*, file: str, as_format: str, stack: str, migrations: Path | None) -> int:
    """Reads, summarises and prints; returns the exit code.

    1: the preview failed or could not be read, a policy forbids the update, or the list of migrations could not be
    read. The page is printed in that case too, and shows the reason. A loss of data is not a failure: the reviewer
    decides.

    Args:
        file: Output of `pulumi preview --json`; `-` is standard input.
        as_format: `markdown` or `text`.
        stack: Name of the stack, for failed previews without it. A preview of another stack is rejected.
        migrations: File with artisan's list of pending migrations; None without one.
    """
    try:
        output = decoded(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
        listed = None if migrations is None else migrations.read_bytes()
    except OSError as error:
        return _refused(f"{error.filename}: {(error.strerror or 'the file can not be read').lower()}")
    except NoTextError as error:
        return _refused(f"{file}: {error}")
    pending, unread = _pending(listed)
    summary = summarise(read_preview(output, stack=stack), stack=stack, migrations=pending, list_unread=unread)
    sys.stdout.write(comment(summary) if as_format == "markdown" else plain_text(summary))
    if unread:
        print(f"story summary: {migrations}: {unread}", file=sys.stderr)
    return ExitCode.FAILED if summary.refused or unread else ExitCode.OK


def _pending(listed: bytes | None) -> tuple[Sequence[Migration] | None, str]:
    """The migrations in the list, and why it could not be read."""
    if listed is None:
        return None, ""
    try:
        return read_migrations(decoded(listed)), ""
    except (NoTextError, UnreadableListError) as error:
        return None, str(error)


def _refused(why: str) -> int:
    print(f"story summary: {why}", file=sys.stderr)
    return ExitCode.WRONG_USAGE
