"""`story exec`: a shell, or a command, in a task that runs."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import ClientError

from aws.errors import code_of
from aws.retrying import retrying_client
from story.live_stack import LiveStack, live_stack
from story.session.entering import WrongUsageError, exit_code, is_interactive, say, sayer
from story.session.shell_session import Plugin, Session, endpoint_of, hand_over, installed_plugin, session_target
from story.session.task_choice import TaskSelection, chosen, not_connected, running_tasks, runtime_id, select_tasks

NAME = "exec"
SHELL = "/bin/sh"


def run(
    *,
    stack: str | None,
    service: str,
    container: str,
    task: str | None,
    command: Sequence[str],
    project: Path,
    config_file: Path | None,
) -> int:
    """Opens it, and leads it to its end; returns the plugin's exit code, 1 if nobody got in, 2 for wrong usage."""

    def enter(name: str) -> int:
        if not command and not is_interactive():
            raise WrongUsageError(
                f"a shell needs a terminal, and this is none; a command does not: "
                f"story exec {service} --stack {name} -- php artisan about"
            )
        plugin = installed_plugin()
        live = live_stack(name, project, config_file)
        selection = select_tasks(live, service)
        return _enter(live, selection, plugin, container=container, task=task, command=command_line(command))

    return exit_code(NAME, stack, project, enter)


def command_line(words: Sequence[str]) -> str:
    """What ECS is asked to run. One word is a line as it stands; ECS runs it without a shell."""
    return words[0] if len(words) == 1 else shlex.join(words) or SHELL


def _enter(
    live: LiveStack, selection: TaskSelection, plugin: Plugin, *, container: str, task: str | None, command: str
) -> int:
    location, aws = live.location, retrying_client(live.location, sayer(NAME))
    tasks = running_tasks(aws, location, selection)
    into = chosen(tasks, selection, task, asks=is_interactive())
    runtime = runtime_id(into, container, location.stack)
    of = f", the best of {len(tasks)}" if len(tasks) > 1 and into is tasks[0] and task is None else ""
    say(
        NAME, f"{location.stack}: {container} of {selection.name}, task {into.id}{of}, as root; the session is recorded"
    )
    try:
        opened = aws.call(
            "ecs",
            "execute_command",
            cluster=location.cluster,
            task=into.told["taskArn"],
            container=container,
            command=command,
            interactive=True,
        )
    except ClientError as error:
        if code_of(error) != "TargetNotConnectedException":
            raise
        raise not_connected(into) from None
    session = Session(
        location=location,
        answer=opened["session"],
        request={"Target": session_target(location.cluster, into.id, runtime)},
        endpoint=endpoint_of(location, "ecs"),
    )
    return hand_over(plugin, session, sayer(NAME))
