"""`story migrate`: runs the last migration again, or another command in its task."""

import signal
import sys
from pathlib import Path

from aws.retrying import retrying_client
from release.migrate import run_task
from release.step_output import print_line
from story.exit_codes import ExitCode
from story.live_stack import EXPECTED, CommandLineError, command_words, error_line, image_of, live_stack


def run(*, stack: str, command: str | None, project: Path, config_file: Path | None) -> int:
    """Run the task to its end and print its log; returns the exit code: 0 if the container's was 0, 1 otherwise, 2 for
    wrong usage, 130 if it was interrupted."""
    # SIGTERM, for example at a shutdown, has the same message as Ctrl-C.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        words = command_words(command) if command is not None else ()
        live = live_stack(stack, project, config_file)
        image = image_of(retrying_client(live.location, print_line), live.migration_definition)
        run_task(live.migration_task(image, words), shown_lines=None)
    except CommandLineError as error:
        print(f"story migrate: {error}", file=sys.stderr)
        return ExitCode.WRONG_USAGE
    except EXPECTED as error:
        print(f"story migrate: {error_line(stack, error)}", file=sys.stderr)
        return ExitCode.FAILED
    except KeyboardInterrupt:
        told = "a task that was started continues; run the same command again to follow it"
        print(f"story migrate: interrupted; {told}", file=sys.stderr)
        return ExitCode.INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
    return ExitCode.OK
