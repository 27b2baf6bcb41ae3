"""Commands that change or repair an environment: deploy, migrate, rollback, drift, recover."""

from pathlib import Path
from typing import Annotated

import typer

from story.commands.options import ConfigFile, ReportFormat, Stack
from story.exit_codes import ExitCode

commands = typer.Typer()


@commands.command()
def migrate(
    stack: Stack,
    command: Annotated[
        str | None, typer.Option(metavar="LINE", help="Command to run in the migration task instead of the migration.")
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Run the migration of the last update again in a separate task, and show its output.

    If a migration task is still running, for example because an update was interrupted, the command follows that task
    instead. Another command, such as --command "php artisan migrate:status", runs with the permissions, image and
    network of the migration.

    Exit code 0: the task exited with 0. 1: it failed. 2: wrong usage. 130: interrupted; the task keeps running.
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
            metavar="[IMAGE]", help="Earlier image, or the beginning of its digest. Default: the last good image."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    config_file: ConfigFile = None,
) -> None:
    """Deploy the last good image, or an earlier one, to every service. No migration runs.

    The rollback is an update with the same program, so the settings in the stack file are applied too.

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
        str, typer.Option(metavar="IMAGE", help="REGISTRY/REPOSITORY@sha256:..., or `none` to keep the running image.")
    ],
    after: Annotated[str, typer.Option(metavar="NAME", help="Stack that must already run this image.")] = "",
    preflight: Annotated[
        bool,
        typer.Option(
            "--preflight/--no-preflight",
            envvar="STORY_PREFLIGHT",
            help="Check the account before the first update, and stop on errors.",
        ),
    ] = True,
    config_file: ConfigFile = None,
) -> None:
    """Release an image, as the pipeline does. If the update fails, a second update returns to the last good image.

    Before the first update of a stack, the command checks the settings and the account like `story doctor --before`.

    If the image already runs, only the settings are applied. The last lines of the output contain the reason of a
    failure.

    Exit code 0: released. 1: failed; every service runs its previous image, unless the last line says otherwise. 2:
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
        ReportFormat, typer.Option("--format", help="Text for terminals, JSON for tools, or Markdown for an issue.")
    ] = ReportFormat.TEXT,
    config_file: ConfigFile = None,
) -> None:
    """Find resources that were changed in AWS outside of the program. Changes neither AWS nor the state.

    Exit code 0: no drift. 1: the check failed. 2: wrong usage. 3: drift, one line for each resource.
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
        raise typer.Exit(ExitCode.FAILED) from None
    raise typer.Exit(run(preview=preview, stack=stack, as_format=as_format.value))


@commands.command()
def recover(
    stack: Annotated[str, typer.Option(metavar="NAME", help="Stack to repair.")],
    config_file: ConfigFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Continue even if the process that holds the lock runs on this machine.")
    ] = False,
    adopt: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=ID", help="The resource in AWS that the interrupted update was creating; can be repeated."
        ),
    ] = None,
    forget: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="The interrupted update did not create this resource; can be repeated."),
    ] = None,
    backups: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Folder for a copy of the state before the repair. Default: .local/recover."
        ),
    ] = None,
) -> None:
    """Repair a stack whose update was killed: remove the lock, and import resources that the state does not contain.

    If no update was killed, import the log groups that AWS created again after a stack of this name was destroyed
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
