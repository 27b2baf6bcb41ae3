"""Hands a session over to AWS's session-manager-plugin, the way AWS's own command line does it.

How it is called: github.com/aws/aws-cli/blob/v2/awscli/customizations/sessionmanager.py and .../ecs/executecommand.py
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
from story.session.entering import NoEntryError

PLUGIN = "session-manager-plugin"
INSTALL = "docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
RESPONSE = "AWS_SSM_START_SESSION_RESPONSE"
"""Variable from which the plugin takes the session; it deletes it at once."""
LAST_WITHOUT_VARIABLE = (1, 2, 497, 0)
VERSION = re.compile(r"\d+(\.\d+){0,3}")
LEFT_TO_THE_PLUGIN = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
VERSION_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """The plugin on this machine.

    Attributes:
        path: Where it is.
        version: Its version; empty if it does not tell one.
    """

    path: str
    version: tuple[int, ...]

    @property
    def takes_variable(self) -> bool:
        """Whether it takes the session from the environment, which other users of the machine do not see."""
        return (*self.version, 0, 0, 0, 0)[:4] > LAST_WITHOUT_VARIABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that AWS has opened.

    Attributes:
        location: Whose region and profile count.
        answer: Id, address and token, as AWS answered them. Whoever has them is in.
        request: What SSM was, or would have been, asked for.
        endpoint: Address of the API that opened it.
    """

    location: StackLocation
    answer: Json = field(repr=False)
    request: Mapping[str, Any]
    endpoint: str


def installed_plugin() -> Plugin:
    """The plugin.

    Raises:
        NoEntryError: There is none; the message says where to get it.
    """
    path = shutil.which(PLUGIN)
    if path is None:
        raise NoEntryError(f"there is no `{PLUGIN}` on the PATH; {INSTALL} says how to get it")
    return Plugin(path=path, version=_version(path))


def session_target(cluster: str, task_id: str, runtime: str) -> str:
    """What SSM calls a container."""
    return f"ecs:{cluster}_{task_id}_{runtime}"


def endpoint_of(location: StackLocation, service: str) -> str:
    """Address of a service's API."""
    return str(connect(location.region, location.profile).service(service).meta.endpoint_url)


def hand_over(plugin: Plugin, session: Session, say: Callable[[str], None]) -> int:
    """Let the plugin lead the session to its end; returns the plugin's exit code.

    The token goes through the plugin's environment, or to one that is too old for that, as an argument, which everybody
    on this machine can see while the session lasts.

    Args:
        plugin: The plugin.
        session: What AWS opened.
        say: Told where the plugin is too old.
    """
    response, environment = json.dumps(dict(session.answer)), dict(os.environ)
    if plugin.takes_variable:
        environment[RESPONSE] = response
        response = RESPONSE
    else:
        say(f"this {PLUGIN} is old, and shows the session's token to other users of this machine; a new one: {INSTALL}")
    request = json.dumps(dict(session.request))
    location = session.location
    command = [
        plugin.path,
        response,
        location.region,
        "StartSession",
        location.profile or "",
        request,
        session.endpoint,
    ]
    with _signals_left_to_the_plugin(), _terminal() as stdin:
        code = subprocess.run(command, env=environment, stdin=stdin, check=False).returncode
    # As a shell has it: a program that a signal ended is 128 and the signal's number.
    return code if code >= 0 else 128 - code


def _version(path: str) -> tuple[int, ...]:
    try:
        told = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoEntryError(f"`{path} --version` does not run ({error}); {INSTALL} says how to get a good one") from None
    return tuple(map(int, told.split("."))) if VERSION.fullmatch(told) else ()


@contextmanager
def _signals_left_to_the_plugin() -> Generator[None]:
    """Ctrl-C and its like reach every process of the terminal, and belong to the remote side: the plugin sends them
    there. Handlers that do nothing, and not ignored signals, since a program would inherit those."""

    def nothing(_signal: int, _frame: object) -> None: ...

    before = {number: signal.signal(number, nothing) for number in LEFT_TO_THE_PLUGIN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _terminal() -> Generator[int | None]:
    """The plugin's standard input: this process's own, or where that is no terminal, one of its own that says nothing.
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
