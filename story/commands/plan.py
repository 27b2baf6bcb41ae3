"""Commands that need no AWS account: plan, cost, timeline, summary, schema."""

from pathlib import Path
from typing import Annotated

import typer

from story.commands.options import AsFormat, Files, Format, PageFormat

commands = typer.Typer()


@commands.command()
def plan(
    stack: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Stack to plan; can be repeated. Default: all stacks.")
    ] = None,
    file: Files = None,
    image: Annotated[
        str | None, typer.Option(metavar="IMAGE", help="REGISTRY/REPOSITORY@sha256:... Default: an example image.")
    ] = None,
    as_format: AsFormat = Format.TEXT,
    inputs: Annotated[bool, typer.Option("--inputs", help="Show the inputs of each resource (text only).")] = False,
) -> None:
    """Show the resources that stacks would create. Needs no account, credentials or Pulumi CLI.

    Exit code 0: the settings are valid. 1: the settings have mistakes; all are listed. 2: wrong usage.
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
        list[str] | None, typer.Option(metavar="NAME", help="Stack to estimate; can be repeated. Default: all stacks.")
    ] = None,
    as_format: AsFormat = Format.TEXT,
) -> None:
    """Estimate the monthly cost of stacks by component, with the assumptions. Needs no account and no Pulumi CLI.

    Exit code 0: estimated. 1: the settings have mistakes; all are listed. 2: wrong usage.
    """
    from story.cost.command import run

    raise typer.Exit(run(stacks=stack or [], as_format=as_format.value, start=Path.cwd()))


@commands.command()
def timeline(
    stack: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Stack to compute; can be repeated. Default: all stacks.")
    ] = None,
    file: Files = None,
    as_format: AsFormat = Format.TEXT,
) -> None:
    """Show how long a release takes, and which settings make it slow. Needs no account and no Pulumi CLI.

    Exit code 0: computed. 1: the settings have mistakes; all are listed. 2: wrong usage.
    """
    from story.timeline.command import run

    raise typer.Exit(run(stacks=stack or [], files=file or [], as_format=as_format.value, start=Path.cwd()))


@commands.command()
def summary(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Output of `pulumi preview --json`; - is standard input.")
    ],
    as_format: Annotated[
        PageFormat,
        typer.Option("--format", help="Markdown for a comment on a pull request, or text for terminals and logs."),
    ] = PageFormat.MARKDOWN,
    stack: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the stack, if the preview does not contain it.")
    ] = "",
    migrations: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="List of the new image's pending migrations; see docs/pull-requests.md."),
    ] = None,
) -> None:
    """Summarize what a preview will change and what it will cost.

    Exit code 0: the update is possible. 1: the preview failed, a policy forbids the update, or an input could not be
    read; the summary says which. 2: wrong usage.
    """
    from story.preview.summary_command import run

    raise typer.Exit(run(file=file, as_format=as_format.value, stack=stack, migrations=migrations))


@commands.command()
def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if a file is out of date.")
    ] = False,
) -> None:
    """Write the files that are generated from the settings: JSON schemas for editors, and reference pages."""
    from bootstrap.account_settings import PREFIX as ACCOUNT_PREFIX
    from bootstrap.account_settings import AccountSettings
    from settings.stack import PREFIX, Settings
    from story.docs.reference import settings_reference
    from story.docs.schema import stack_file_schema
    from story.plan.program import project_folder

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
