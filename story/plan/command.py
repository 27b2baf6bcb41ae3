"""`story plan`."""

import gc
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from story.exit_codes import ExitCode
from story.plan.program import StackPlan, plan_stack, project_folder, stack_files
from story.plan.report import as_json, as_text
from story.plan.stack_file import stack_of


class UsageError(Exception):
    """An argument of the command names something that does not exist; the message is the line to show."""


def run(
    *,
    stacks: Sequence[str],
    files: Sequence[Path],
    image: str | None,
    as_format: str,
    inputs: bool,
    start: Path,
) -> int:
    """Plans and prints; returns the exit code.

    Args:
        stacks: Names of stacks of the project.
        files: Stack files in any folder. Without names and files, all stacks of the project.
        image: Image to plan with; None uses an example image.
        as_format: `text` or `json`.
        inputs: Show the resources' inputs in the text.
        start: Folder in which the search for the project begins; its parents are searched too.
    """
    try:
        project = project_folder(start)
        with without_garbage_collection():
            plans = [plan_stack(project, file, image) for file in chosen_files(project, stacks, files)]
    except (LookupError, OSError, UsageError) as error:
        print(f"story plan: {error}", file=sys.stderr)
        return ExitCode.WRONG_USAGE
    sys.stdout.write(_page(plans, as_format, inputs))
    return ExitCode.FAILED if any(plan.mistakes for plan in plans) else ExitCode.OK


@contextmanager
def without_garbage_collection() -> Generator[None]:
    """Disables garbage collection: scanning the many objects of Pulumi's SDK takes a third of a plan's time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _page(plans: Sequence[StackPlan], as_format: str, inputs: bool) -> str:
    return as_json(plans) if as_format == "json" else as_text(plans, inputs=inputs, colour=sys.stdout.isatty())


def chosen_files(project: Path, stacks: Sequence[str], files: Sequence[Path]) -> list[Path]:
    """The stack files that a command was called for, each of a different stack.

    Args:
        project: The project's folder.
        stacks: Names of stacks of the project.
        files: Stack files in any folder. Without names and files, all stacks of the project.

    Raises:
        UsageError: A file does not exist, is not named like a stack file, or is given twice.
    """
    chosen = [*(project / f"Pulumi.{name}.yaml" for name in stacks), *files] or stack_files(project)
    if not chosen:
        raise UsageError(f"{project} has no stack file (Pulumi.<stack>.yaml)")
    names: set[str] = set()
    for file in chosen:
        if stack_of(file) is None:
            raise UsageError(f"{file} is not named Pulumi.<stack>.yaml")
        if not file.is_file():
            known = ", ".join(path.name for path in stack_files(project)) or "none"
            raise UsageError(f"there is no file {file}; the project has {known}")
        if file.name in names:
            raise UsageError(f"{file.name} is given twice; give each stack once")
        names.add(file.name)
    return chosen
