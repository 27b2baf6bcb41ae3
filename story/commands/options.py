"""Options that several subcommands have."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


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


Stack = Annotated[str, typer.Option("--stack", metavar="NAME", help="Stack, short or in full.")]
AnyStack = Annotated[
    str | None, typer.Option("--stack", metavar="NAME", help="Stack, short or in full. Default: the selected one.")
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config-file", metavar="PATH", help="Its settings, if they are elsewhere.")
]
Files = Annotated[
    list[Path] | None, typer.Option(metavar="PATH", help="A Pulumi.NAME.yaml from anywhere; may be repeated.")
]
AsFormat = Annotated[Format, typer.Option("--format", help="How to print.")]


def named_or_selected(command: str, stack: str | None, project: Path) -> str:
    """The stack that was named, or the one that `pulumi stack select` chose; without either the command ends."""
    from story.session.access import WrongUsageError, print_message, selected_stack

    if stack:
        return stack
    try:
        return selected_stack(project)
    except WrongUsageError as error:
        print_message(command, str(error))
        raise typer.Exit(2) from None
