"""What updates, previews and destroys asked AWS for, on record: the roles of bootstrap/ are measured with it."""

import fcntl
import json
import os
from collections.abc import Sequence

from tests.e2e.lives import Config, Edit, after, settings_of
from tests.e2e.support import PROJECT, Stack
from tests.iam_actions import actions_of

FILE = PROJECT / "tests" / "bootstrap" / "recorded_calls.json"
RECORD = "STORY_RECORD_CALLS"


def assert_on_record(stack: Stack, kind: str) -> None:
    """Everything that was asked for since the last time is on record; with STORY_RECORD_CALLS=1 it is from now on.

    Args:
        stack: The stack.
        kind: What asked: `dev`, `prod`, `preview`, `releases`, `edits`.
    """
    asked = actions_of(stack.asked_for())
    if os.environ.get(RECORD):
        _add(kind, asked)
    recorded: dict[str, list[str]] = json.loads(FILE.read_text("utf-8"))
    new = sorted(asked - set(recorded.get(kind, [])))
    assert new == [], f"not on record, so perhaps not allowed to bootstrap/: {', '.join(new)}; {RECORD}=1 records them"
    stack.forget_what_was_asked_for()


def edit(stack: Stack, edits: Edit, released: str | None = None) -> str:
    """One update for edits of several parts of the settings, and what it said; what it asked for is on record.

    Args:
        stack: The stack.
        edits: What changes in each part, as `tests/e2e/lives.py` reads it.
        released: Image of a release; None is an update without one.
    """
    stack.engine.prepare(after(stack.engine.config(), edits))
    said = stack.up(released).output
    assert_on_record(stack, "edits")
    return said


def assert_edited_to(stack: Stack, life: Sequence[Config]) -> None:
    """The edits that a stack went through are those of `tests/e2e/lives.py`: it has the last settings of them.

    Args:
        stack: The stack.
        life: Its settings, as it came up and after each edit.
    """
    assert stack.settings() == settings_of(life[-1])


def _add(kind: str, asked: set[str]) -> None:
    with FILE.open("r+", encoding="utf-8") as file:
        # Files of scenarios run side by side.
        fcntl.flock(file, fcntl.LOCK_EX)
        recorded: dict[str, list[str]] = json.loads(file.read())
        recorded[kind] = sorted(asked | set(recorded.get(kind, [])))
        file.seek(0)
        file.truncate()
        file.write(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
