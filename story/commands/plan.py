"""What can be done without an account: plan, cost, timeline, summary, schema."""

from pathlib import Path
from typing import Annotated

import typer

from story.commands.options import AsFormat, Files, Format, PageFormat
from story.exit_codes import ExitCode

commands = typer.Typer()


@commands.command()
def plan(
    stack: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Stack to plan; may be repeated. Default: all.")
    ] = None,
    file: Files = None,
    image: Annotated[
        str | None, typer.Option(metavar="IMAGE", help="REGISTRY/REPOSITORY@sha256:... Default: an example.")
    ] = None,
    as_format: AsFormat = Format.TEXT,
    inputs: Annotated[bool, typer.Option("--inputs", help="Show each resource's inputs (text only).")] = False,
) -> None:
    """Show what stacks would be made of: no account, no credentials, no Pulumi CLI.

    Exit code 0: the settings are sound. 1: they have mistakes, all of which are listed. 2: wrong usage.
    """
    from story.plan.command import run

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


@commands.command()
def cost(
    stack: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Stack to estimate; may be repeated. Default: all.")
    ] = None,
    as_format: AsFormat = Format.TEXT,
) -> None:
    """Estimate what stacks cost a month, by component, with the assumptions: no account, no Pulumi CLI.

    Exit code 0: estimated. 1: the settings have mistakes, all of which are listed. 2: wrong usage.
    """
    from story.cost.command import run

    raise typer.Exit(run(stacks=stack or [], as_format=as_format.value, start=Path.cwd()))


@commands.command()
def timeline(
    stack: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Stack to reckon; may be repeated. Default: all.")
    ] = None,
    file: Files = None,
    as_format: AsFormat = Format.TEXT,
) -> None:
    """Show where a release's time goes, and which settings make it slow: no account, no Pulumi CLI.

    Exit code 0: reckoned. 1: the settings have mistakes, all of which are listed. 2: wrong usage.
    """
    from story.timeline.command import run

    raise typer.Exit(run(stacks=stack or [], files=file or [], as_format=as_format.value, start=Path.cwd()))


@commands.command()
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

    Exit code 0: the update could be made. 1: the preview failed, a policy forbids the update, or something given could
    not be read; the page says which. 2: wrong usage.
    """
    from story.preview.summary_command import run

    raise typer.Exit(run(file=file, as_format=as_format.value, stack=stack, migrations=migrations))


@commands.command()
def schema(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the file is out of date.")] = False,
) -> None:
    """Write what is made from the settings' models: schemas for editors, docs/settings.md and its like for people."""
    from bootstrap.account_settings import PREFIX as ACCOUNT_PREFIX
    from bootstrap.account_settings import AccountSettings
    from settings.project import project_name
    from settings.stack import Settings
    from story.docs.reference import settings_reference
    from story.docs.schema import stack_file_schema
    from story.plan.program import project_folder

    project = project_folder(Path.cwd())
    name = project_name(project)
    wanted = {
        project / "settings.schema.json": stack_file_schema(Settings, name),
        project / "docs" / "settings.md": settings_reference(Settings, name),
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
        raise typer.Exit(ExitCode.FAILED)
