"""`story migrate`: runs the migration of the last update again, or another command in its task."""

import signal
import sys
from pathlib import Path

from ops.contract import StepError
from ops.live_stack import LiveStackError, live_stack
from ops.migrate import run_task
from ops.pulumi_command import PulumiError

INTERRUPTED = 130


def run(*, stack: str, command: str | None, project: Path, config_file: Path | None) -> int:
    """Runs it to its end and shows what it writes; returns the exit code: 0 if it ended with 0, 1 if not."""
    # Ended by a machine that shuts down, it says the same as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run_task(live_stack(stack, project, config_file).migration_task(command), shown_lines=None)
    except (PulumiError, LiveStackError, StepError) as error:
        print(f"story migrate: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        again = "the same command again follows it" if command is None else "the lines above say how to follow it"
        print(f"story migrate: interrupted; a task that was started goes on, and {again}", file=sys.stderr)
        return INTERRUPTED
    return 0
