"""`story local`: a rehearsal on this machine."""

from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer(no_args_is_help=True, help="Rehearse a whole update against an emulated AWS on this machine.")


@commands.command("up")
def local_up(
    preview: Annotated[bool, typer.Option("--preview", help="Only show what it would do.")] = False,
) -> None:
    """Bring the site up with dev's settings, or apply an edit of them. Needs `pulumi`, and no account."""
    from story.local.command import up

    raise typer.Exit(up(Path.cwd(), preview=preview))


@commands.command("down")
def local_down() -> None:
    """End the emulator and remove what the rehearsal left."""
    from story.local.command import down

    raise typer.Exit(down(Path.cwd()))


@commands.command("status")
def local_status() -> None:
    """Show what is up. Exit code 1: nothing."""
    from story.local.command import status

    raise typer.Exit(status(Path.cwd()))
