"""`story timeline`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pulumi

from settings.project import PROJECT, project_name
from settings.stack import stack_of
from story.exit_codes import ExitCode
from story.plan.command import UsageError, chosen_files
from story.plan.program import example_image, project_folder
from story.plan.stack_file import read_stack_file
from story.timeline.report import ReleaseTimes, as_json, as_text
from story.timeline.slow import slow_settings
from story.timeline.timeline import timeline


def run(*, stacks: Sequence[str], files: Sequence[Path], as_format: str, start: Path) -> int:
    """Computes and prints; returns the exit code. Reads only the settings; the program does not run.

    Args:
        stacks: Names of stacks of the project.
        files: Stack files in any folder. Without names and files, all stacks of the project.
        as_format: `text` or `json`.
        start: Folder in which the search for the project begins; its parents are searched too.
    """
    try:
        project = project_folder(start)
        name = project_name(project)
        releases = [release_of(file, name) for file in chosen_files(project, stacks, files)]
    except (LookupError, OSError, UsageError) as error:
        print(f"story timeline: {error}", file=sys.stderr)
        return ExitCode.WRONG_USAGE
    sys.stdout.write(as_json(releases) if as_format == "json" else as_text(releases))
    return ExitCode.FAILED if any(release.mistakes for release in releases) else ExitCode.OK


def release_of(file: Path, project: str = PROJECT) -> ReleaseTimes:
    """The times of a release with the settings in a stack file, or the mistakes as in `story plan`.

    Args:
        file: The stack file.
        project: Name of the project.

    Raises:
        OSError: The file cannot be read.
    """
    read = read_stack_file(file, project)
    if read.mistakes:
        return ReleaseTimes(stack=read.stack, file=file, mistakes=read.mistakes)
    try:
        stack = stack_of(
            project=project,
            name=read.stack,
            config=read.config,
            secret_keys=frozenset(read.secret_keys),
            image_given=example_image(read),
        )
    except pulumi.RunError as mistake:
        return ReleaseTimes(stack=read.stack, file=file, mistakes=str(mistake).splitlines())
    web, line = stack.settings.web, timeline(stack.settings)
    return ReleaseTimes(
        stack=read.stack,
        file=file,
        strategy=web.deployment.strategy.value if web.enabled else "",
        line=line,
        slow=slow_settings(stack.settings, line),
    )
