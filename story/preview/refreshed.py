"""Runs a preview without an image, for `story drift`."""

import sys
from pathlib import Path

from story.engine.pulumi_command import PulumiCommand, heartbeat
from story.image_given import KEEPING


def preview_of_what_is(stack: str, project: Path, config_file: Path | None) -> tuple[int, str]:
    """The exit code and the output of a preview that first refreshes the state from AWS, and keeps the running image.

    Progress is written to standard error; standard output is for the result.

    Args:
        stack: Name of the stack: NAME or ORG/PROJECT/NAME.
        project: Folder of Pulumi.yaml.
        config_file: Stack file, if it is not in that folder.

    Raises:
        story.engine.pulumi_command.PulumiError: There is no `pulumi`.
    """
    pulumi = PulumiCommand(stack=stack, project=project, config_file=config_file)
    name = stack.rpartition("/")[2]
    print(f"comparing {name} with AWS; this takes about a minute", file=sys.stderr, flush=True)
    with heartbeat("comparing", to=sys.stderr):
        # A STORY_IMAGE that the shell exports would appear as a release in the preview.
        return pulumi.preview(KEEPING)
