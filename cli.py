"""The `story` command. Each subcommand brings its own imports, so that `story --help` answers at once."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Tools around a Laravel site on AWS Fargate. Settings stand in Pulumi.<stack>.yaml; `pulumi up` builds them.",
)


class Format(StrEnum):
    """How to print."""

    TEXT = "text"
    JSON = "json"


class PageFormat(StrEnum):
    """How to print a page."""

    MARKDOWN = "markdown"
    TEXT = "text"


class ReportFormat(StrEnum):
    """How to print what people, tools and GitHub read."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show where an unexpected failure came from.")] = False,
) -> None:
    """Options of every subcommand."""
    _Failures.in_full = debug


@app.command()
def plan(
    stack: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Stack to plan; may be repeated. Default: all.")
    ] = None,
    file: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="A Pulumi.NAME.yaml from anywhere; may be repeated.")
    ] = None,
    image: Annotated[
        str | None, typer.Option(metavar="IMAGE", help="REGISTRY/REPOSITORY@sha256:... Default: an example.")
    ] = None,
    as_format: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TEXT,
    inputs: Annotated[bool, typer.Option("--inputs", help="Show each resource's inputs (text only).")] = False,
) -> None:
    """Show what stacks would be made of: no account, no credentials, no Pulumi CLI.

    Exit code 0: the settings are sound. 1: they have mistakes, all of which are listed. 2: wrong usage.
    """
    from plan.command import run

    raise typer.Exit(
        run(
            stacks=stack or [],
            files=file or [],
            image=image,
            as_format=as_format.value,
            inputs=inputs,
            start=Path.cwd(),
        )
    )


@app.command()
def cost(
    stack: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Stack to estimate; may be repeated. Default: all.")
    ] = None,
    as_format: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TEXT,
) -> None:
    """Estimate what stacks cost a month, by component, with the assumptions: no account, no Pulumi CLI.

    Exit code 0: estimated. 1: the settings have mistakes, all of which are listed. 2: wrong usage.
    """
    from plan.cost_command import run

    raise typer.Exit(run(stacks=stack or [], as_format=as_format.value, start=Path.cwd()))


@app.command()
def timeline(
    stack: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Stack to reckon; may be repeated. Default: all.")
    ] = None,
    file: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="A Pulumi.NAME.yaml from anywhere; may be repeated.")
    ] = None,
    as_format: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TEXT,
) -> None:
    """Show where a release's time goes, and which settings make it slow: no account, no Pulumi CLI.

    Exit code 0: reckoned. 1: the settings have mistakes, all of which are listed. 2: wrong usage.
    """
    from plan.timeline_command import run

    raise typer.Exit(run(stacks=stack or [], files=file or [], as_format=as_format.value, start=Path.cwd()))


@app.command()
def summary(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `pulumi preview --json` printed; - is stdin.")],
    as_format: Annotated[
        PageFormat, typer.Option("--format", help="A comment on a pull request, or a page for terminals and logs.")
    ] = PageFormat.MARKDOWN,
    stack: Annotated[str, typer.Option(metavar="NAME", help="Stack, where the preview does not name it.")] = "",
    migrations: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Migrations that the new image brings; docs/pull-requests.md.")
    ] = None,
) -> None:
    """Say in plain words what a preview will do, and what it will cost.

    Exit code 0: the update could be made. 1: the preview failed, or a policy forbids the update. 2: wrong usage.
    """
    from plan.summary_command import run

    raise typer.Exit(run(file=file, as_format=as_format.value, stack=stack, migrations=migrations))


@app.command()
def schema(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the file is out of date.")] = False,
) -> None:
    """Write what is made from the settings' models: schemas for editors, docs/settings.md and its like for people."""
    from bootstrap.account_settings import PREFIX as ACCOUNT_PREFIX
    from bootstrap.account_settings import AccountSettings
    from plan.program import project_folder
    from settings import PREFIX, Settings
    from specs.reference import settings_reference
    from specs.schema import stack_file_schema

    project = project_folder(Path.cwd())
    wanted = {
        project / "settings.schema.json": stack_file_schema(Settings, PREFIX),
        project / "docs" / "settings.md": settings_reference(Settings, PREFIX),
        project / "bootstrap" / "settings.schema.json": stack_file_schema(AccountSettings, ACCOUNT_PREFIX),
        project / "docs" / "bootstrap-settings.md": settings_reference(AccountSettings, ACCOUNT_PREFIX),
    }
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
    if not check:
        for path in stale:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[path], "utf-8")
        return
    for path in stale:
        typer.echo(f"story schema: {path.relative_to(project)} is out of date; `story schema` writes it", err=True)
    if stale:
        raise typer.Exit(1)


