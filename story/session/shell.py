"""`story exec`: opens a shell, or runs a command, in a running task."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import ClientError

from aws.errors import code_of
from aws.retrying import retrying_client
from story.live_stack import LiveStack, live_stack
from story.session.access import WrongUsageError, exit_code, is_interactive, message_printer, print_message
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
    """Runs the session to its end; returns the plugin's exit code, 1 if no session was opened, 2 for wrong usage."""

    def open_session(name: str) -> int:
        if not command and not is_interactive():
            raise WrongUsageError(
                f"a shell needs a terminal, and the standard input or output is none. A command does not need one: "
                f"story exec {service} --stack {name} -- php artisan about"
            )
        plugin = installed_plugin()
        live = live_stack(name, project, config_file)
        selection = select_tasks(live, service)
        return _open(live, selection, plugin, container=container, task=task, command=command_line(command))

    return exit_code(NAME, stack, project, open_session)


def command_line(words: Sequence[str]) -> str:
    """The command line for ECS, which runs it without a shell. A single word is taken as a whole command line."""
    return words[0] if len(words) == 1 else shlex.join(words) or SHELL


def _open(
    live: LiveStack, selection: TaskSelection, plugin: Plugin, *, container: str, task: str | None, command: str
) -> int:
    location, aws = live.location, retrying_client(live.location, message_printer(NAME))
    tasks = running_tasks(aws, location, selection)
    selected = chosen(tasks, selection, task, asks=is_interactive())
    runtime = runtime_id(selected, container, location.stack)
    of_several = f", selected from {len(tasks)}" if len(tasks) > 1 and selected is tasks[0] and task is None else ""
    task_name = f"{container} of {selection.name}, task {selected.id}{of_several}"
    print_message(NAME, f"{location.stack}: {task_name}, as root; the session is recorded")
    try:
        opened = aws.call(
            "ecs",
            "execute_command",
            cluster=location.cluster,
            task=selected.description["taskArn"],
            container=container,
            command=command,
            interactive=True,
        )
    except ClientError as error:
        if code_of(error) != "TargetNotConnectedException":
            raise
        raise not_connected(selected) from None
    session = Session(
        location=location,
        response=opened["session"],
        request={"Target": session_target(location.cluster, selected.id, runtime)},
        endpoint=endpoint_of(location, "ecs"),
    )
    return hand_over(plugin, session, message_printer(NAME))
