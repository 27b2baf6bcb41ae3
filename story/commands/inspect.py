"""Commands that show a running environment: status, doctor."""

import os
from pathlib import Path
from typing import Annotated

import typer

from story.commands.options import AnyStack, AsFormat, ConfigFile, Format, GeneralOptions, named_or_selected
from story.image_given import RELEASED

commands = typer.Typer()


@commands.command()
def status(
    stack: AnyStack = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until all deployments have ended.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh the page until Ctrl-C.")] = False,
    interval: Annotated[
        float, typer.Option("--interval", metavar="SECONDS", min=1, help="Seconds between two refreshes with --watch.")
    ] = 5,
    as_format: AsFormat = Format.TEXT,
    config_file: ConfigFile = None,
) -> None:
    """Show what runs: services, alarms, tasks with CPU and memory, events, releases.

    Exit code 0: all tasks run, and every deployment is complete. 1: a task or deployment is not ready, or the check
    failed. 2: wrong usage. With --watch, Ctrl-C ends the command with exit code 0.
    """
    from story.plan.program import project_folder
    from story.status.command import run, run_watch

    as_json = as_format is Format.JSON
    if watch and (wait or as_json):
        raise typer.BadParameter("cannot be used with --wait or --format json", param_hint="--watch")
    project = project_folder(Path.cwd())
    name = named_or_selected("status", stack, project)
    if watch:
        code = run_watch(stack=name, project=project, config_file=config_file, interval_seconds=interval)
    else:
        code = run(stack=name, project=project, config_file=config_file, waits=wait, as_json=as_json)
    raise typer.Exit(code)


@commands.command()
def doctor(
    context: typer.Context,
    stack: AnyStack = None,
    service: Annotated[str | None, typer.Option("--service", metavar="NAME", help="Only this service.")] = None,
    before: Annotated[
        bool, typer.Option("--before", help="Check the settings and the account before an update.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="With --before: a stack file (Pulumi.NAME.yaml) in any folder.")
    ] = None,
    image: Annotated[
        str | None, typer.Option(metavar="IMAGE", help="With --before: the image of the update. Default: STORY_IMAGE.")
    ] = None,
    only_first: Annotated[
        bool, typer.Option("--only-first", help="With --before: skip the checks if an update has already succeeded.")
    ] = False,
    as_format: AsFormat = Format.TEXT,
    config_file: ConfigFile = None,
) -> None:
    """Check a running stack: show each problem, why it matters, and how to fix it.

    With --before, check the stack file and the account instead, and list what would make the next update fail. The
    stack does not have to exist yet. Nothing is changed.

    Exit code 0: no warnings and no errors. 3: warnings. 4: errors. 1: the check failed. 2: wrong usage.
    """
    from story.plan.program import project_folder

    as_json, debug = as_format is Format.JSON, context.ensure_object(GeneralOptions).debug
    project = project_folder(Path.cwd())
    if before:
        if service is not None:
            raise typer.BadParameter("cannot be used with --service", param_hint="--before")
        if file is not None and (stack or config_file):
            raise typer.BadParameter("cannot be used with --stack or --config-file", param_hint="--file")
        raise typer.Exit(
            _before(project, stack, file or config_file, file is not None, image, only_first, as_json, debug)
        )
    if file is not None or image is not None or only_first:
        raise typer.BadParameter("is required for --file, --image and --only-first", param_hint="--before")
    from story.doctor.run import run

    name = named_or_selected("doctor", stack, project)
    raise typer.Exit(
        run(stack=name, service=service, project=project, config_file=config_file, as_json=as_json, debug=debug)
    )


def _before(
    project: Path,
    stack: str | None,
    file: Path | None,
    is_named_by_file: bool,
    image: str | None,
    only_first: bool,
    as_json: bool,
    debug: bool,
) -> int:
    from story.doctor.preflight.run import Request, run
    from story.plan.stack_file import stack_of

    if file is not None and is_named_by_file:
        stack = stack_of(file)
        if stack is None:
            raise typer.BadParameter(f"{file} is not named Pulumi.<stack>.yaml", param_hint="--file")
    name = named_or_selected("doctor", stack, project)
    if name.count("/") > 2 or not all(name.split("/")):
        raise typer.BadParameter(f"{name} is not STACK, ORG/STACK or ORG/PROJECT/STACK", param_hint="--stack")
    request = Request(
        stack=name,
        file=file or project / f"Pulumi.{name.rpartition('/')[2]}.yaml",
        project=project,
        image=image or os.environ.get(RELEASED) or None,
        only_first=only_first,
        debug=debug,
    )
    return run(request, as_json=as_json)
