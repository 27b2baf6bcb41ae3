"""Options that several subcommands have."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from story.exit_codes import ExitCode


@dataclass(kw_only=True)
class GeneralOptions:
    """Options before the subcommand, for one run of the command line.

    Attributes:
        debug: Show where an unexpected failure came from.
    """

    debug: bool = False


class Format(StrEnum):
    """Output format of most commands."""

    TEXT = "text"
    JSON = "json"


class PageFormat(StrEnum):
    """Output format of `story summary`."""

    MARKDOWN = "markdown"
    TEXT = "text"


class ReportFormat(StrEnum):
    """Output format of `story drift`."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


Stack = Annotated[str, typer.Option("--stack", metavar="NAME", help="Name of the stack: NAME or ORG/PROJECT/NAME.")]
AnyStack = Annotated[
    str | None,
    typer.Option(
        "--stack", metavar="NAME", help="Name of the stack: NAME or ORG/PROJECT/NAME. Default: the selected stack."
    ),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config-file", metavar="PATH", help="Stack file, if it is not in the project's folder.")
]
Files = Annotated[
    list[Path] | None,
    typer.Option(metavar="PATH", help="Stack file (Pulumi.NAME.yaml) in any folder; can be repeated."),
]
AsFormat = Annotated[Format, typer.Option("--format", help="Output format.")]


def named_or_selected(command: str, stack: str | None, project: Path) -> str:
    """The stack that was named, or the one that `pulumi stack select` chose; without either the command ends."""
    from story.session.access import WrongUsageError, print_message, selected_stack

    if stack:
        return stack
    try:
        return selected_stack(project)
    except WrongUsageError as error:
        print_message(command, str(error))
        raise typer.Exit(ExitCode.WRONG_USAGE) from None
