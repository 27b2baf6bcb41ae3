"""Commands that connect to a running environment: exec, logs, port-forward."""

from pathlib import Path
from typing import Annotated

import typer

from story.commands.options import AnyStack, AsFormat, ConfigFile, Format

commands = typer.Typer()

Service = Annotated[
    str, typer.Argument(metavar="SERVICE", help="web, worker-NAME (worker if there is one), scheduler, migration.")
]
Task = Annotated[
    str | None, typer.Option("--task", metavar="ID", help="Task ID, the beginning of it, or the task's ARN.")
]
Container = Annotated[str, typer.Option("--container", metavar="NAME", help="Container of the task.")]


@commands.command("exec")
def enter(
    service: Service,
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[-- COMMAND...]", help="Command to run. Default: a shell, /bin/sh.")
    ] = None,
    stack: AnyStack = None,
    container: Container = "app",
    task: Task = None,
    config_file: ConfigFile = None,
) -> None:
    """Open a shell, or run a command, in a running task. Needs AWS's session-manager-plugin. Sessions are recorded.

    By default, the command uses the newest healthy task. If there are several, it asks in a terminal. A COMMAND needs
    no terminal.

    Exit code: that of session-manager-plugin, which does not return the exit code of COMMAND. 1: no session could be
    started. 2: wrong usage.
    """
    from story.plan.program import project_folder
    from story.session.shell import run

    raise typer.Exit(
        run(
            stack=stack,
            service=service,
            container=container,
            task=task,
            command=command or (),
            project=project_folder(Path.cwd()),
            config_file=config_file,
        )
    )


@commands.command()
def logs(
    service: Service,
    stack: AnyStack = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep showing new lines until Ctrl-C.")] = False,
    since: Annotated[str, typer.Option(metavar="TIME", help="How far back: 30s, 10m, 2h, 1d.")] = "10m",
    grep: Annotated[str, typer.Option(metavar="TEXT", help="Only lines that contain this exact text.")] = "",
    container: Annotated[str, typer.Option(metavar="NAME", help="Only lines of this container.")] = "",
    task: Annotated[
        str, typer.Option(metavar="ID", help="Only lines of this task: its ID, the beginning of it, or its ARN.")
    ] = "",
    as_format: AsFormat = Format.TEXT,
    config_file: ConfigFile = None,
) -> None:
    """Show the logs of a service's containers. Times are in UTC.

    Exit code 0: shown. 1: the logs could not be read. 2: wrong usage. 130: interrupted.
    """
    from story.plan.program import project_folder
    from story.session.logs import LogQuery, run

    query = LogQuery(
        since=since,
        follow=follow,
        text=grep,
        container=container,
        task=task,
        as_json=as_format is Format.JSON,
    )
    project = project_folder(Path.cwd())
    raise typer.Exit(run(stack=stack, service=service, query=query, project=project, config_file=config_file))


@commands.command("port-forward")
def port_forward(
    service: Service,
    address: Annotated[
        str, typer.Argument(metavar="LOCAL:TO", help="3306:aurora, 3306:aurora-reader, valkey, 8080:HOST:PORT.")
    ],
    stack: AnyStack = None,
    container: Container = "app",
    task: Task = None,
    config_file: ConfigFile = None,
) -> None:
    """Forward a port of this machine to a data store or another address, through a running task, until Ctrl-C.

    Exit code: that of session-manager-plugin. 1: no session could be started. 2: wrong usage.
    """
    from story.plan.program import project_folder
    from story.session.port_forward import run

    raise typer.Exit(
        run(
            stack=stack,
            service=service,
            address=address,
            container=container,
            task=task,
            project=project_folder(Path.cwd()),
            config_file=config_file,
        )
    )
