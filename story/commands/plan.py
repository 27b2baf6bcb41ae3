"""Commands that need no AWS account: plan, cost, timeline, summary, docs."""

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


@commands.command("docs")
def write_docs(check: CheckOnly = False) -> None:
    """Write the files and tables that are generated from the code: JSON schemas, settings pages, alarms, runbooks, the
    keys in Pulumi.yaml, and the resources that stay after a destroy.

    Exit code 0: written, or up to date. 1: with --check, something is out of date; or a page lacks the comments between
    which a table is written. 2: wrong usage.
    """
    from story.docs.command import run

    raise typer.Exit(run(check=check, start=Path.cwd()))


@commands.command("schema", hidden=True)
def write_schema(check: CheckOnly = False) -> None:
    """The name of `story docs` until version 0.1."""
    write_docs(check)
