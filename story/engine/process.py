"""Runs the `pulumi` command to its end, and reads what it printed. Everything else that calls `pulumi` uses this."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from settings.checking import printable

LONGEST_SHOWN = 60
"""Characters that a message shows of output that is not JSON, because a state may begin with anything."""


class PulumiError(Exception):
    """`pulumi` is not installed, or it failed; the message is one line for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A command that has ended.

    Attributes:
        returncode: Its exit code.
        stdout: Its standard output; with `--json` the document.
        stderr: Its standard error.
        seconds: How long it took, in seconds.
    """

    returncode: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def output(self) -> str:
        """Standard output, then standard error."""
        return self.stdout + self.stderr

    @property
    def reason(self) -> str:
        """The lines of the output that have an error, in one line; without one, the last line."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        errors = [line.partition("error:")[2].strip() for line in lines if "error:" in line]
        chosen = list(dict.fromkeys(error for error in errors if error)) or lines[-1:]
        return "; ".join(chosen) or "failed without any output"


def program() -> str:
    """Path of the `pulumi` command.

    Raises:
        PulumiError: It is not on the PATH.
    """
    found = shutil.which("pulumi")
    if found is None:
        raise PulumiError("there is no `pulumi` on the PATH; www.pulumi.com/docs/install says how to get it")
    return found


def run_pulumi(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float | None = None,
    end_session: Callable[[int], object] | None = None,
) -> Finished:
    """Run `pulumi ARGUMENTS --non-interactive` to its end, without a terminal.

    Args:
        arguments: Command and options.
        cwd: Folder in which it runs.
        environment: All its environment variables; None are those of this process.
        timeout_seconds: The process is ended after so many seconds; None waits without a limit.
        end_session: Called with the process id once the process has ended or has to end. The process then runs in a
            session of its own, so that its plugins can be ended with it. None leaves it in the session of this process,
            where Ctrl-C reaches it.

    Raises:
        PulumiError: There is no `pulumi` on the PATH.
        subprocess.TimeoutExpired: It took longer than `timeout_seconds`.
    """
    began = time.monotonic()
    with subprocess.Popen(
        [program(), *arguments, "--non-interactive"],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=end_session is not None,
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout_seconds)
        except BaseException:
            # As subprocess.run does: an exception here must not wait for the process.
            process.kill()
            raise
        finally:
            if end_session:
                end_session(process.pid)
    return Finished(returncode=process.returncode, stdout=stdout, stderr=stderr, seconds=time.monotonic() - began)


def succeeded(arguments: Sequence[str], finished: Finished) -> Finished:
    """The same, if the command succeeded.

    Raises:
        PulumiError: Its exit code is not 0; the message has the command and its reason.
    """
    if finished.returncode:
        raise PulumiError(f"pulumi {_name_of(arguments)}: {finished.reason}")
    return finished


def json_object(arguments: Sequence[str], written: str) -> dict[str, Any]:
    """The JSON object that a command printed.

    Args:
        arguments: Command and options, for the message.
        written: Its standard output.

    Raises:
        PulumiError: It is something else, such as nothing at all, a part of an object, or a page of a proxy.
    """
    try:
        document: Any = json.loads(written)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        return cast(dict[str, Any], document)
    first = next((" ".join(line.split()) for line in written.splitlines() if line.strip()), "")
    begins = f"it begins: {printable(first[:LONGEST_SHOWN])}" if first else "it is empty"
    raise PulumiError(f"pulumi {_name_of(arguments)}: its output is not a JSON object; {begins}")


def _name_of(arguments: Sequence[str]) -> str:
    return " ".join(arguments[:2] if arguments[0] == "stack" else arguments[:1])
