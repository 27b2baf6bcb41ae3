"""What leads into a running environment: exec, logs, port-forward."""

from pathlib import Path
from typing import Annotated

import typer

from story.commands.options import AnyStack, AsFormat, ConfigFile, Format

commands = typer.Typer()

Service = Annotated[
    str, typer.Argument(metavar="SERVICE", help="web, worker-NAME (worker if there is one), scheduler, migration.")
]
Task = Annotated[
    str | None, typer.Option("--task", metavar="ID", help="Task: its id, the beginning of it, or its ARN.")
]
Container = Annotated[str, typer.Option("--container", metavar="NAME", help="Container of the task.")]


@commands.command("exec")
def enter(
    service: Service,
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[-- COMMAND...]", help="What to run. Default: a shell, /bin/sh.")
    ] = None,
    stack: AnyStack = None,
    container: Container = "app",
    task: Task = None,
    config_file: ConfigFile = None,
) -> None:
    """Open a shell, or run a command, in a running task. Needs AWS's session-manager-plugin. Sessions are recorded.

    The newest healthy task is taken; where there are several, a terminal offers them. A command needs no terminal.

    Exit code: of the session-manager-plugin, which does not know the command's own. 1: nobody got in. 2: wrong usage.
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
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes in, until Ctrl-C.")] = False,
    since: Annotated[str, typer.Option(metavar="TIME", help="How far back: 30s, 10m, 2h, 1d.")] = "10m",
    grep: Annotated[str, typer.Option(metavar="TEXT", help="Only lines with this text, letter for letter.")] = "",
    container: Annotated[str, typer.Option(metavar="NAME", help="Only of this container.")] = "",
    task: Annotated[str, typer.Option(metavar="ID", help="Only of this task: its id, the beginning of it, ARN.")] = "",
    as_format: AsFormat = Format.TEXT,
    config_file: ConfigFile = None,
) -> None:
    """Show what the containers of a service wrote. Times are UTC.

    Exit code 0: shown. 1: it can't be read. 2: wrong usage. 130: interrupted.
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
    """Let a port of this machine lead to a data store or another address, through a running task, until Ctrl-C.

    Exit code: of the session-manager-plugin. 1: nobody got in. 2: wrong usage.
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
