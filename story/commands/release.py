"""Commands that change or repair an environment: deploy, migrate, rollback, drift, recover."""

from pathlib import Path
from typing import Annotated

import typer

from story.commands.options import ConfigFile, ReportFormat, Stack

commands = typer.Typer()


@commands.command()
def migrate(
    stack: Stack,
    command: Annotated[
        str | None, typer.Option(metavar="LINE", help="Run this in the migration's task instead of the migration.")
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Run the migration of the last update again, as a task of its own, and show what it writes.

    If it still runs, because somebody was interrupted or gave up waiting, it is followed to its end instead. Another
    command, such as --command "php artisan migrate:status", runs with the migration's rights, image and network.

    Exit code 0: it ended with 0. 1: it did not. 2: wrong usage. 130: interrupted; the task goes on.
    """
    from story.deploy.migrate import run
    from story.plan.program import project_folder

    raise typer.Exit(run(stack=stack, command=command, project=project_folder(Path.cwd()), config_file=config_file))


@commands.command()
def rollback(
    stack: Stack,
    image: Annotated[
        str | None,
        typer.Argument(
            metavar="[IMAGE]", help="Earlier image, or the beginning of its digest. Default: the last good."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Roll back without confirmation.")] = False,
    config_file: ConfigFile = None,
) -> None:
    """Roll back every service to the last good image, or to an earlier one. No migration runs.

    This is an update by the same program, so the settings in the stack's file apply too.

    Exit code 0: every service runs the image. 1: the rollback failed. 2: wrong usage, or not confirmed.
    """
    from story.deploy.rollback import run
    from story.plan.program import project_folder

    project = project_folder(Path.cwd())
    raise typer.Exit(run(stack=stack, image=image, project=project, config_file=config_file, yes=yes))


@commands.command()
def deploy(
    stack: Stack,
    image: Annotated[
        str, typer.Option(metavar="IMAGE", help="REGISTRY/REPOSITORY@sha256:..., or `none` for the current one.")
    ],
    after: Annotated[str, typer.Option(metavar="NAME", help="Stack that must run this image already.")] = "",
    preflight: Annotated[
        bool,
        typer.Option(
            "--preflight/--no-preflight",
            envvar="STORY_PREFLIGHT",
            help="Check the account before a first update, and stop at errors.",
        ),
    ] = True,
    config_file: ConfigFile = None,
) -> None:
    """Release an image as the pipeline does: update the stack, and roll back to the last good image if that fails.

    Before the first update of a stack, the settings and the account are checked as `story doctor --before` does.

    If the image runs already, only the settings are applied. After a failure the last lines have the reason.

    Exit code 0: released. 1: failed; every service runs its earlier image, unless the last lines say otherwise. 2:
    wrong usage.
    """
    from story.deploy.deploy import run
    from story.plan.program import project_folder

    project = project_folder(Path.cwd())
    raise typer.Exit(
        run(stack=stack, image=image, after=after, project=project, config_file=config_file, preflight=preflight)
    )


@commands.command()
def drift(
    stack: Stack,
    as_format: Annotated[
        ReportFormat, typer.Option("--format", help="For terminals, for tools, or the body of an issue.")
    ] = ReportFormat.TEXT,
    config_file: ConfigFile = None,
) -> None:
    """Find what was changed in AWS behind the program's back. Nothing is changed, neither in AWS nor in the state.

    Exit code 0: nothing. 1: it could not be checked. 2: wrong usage. 3: something, one line each.
    """
    from story.engine.pulumi_command import PulumiError
    from story.plan.program import project_folder
    from story.preview.drift_command import run
    from story.preview.refreshed import preview_of_what_is

    if config_file and not config_file.is_file():
        raise typer.BadParameter(f"there is no file {config_file}", param_hint="--config-file")
    try:
        preview = preview_of_what_is(stack, project_folder(Path.cwd()), config_file)
    except PulumiError as error:
        typer.echo(f"story drift: {error}", err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(run(preview=preview, stack=stack, as_format=as_format.value))


@commands.command()
def recover(
    stack: Annotated[str, typer.Option(metavar="NAME", help="Stack to repair.")],
    config_file: ConfigFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Repair without confirmation.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Even if the lock's process runs on this machine.")] = False,
    adopt: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=ID", help="The object in AWS that this interrupted creation created; repeatable."),
    ] = None,
    forget: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="This interrupted creation created nothing to keep; repeatable."),
    ] = None,
    backups: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder for the backup of the state. Default: .local/recover.")
    ] = None,
) -> None:
    """Repair a stack whose update was killed: remove the lock, and record resources that exist in AWS.

    If no update was killed, add log groups that AWS created again after a stack of this name was destroyed
    (ResourceAlreadyExistsException).

    Exit code 0: repaired, or nothing to repair. 1: not repaired. 2: only shown, or wrong usage.
    """
    from story.plan.program import project_folder
    from story.recover.decisions import Choices
    from story.recover.recover import Request, run

    pairs = [pair.partition("=") for pair in adopt or []]
    if any(not name or not identifier for name, _, identifier in pairs):
        raise typer.BadParameter("--adopt takes NAME=ID")
    request = Request(
        stack=stack,
        project=project_folder(Path.cwd()),
        config_file=config_file,
        yes=yes,
        force=force,
        choices=Choices(adopt={name: identifier for name, _, identifier in pairs}, forget=frozenset(forget or [])),
        backups=backups,
    )
    raise typer.Exit(run(request))
