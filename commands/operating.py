"""What shows an environment as it runs, and leads into it: status."""

from pathlib import Path
from typing import Annotated

import typer

from commands.options import AsFormat, ConfigFile, Format, Stack

commands = typer.Typer()


@commands.command()
def status(
    stack: Stack,
    wait: Annotated[bool, typer.Option("--wait", help="Follow deployments that are going on to their end.")] = False,
    as_format: AsFormat = Format.TEXT,
    config_file: ConfigFile = None,
) -> None:
    """Show what each service runs: tasks, image, deployment.

    Exit code 0: all tasks run, and every deployment is complete. 1: not so, or nobody could tell. 2: wrong usage.
    """
    from ops.status import run
    from plan.program import project_folder

    as_json = as_format is Format.JSON
    project = project_folder(Path.cwd())
    raise typer.Exit(run(stack=stack, project=project, config_file=config_file, wait=wait, as_json=as_json))
