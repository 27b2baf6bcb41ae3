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
def schema(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the file is out of date.")] = False,
) -> None:
    """Write what is made from the settings' models: settings.schema.json for editors, docs/settings.md for people."""
    from plan.program import project_folder
    from settings import PREFIX, Settings
    from specs.reference import settings_reference
    from specs.schema import stack_file_schema

    project = project_folder(Path.cwd())
    wanted = {
        project / "settings.schema.json": stack_file_schema(Settings, PREFIX),
        project / "docs" / "settings.md": settings_reference(Settings, PREFIX),
    }
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
    if not check:
        for path in stale:
            path.write_text(wanted[path], "utf-8")
        return
    for path in stale:
        typer.echo(f"story schema: {path.relative_to(project)} is out of date; `story schema` writes it", err=True)
    if stale:
        raise typer.Exit(1)


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