@app.command()
def recover(
    stack: Annotated[str, typer.Option(metavar="NAME", help="Stack whose update was killed.")],
    config_file: Annotated[
        Path | None, typer.Option("--config-file", metavar="PATH", help="Its settings, if they are elsewhere.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Repair without asking.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Even if the lock's process runs on this machine.")] = False,
    adopt: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=ID", help="This thing in AWS is what was being created; may be repeated."),
    ] = None,
    forget: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="This creation made nothing; may be repeated.")
    ] = None,
    backups: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the state as it was is kept. Default: .local/recover.")
    ] = None,
) -> None:
    """Repair a stack whose update was killed: the lock, and what exists in AWS without being recorded.

    Exit code 0: repaired, or nothing to repair. 1: not repaired. 2: shown only, or wrong usage.
    """
    from ops.findings import Choices
    from ops.recover import Request, run
    from plan.program import project_folder

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


Stack = Annotated[str, typer.Option("--stack", metavar="NAME", help="Stack, short or in full.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config-file", metavar="PATH", help="Its settings, if they are elsewhere.")
]


@app.command()
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
    from ops.migrate_command import run
    from plan.program import project_folder

    raise typer.Exit(run(stack=stack, command=command, project=project_folder(Path.cwd()), config_file=config_file))


@app.command()
def status(
    stack: Stack,
    wait: Annotated[bool, typer.Option("--wait", help="Follow deployments that are going on to their end.")] = False,
    as_format: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TEXT,
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


@app.command()
def rollback(
    stack: Stack,
    image: Annotated[
        str | None,
        typer.Argument(
            metavar="[IMAGE]", help="Earlier image, or the beginning of its digest. Default: the last good."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
    config_file: ConfigFile = None,
) -> None:
    """Put the last good image, or an earlier one, back in every service. Nothing is migrated.

    It is an update by the same program: the settings in the stack's file apply too.

    Exit code 0: every service runs it. 1: not so. 2: wrong usage, or nobody agreed.
    """
    from ops.rollback import run
    from plan.program import project_folder

    project = project_folder(Path.cwd())
    raise typer.Exit(run(stack=stack, image=image, project=project, config_file=config_file, yes=yes))


@app.command()
def deploy(
    stack: Stack,
    image: Annotated[
        str, typer.Option(metavar="IMAGE", help="REGISTRY/REPOSITORY@sha256:..., or `none` for the one that runs.")
    ],
    after: Annotated[str, typer.Option(metavar="NAME", help="Stack that must run this image already.")] = "",
    config_file: ConfigFile = None,
) -> None:
    """Release an image, as the pipeline does: an update, and after a failure another one back to the last good image.

    An image that runs already changes nothing: then only the settings are applied. The reason of a failure stands in
    the last lines.

    Exit code 0: released. 1: not so, and every service runs what it ran, unless the last line says otherwise. 2: wrong
    usage.
    """
    from ops.deploy import run
    from plan.program import project_folder

    project = project_folder(Path.cwd())
    raise typer.Exit(run(stack=stack, image=image, after=after, project=project, config_file=config_file))


@app.command()
def drift(
    stack: Stack,
    as_format: Annotated[
        ReportFormat, typer.Option("--format", help="For terminals, for tools, or the body of an issue.")
    ] = ReportFormat.TEXT,
    config_file: ConfigFile = None,
) -> None:
    """Find what was changed in AWS behind the program's back. Nothing is changed, neither in AWS nor in the state.

    Exit code 0: nothing. 1: nobody could tell. 2: wrong usage. 3: something, one line each.
    """
    from ops.drift import preview_of_what_is
    from ops.pulumi_command import PulumiError
    from plan.drift_command import run
    from plan.program import project_folder

    if config_file and not config_file.is_file():
        raise typer.BadParameter(f"there is no file {config_file}", param_hint="--config-file")
    try:
        preview = preview_of_what_is(stack, project_folder(Path.cwd()), config_file)
    except PulumiError as error:
        typer.echo(f"story drift: {error}", err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(run(preview=preview, stack=stack, as_format=as_format.value))


local = typer.Typer(no_args_is_help=True, help="Rehearse a whole update against an emulated AWS on this machine.")
app.add_typer(local, name="local")


@local.command("up")
def local_up(
    preview: Annotated[bool, typer.Option("--preview", help="Only show what it would do.")] = False,
) -> None:
    """Bring the site up with dev's settings, or apply an edit of them. Needs `pulumi`, and no account."""
    from emulator.local_command import up

    raise typer.Exit(up(Path.cwd(), preview=preview))


@local.command("down")
def local_down() -> None:
    """End the emulator and remove what the rehearsal left."""
    from emulator.local_command import down

    raise typer.Exit(down(Path.cwd()))


@local.command("status")
def local_status() -> None:
    """Show what is up. Exit code 1: nothing."""
    from emulator.local_command import status

    raise typer.Exit(status(Path.cwd()))


class _Failures:
    in_full = False


def main() -> None:
    """Entry point: an unexpected failure is one line, unless --debug asks for all of it."""
    try:
        app()
    except Exception as error:
        if _Failures.in_full:
            raise
        print(f"story: {error or type(error).__name__} (story --debug ... shows where)", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
