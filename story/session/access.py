"""What `story exec`, `story logs` and `story port-forward` share: the selected stack, messages and exit codes."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import ClientError

from aws.errors import code_of
from story.exit_codes import ExitCode
from story.live_stack import EXPECTED, error_line

REFUSED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


class NoAccessError(Exception):
    """Access is not possible now; the message is the one line to show: what is missing, and what to do."""


class WrongUsageError(Exception):
    """The arguments are wrong; the message is the one line to show."""


def exit_code(command: str, stack: str | None, project: Path, work: Callable[[str], int]) -> int:
    """Does the work for a stack; returns its exit code, 1 if it failed, 2 for wrong usage.

    Args:
        command: Name of the subcommand, with which messages begin.
        stack: Name of the stack, short or in full; None for the selected one.
        project: Folder of Pulumi.yaml.
        work: Called with the name of the stack.
    """
    name = stack or ""
    try:
        name = stack or selected_stack(project)
        return work(name)
    except WrongUsageError as error:
        print_message(command, str(error))
        return ExitCode.WRONG_USAGE
    except NoAccessError as error:
        print_message(command, str(error))
    except EXPECTED as error:
        print_message(command, f"{error_line(name, error)}{_hint(name, error)}")
    return ExitCode.FAILED


def selected_stack(project: Path) -> str:
    """The stack selected with `pulumi stack select`.

    Raises:
        WrongUsageError: No stack is selected, or `pulumi` is not installed.
    """
    program = shutil.which("pulumi")
    shown = ""
    if program:
        command = [program, "stack", "--show-name", "--non-interactive"]
        shown = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False).stdout.strip()
    if not shown:
        raise WrongUsageError("no stack is selected: give --stack NAME, or run `pulumi stack select NAME`")
    return shown


def print_message(command: str, text: str) -> None:
    """Prints one line to the standard error."""
    print(f"story {command}: {text}", file=sys.stderr, flush=True)


def message_printer(command: str) -> Callable[[str], None]:
    """`print_message` for one subcommand."""
    return lambda text: print_message(command, text)


def is_interactive() -> bool:
    """Whether the standard input and output are terminals, so that the user can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _hint(stack: str, error: Exception) -> str:
    if isinstance(error, ClientError) and code_of(error) in REFUSED:
        return f"; the policy bootstrap-story-operators-{stack.rpartition('/')[2]} allows it (docs/shell.md)"
    return ""
