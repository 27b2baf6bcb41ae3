"""Runs AWS's session-manager-plugin with a session, in the same way as the AWS CLI.

The AWS CLI: github.com/aws/aws-cli/blob/v2/awscli/customizations/sessionmanager.py and .../ecs/executecommand.py
"""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aws.client import Json, connect
from release.contract import StackLocation
from story.session.access import NoAccessError

PLUGIN = "session-manager-plugin"
INSTALL = "docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
RESPONSE = "AWS_SSM_START_SESSION_RESPONSE"
"""Environment variable from which the plugin reads the session; it deletes the variable at once."""
LAST_WITHOUT_VARIABLE = (1, 2, 497, 0)
VERSION = re.compile(r"\d+(\.\d+){0,3}")
LEFT_TO_THE_PLUGIN = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
VERSION_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """The plugin on this machine.

    Attributes:
        path: Its path.
        version: Its version; empty if it prints none.
    """

    path: str
    version: tuple[int, ...]

    @property
    def takes_variable(self) -> bool:
        """Whether it reads the session from the environment, which other users of the machine cannot see."""
        return (*self.version, 0, 0, 0, 0)[:4] > LAST_WITHOUT_VARIABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that AWS has opened.

    Attributes:
        location: Its region and profile are used.
        response: Session ID, URL and token as AWS returned them. Anyone who has them can use the session.
        request: Parameters of StartSession; for ECS Exec those that correspond to the session.
        endpoint: URL of the API that opened it.
    """

    location: StackLocation
    response: Json = field(repr=False)
    request: Mapping[str, Any]
    endpoint: str


def installed_plugin() -> Plugin:
    """The plugin.

    Raises:
        NoAccessError: It is not installed; the message says where to get it.
    """
    path = shutil.which(PLUGIN)
    if path is None:
        raise NoAccessError(f"there is no `{PLUGIN}` on the PATH; to install it, see {INSTALL}")
    return Plugin(path=path, version=_version(path))


def session_target(cluster: str, task_id: str, runtime: str) -> str:
    """The target of a session: a container, as Systems Manager names it."""
    return f"ecs:{cluster}_{task_id}_{runtime}"


def endpoint_of(location: StackLocation, service: str) -> str:
    """URL of a service's API."""
    return str(connect(location.region, location.profile).service(service).meta.endpoint_url)


def hand_over(plugin: Plugin, session: Session, print_warning: Callable[[str], None]) -> int:
    """Runs the session in the plugin until it ends; returns the plugin's exit code.

    The token is passed in the plugin's environment. A plugin that is too old for that gets it as an argument, which all
    users of this machine can see while the session lasts.

    Args:
        plugin: The plugin.
        session: The session that AWS opened.
        print_warning: Prints a line; called if the plugin is too old.
    """
    argument, environment = json.dumps(dict(session.response)), dict(os.environ)
    if plugin.takes_variable:
        environment[RESPONSE] = argument
        argument = RESPONSE
    else:
        print_warning(
            f"this {PLUGIN} is old and shows the session's token to other users of this machine; "
            f"to update it, see {INSTALL}"
        )
    request = json.dumps(dict(session.request))
    location = session.location
    command = [
        plugin.path,
        argument,
        location.region,
        "StartSession",
        location.profile or "",
        request,
        session.endpoint,
    ]
    with _signals_left_to_the_plugin(), _terminal() as stdin:
        code = subprocess.run(command, env=environment, stdin=stdin, check=False).returncode
    # As in a shell, the exit code of a program that a signal ended is 128 plus the number of the signal.
    return code if code >= 0 else 128 - code


def _version(path: str) -> tuple[int, ...]:
    try:
        printed = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoAccessError(f"`{path} --version` does not run ({error}); to install it again, see {INSTALL}") from None
    return tuple(map(int, printed.split("."))) if VERSION.fullmatch(printed) else ()


@contextmanager
def _signals_left_to_the_plugin() -> Generator[None]:
    """The terminal sends Ctrl-C and similar signals to every process, but they are meant for the remote side, and the
    plugin passes them on. The handlers do nothing; the signals are not ignored, because a child would inherit that."""

    def nothing(_signal: int, _frame: object) -> None: ...

    before = {number: signal.signal(number, nothing) for number in LEFT_TO_THE_PLUGIN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _terminal() -> Generator[int | None]:
    """The plugin's standard input: that of this process, or, if that is no terminal, a new terminal without input.
    Without a terminal the plugin ends with "Cannot perform start session: EOF":
    github.com/aws/amazon-ssm-agent/issues/354"""
    if sys.stdin is not None and sys.stdin.isatty():
        yield None
        return
    master, own = pty.openpty()
    try:
        yield own
    finally:
        os.close(own)
        os.close(master)
