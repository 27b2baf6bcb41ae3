"""What can be done without an account: plan, cost, timeline, summary, docs."""

from pathlib import Path
from typing import Annotated

import typer

from story.commands.options import AsFormat, Files, Format, PageFormat

commands = typer.Typer()
CheckOnly = Annotated[
    bool, typer.Option("--check", help="Write nothing; show what is out of date, and exit with 1 if something is.")
]


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


@commands.command("docs")
def write_docs(check: CheckOnly = False) -> None:
    """Write what is made from the code: the schemas for editors, the pages on settings, and the tables of alarms,
    runbooks, declared keys and of what stays after a destroy.

    Exit code 0: written, or up to date. 1: with --check, something is out of date; or a page lacks the comments between
    which a table is written. 2: wrong usage.
    """
    from story.docs.command import run

    raise typer.Exit(run(check=check, start=Path.cwd()))


@commands.command("schema", hidden=True)
def write_schema(check: CheckOnly = False) -> None:
    """The name of `story docs` until version 0.1."""
    write_docs(check)
