"""The `story` command."""

import sys
from typing import Annotated

import typer

from story.commands import inspect, local, plan, release, session
from story.commands.options import GeneralOptions
from story.exit_codes import ExitCode

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Plan, release and operate a Laravel site on AWS Fargate. The settings are in Pulumi.<stack>.yaml.",
)
app.add_typer(plan.commands)
app.add_typer(release.commands)
app.add_typer(inspect.commands)
app.add_typer(session.commands)
app.add_typer(local.commands, name="local")


@app.callback()
def _options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected failure.")] = False,
) -> None:
    """Options of every subcommand."""
    context.ensure_object(GeneralOptions).debug = debug


def main() -> None:
    """Entry point: an unexpected failure is one line, unless --debug asks for all of it."""
    options = GeneralOptions()
    try:
        app(obj=options)
    except Exception as error:
        if options.debug:
            raise
        print(f"story: {error or type(error).__name__} (story --debug ... shows where)", file=sys.stderr)
        sys.exit(ExitCode.FAILED)


if __name__ == "__main__":
    main()
