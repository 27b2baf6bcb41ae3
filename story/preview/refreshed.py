"""Asks the engine what an update without an image would do, for `story drift`."""

import sys
from pathlib import Path

from story.engine.pulumi_command import PulumiCommand, heartbeat
from story.image_given import KEEPING


def preview_of_what_is(stack: str, project: Path, config_file: Path | None) -> tuple[int, str]:
    """The exit code and the output of a preview that looks at AWS first, and keeps the image that runs.

    What it does meanwhile is told on the standard error output: the other one is for what is found.

    Args:
        stack: Name of the stack, short or in full.
        project: Folder of Pulumi.yaml.
        config_file: Settings of the stack, if they are not in that folder.

    Raises:
        story.engine.pulumi_command.PulumiError: There is no `pulumi`.
    """
    pulumi = PulumiCommand(stack=stack, project=project, config_file=config_file)
    name = stack.rpartition("/")[2]
    print(f"comparing {name} with what AWS has; it takes about a minute", file=sys.stderr, flush=True)
    with heartbeat("comparing", to=sys.stderr):
        # An image that a shell still exports would show as a release that nobody asked for here.
        return pulumi.preview(KEEPING)
