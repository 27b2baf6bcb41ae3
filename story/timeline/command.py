"""`story timeline`, behind its options."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pulumi

from settings.stack import stack_of
from story.plan.command import MISTAKES, USAGE, UsageError, chosen_files
from story.plan.program import PROJECT, example_image, project_folder
from story.plan.stack_file import read_stack_file
from story.timeline.report import ReleaseTimes, as_json, as_text
from story.timeline.slow import slow_settings
from story.timeline.timeline import timeline


def run(*, stacks: Sequence[str], files: Sequence[Path], as_format: str, start: Path) -> int:
    """Reckons and prints; returns the exit code. The program does not run: the settings are enough.

    Args:
        stacks: Names of stacks of the project.
        files: Stack files, also from elsewhere. Without names and files, all of the project.
        as_format: `text` or `json`.
        start: Folder that the project is looked for in and above.
    """
    try:
        chosen = chosen_files(project_folder(start), stacks, files)
        releases = [release_of(file) for file in chosen]
    except (LookupError, OSError, UsageError) as error:
        print(f"story timeline: {error}", file=sys.stderr)
        return USAGE
    sys.stdout.write(as_json(releases) if as_format == "json" else as_text(releases))
    return MISTAKES if any(release.mistakes for release in releases) else 0


def release_of(file: Path) -> ReleaseTimes:
    """What the settings in a stack file make of a release, or their mistakes, in the words of `story plan`.

    Raises:
        OSError: The file cannot be read.
    """
    read = read_stack_file(file, PROJECT)
    if read.mistakes:
        return ReleaseTimes(stack=read.stack, file=file, mistakes=read.mistakes)
    try:
        stack = stack_of(
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
