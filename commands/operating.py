"""What shows an environment as it runs: status, doctor."""

from pathlib import Path
from typing import Annotated

import typer

from commands.options import AnyStack, AsFormat, ConfigFile, Format, named_or_selected

commands = typer.Typer()


@commands.command()
def status(
    stack: AnyStack = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow deployments that are going on to their end.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Draw the page again and again, until Ctrl-C.")] = False,
    interval: Annotated[
        float, typer.Option("--interval", metavar="SECONDS", min=1, help="Time between two pages of --watch.")
    ] = 5,
    as_format: AsFormat = Format.TEXT,
    config_file: ConfigFile = None,
) -> None:
    """Show what runs: services, alarms, tasks with CPU and memory, events, releases.

    Exit code 0: all tasks run, and every deployment is complete. 1: not so, or nobody could tell. 2: wrong usage.
    With --watch, Ctrl-C is the end, with exit code 0.
    """
    from ops.status_command import run, run_watch
    from plan.program import project_folder

    as_json = as_format is Format.JSON
    if watch and (wait or as_json):
        raise typer.BadParameter("goes without --wait and --format json", param_hint="--watch")
    project = project_folder(Path.cwd())
    name = named_or_selected("status", stack, project)
    if watch:
        code = run_watch(stack=name, project=project, config_file=config_file, interval_seconds=interval)
    else:
        code = run(stack=name, project=project, config_file=config_file, waits=wait, as_json=as_json)
    raise typer.Exit(code)


@commands.command()
def doctor(
    stack: AnyStack = None,
    service: Annotated[str | None, typer.Option("--service", metavar="NAME", help="Only this service.")] = None,
    as_format: AsFormat = Format.TEXT,
    config_file: ConfigFile = None,
) -> None:
    """Look at a stack from outside: what is wrong, why it matters, and what cures it.

    Exit code 0: nothing worse than notes. 3: warnings. 4: errors. 1: nobody could tell. 2: wrong usage.
    """
    from ops.doctor.run import run
    from plan.program import project_folder

    as_json = as_format is Format.JSON
    project = project_folder(Path.cwd())
    name = named_or_selected("doctor", stack, project)
    raise typer.Exit(run(stack=name, service=service, project=project, config_file=config_file, as_json=as_json))
