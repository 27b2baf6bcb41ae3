"""What the commands that lead into a stack share: which stack, what goes wrong, and with which exit code."""

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


class NoEntryError(Exception):
    """Nobody gets in now; the message is the one line to show: what is missing, and what to do."""


class WrongUsageError(Exception):
    """What was typed makes no sense; the message is the one line to show."""


def exit_code(command: str, stack: str | None, project: Path, work: Callable[[str], int]) -> int:
    """Does the work for a stack; returns its exit code, 1 if it could not be done, 2 for wrong usage.

    Args:
        command: Name of the subcommand, the first word of what is said.
        stack: Stack, short or in full; None is the one that is selected.
        project: Folder of Pulumi.yaml.
        work: Gets the stack.
    """
    name = stack or ""
    try:
        name = stack or selected_stack(project)
        return work(name)
    except WrongUsageError as error:
        say(command, str(error))
        return ExitCode.WRONG_USAGE
    except NoEntryError as error:
        say(command, str(error))
    except EXPECTED as error:
        say(command, f"{error_line(name, error)}{_cure(name, error)}")
    return ExitCode.FAILED


def selected_stack(project: Path) -> str:
    """The stack that `pulumi stack select` chose.

    Raises:
        WrongUsageError: None is, or there is no `pulumi` to tell.
    """
    program = shutil.which("pulumi")
    shown = ""
    if program:
        command = [program, "stack", "--show-name", "--non-interactive"]
        shown = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False).stdout.strip()
    if not shown:
        raise WrongUsageError("no stack is selected here: --stack NAME says which one, or `pulumi stack select NAME`")
    return shown


def say(command: str, text: str) -> None:
    """One line for the person, where it mixes with no output."""
    print(f"story {command}: {text}", file=sys.stderr, flush=True)


def sayer(command: str) -> Callable[[str], None]:
    """`say` for one subcommand."""
    return lambda text: say(command, text)


def is_interactive() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _cure(stack: str, error: Exception) -> str:
    if isinstance(error, ClientError) and code_of(error) in REFUSED:
        return f"; the policy bootstrap-story-operators-{stack.rpartition('/')[2]} allows it (docs/shell.md)"
    return ""
