"""What the exit code of a command says: the same for every command."""

from enum import IntEnum


class ExitCode(IntEnum):
    """An exit code. `story exec` and `story port-forward` end with that of the session-manager-plugin instead, once it
    runs."""

    OK = 0
    """Done, or nothing found."""
    FAILED = 1
    """Not done, or not in order, or it could not be determined; the last line says which."""
    WRONG_USAGE = 2
    """Options or arguments that the command does not take, or a person did not agree to what it would do."""
    FOUND = 3
    """It found what a person should see, and no errors: warnings of `story doctor`, differences of `story drift`."""
    ERRORS = 4
    """It found errors: `story doctor`."""
    INTERRUPTED = 130
    """Ctrl-C, while what it followed goes on: 128 and the number of SIGINT, as shells have it."""
