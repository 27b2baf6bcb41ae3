"""`story local`: run an update against the emulator on this machine."""

from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer(no_args_is_help=True, help="Run a complete update against an emulated AWS on this machine.")


@commands.command("up")
def local_up(
    preview: Annotated[bool, typer.Option("--preview", help="Only show the changes.")] = False,
) -> None:
    """Create the site with dev's settings, or update it after a change. Needs the Pulumi CLI, but no account."""
    from story.local.command import up

    raise typer.Exit(up(Path.cwd(), preview=preview))


@commands.command("down")
def local_down() -> None:
    """Stop the emulator and remove all files of the local stack."""
    from story.local.command import down

    raise typer.Exit(down(Path.cwd()))


@commands.command("status")
def local_status() -> None:
    """Show whether the emulator and the local stack are running. Exit code 1: they are not."""
    from story.local.command import status

    raise typer.Exit(status(Path.cwd()))
