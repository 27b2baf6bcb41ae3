"""What updates, previews and destroys asked AWS for, on record: the roles of bootstrap/ are measured with it."""

import json
import os

from tests.e2e.support import PROJECT, Stack
from tests.iam_actions import actions_of

FILE = PROJECT / "tests" / "bootstrap" / "recorded_calls.json"
RECORD = "STORY_RECORD_CALLS"


def assert_on_record(stack: Stack, kind: str) -> None:
    """Everything that was asked for since the last time is on record; with STORY_RECORD_CALLS=1 it is from now on.

    Args:
        stack: The stack.
        kind: What asked: `dev`, `prod`, `preview`.
    """
    recorded: dict[str, list[str]] = json.loads(FILE.read_text("utf-8")) if FILE.is_file() else {}
    asked = actions_of(stack.asked_for())
    if os.environ.get(RECORD):
        recorded[kind] = sorted(asked | set(recorded.get(kind, [])))
        FILE.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n", "utf-8")
    new = sorted(asked - set(recorded.get(kind, [])))
    assert new == [], f"not on record, so perhaps not allowed to the roles of bootstrap/; {RECORD}=1 takes it down"
    stack.forget_what_was_asked_for()
